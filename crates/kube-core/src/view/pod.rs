//! Pods, lean.

use super::{DecodeError, KindView, Meta, PodSpecView, RawObject, View, builtin, null_default};
use crate::pod_resources::{ResourceList, Resources};
use crate::resource::{KindInfo, ResourceVersion};
use jiff::Timestamp;
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;

/// A pod as scheduler, controllers, resolver and node fleet read it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PodView {
    /// Metadata.
    #[serde(skip)]
    pub meta: Arc<Meta>,
    /// The version read.
    #[serde(skip)]
    pub version: ResourceVersion,
    /// What is wanted.
    pub spec: PodSpecView,
    /// What is.
    pub status: PodStatusView,
}

/// Where a pod is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum PodPhase {
    /// Accepted, not all containers have run.
    #[default]
    #[serde(alias = "")]
    Pending,
    /// Bound, and at least one container runs or starts.
    Running,
    /// All containers ended well.
    Succeeded,
    /// All containers ended, at least one not well.
    Failed,
    /// The node cannot be asked.
    Unknown,
}

impl fmt::Display for PodPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What a pod's node reports.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct PodStatusView {
    /// Where the pod is in its life.
    #[serde(deserialize_with = "null_default")]
    pub phase: PodPhase,
    /// Conditions.
    #[serde(deserialize_with = "null_default")]
    pub conditions: Vec<ConditionView>,
    /// Why the pod is in this phase, in one word.
    pub reason: Option<Arc<str>>,
    /// The pod's first address.
    #[serde(rename = "podIP")]
    pub pod_ip: Option<Arc<str>>,
    /// All addresses, one per family.
    #[serde(rename = "podIPs", deserialize_with = "null_default")]
    pub pod_ips: Vec<PodIp>,
    /// The node's address.
    #[serde(rename = "hostIP")]
    pub host_ip: Option<Arc<str>>,
    /// When the node accepted the pod.
    pub start_time: Option<Timestamp>,
    /// The node that preemption is clearing for the pod.
    pub nominated_node_name: Option<Arc<str>>,
    /// Resources the pod has as a whole (in-place resize).
    pub resources: Option<Resources>,
    /// Resources that the node set aside for the pod as a whole.
    pub allocated_resources: Option<ResourceList>,
    /// States of the containers.
    #[serde(deserialize_with = "null_default")]
    pub container_statuses: Vec<ContainerStatusView>,
    /// States of the init containers.
    #[serde(deserialize_with = "null_default")]
    pub init_container_statuses: Vec<ContainerStatusView>,
}

/// One address of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PodIp {
    /// The address.
    pub ip: Arc<str>,
}

/// A condition of a pod or a node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ConditionView {
    /// Which condition.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// `True`, `False` or `Unknown`.
    pub status: Arc<str>,
    /// Why, in one word.
    pub reason: Option<Arc<str>>,
    /// Why, in a sentence.
    pub message: Option<Arc<str>>,
    /// When the status last changed.
    pub last_transition_time: Option<Timestamp>,
}

/// The state of a container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ContainerStatusView {
    /// Name of the container.
    pub name: Arc<str>,
    /// Whether its readiness checks pass.
    pub ready: bool,
    /// Whether it has passed its startup.
    pub started: Option<bool>,
    /// How often it was started again.
    pub restart_count: i32,
    /// Resources it has now (in-place resize).
    pub resources: Option<Resources>,
    /// Resources that the node set aside for it.
    pub allocated_resources: Option<ResourceList>,
    /// What it is doing.
    pub state: ContainerStateView,
}

/// What a container is doing; only its end is told.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ContainerStateView {
    /// How it ended, if it has.
    pub terminated: Option<TerminatedView>,
}

/// How a container ended.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct TerminatedView {
    /// Its exit code.
    pub exit_code: i32,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl PodView {
    /// Whether the pod has ended for good.
    pub fn is_terminal(&self) -> bool {
        matches!(self.status.phase, PodPhase::Succeeded | PodPhase::Failed)
    }

    /// Whether deletion has begun.
    pub fn is_terminating(&self) -> bool {
        self.meta.is_terminating()
    }

    /// Whether a ReplicaSet counts the pod: neither ended nor terminating.
    ///
    /// Source: `k8s.io/kubernetes/pkg/controller` (`IsPodActive`).
    pub fn is_active(&self) -> bool {
        !self.is_terminal() && !self.is_terminating()
    }

    /// The condition `kind`.
    pub fn condition(&self, kind: &str) -> Option<&ConditionView> {
        self.status.conditions.iter().find(|c| &*c.kind == kind)
    }

    /// Whether the pod reports that it is ready.
    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(|c| &*c.status == "True")
    }

    /// Whether the pod has been ready for `min_ready_seconds` at `now`.
    ///
    /// Source: `k8s.io/kubernetes/pkg/api/v1/pod` (`IsPodAvailable`).
    pub fn is_available(&self, min_ready_seconds: i32, now: Timestamp) -> bool {
        let Some(ready) = self.condition("Ready").filter(|c| &*c.status == "True") else { return false };
        if min_ready_seconds == 0 {
            return true;
        }
        ready
            .last_transition_time
            .is_some_and(|since| now.as_second() - since.as_second() >= i64::from(min_ready_seconds))
    }

    /// The name of the pod's node; `None` while it is not bound.
    pub fn node_name(&self) -> Option<&Arc<str>> {
        self.spec.node_name.as_ref().filter(|name| !name.is_empty())
    }
}

impl View for PodView {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        let mut view: Self = serde_json::from_slice(&raw.bytes).map_err(DecodeError::new)?;
        view.meta = raw.meta.clone();
        view.version = raw.version;
        Ok(view)
    }

    fn decode_shared(raw: &RawObject) -> Result<Arc<Self>, DecodeError> {
        raw.share(Self::decode)
    }
}

impl KindView for PodView {
    fn kind() -> &'static KindInfo {
        builtin("", "Pod")
    }
}
