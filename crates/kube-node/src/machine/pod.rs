//! A pod as its node reads it.

use super::spec::LifeSpec;
use jiff::Timestamp;
use kube_core::resource::{KindInfo, ResourceVersion, find_builtin};
use kube_core::view::{DecodeError, KindView, Meta, PodPhase, PodView, RawObject, View};
use kube_core::wire::field;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::sync::Arc;

/// A pod as its node reads it: the bytes that everybody shares, of which the rest is read when it is needed.
#[derive(Clone)]
#[non_exhaustive]
pub struct NodePod {
    /// Metadata.
    pub meta: Arc<Meta>,
    /// The version read.
    pub version: ResourceVersion,
    /// The node it is bound to.
    pub node: Option<Box<str>>,
    raw: RawObject,
}

/// What was reported of a pod.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ReportedStatus {
    /// Where the pod is in its life.
    #[serde(deserialize_with = "or_default")]
    pub phase: PodPhase,
    /// Why it is in that phase, in one word.
    pub reason: Option<String>,
    /// Why, in a sentence.
    pub message: Option<String>,
    /// When its node accepted it.
    pub start_time: Option<Timestamp>,
    /// Its first address.
    #[serde(rename = "podIP")]
    pub pod_ip: Option<String>,
    /// Conditions, its own and others'.
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<OtherCondition>,
    /// States of the init containers.
    #[serde(deserialize_with = "or_default")]
    pub init_container_statuses: Vec<ReportedContainer>,
    /// States of the containers.
    #[serde(deserialize_with = "or_default")]
    pub container_statuses: Vec<ReportedContainer>,
}

/// A condition, with all that was written of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct OtherCondition {
    /// Which condition.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// `True`, `False` or `Unknown`.
    pub status: Arc<str>,
    /// Why, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    /// Why, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Arc<str>>,
    /// When it was last asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_probe_time: Option<Timestamp>,
    /// When the status last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<Timestamp>,
    /// The generation it was written for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// What was reported of a container.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ReportedContainer {
    /// Its name.
    pub name: Arc<str>,
    /// How often it was started again.
    #[serde(deserialize_with = "or_default")]
    pub restart_count: i32,
    /// Whether it has passed its startup.
    pub started: Option<bool>,
    /// What it was doing.
    #[serde(deserialize_with = "or_default")]
    pub(super) state: State,
    /// What it did before.
    #[serde(deserialize_with = "or_default")]
    pub(super) last_state: State,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct State {
    pub(super) running: Option<Running>,
    pub(super) terminated: Option<Terminated>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Running {
    pub(super) started_at: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Terminated {
    pub(super) exit_code: i32,
    pub(super) reason: Option<String>,
    pub(super) message: Option<String>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
}

impl NodePod {
    /// What of its spec its life depends on.
    ///
    /// # Errors
    /// The spec does not read.
    pub fn spec(&self) -> Result<LifeSpec, DecodeError> {
        LifeSpec::decode(&self.raw)
    }

    /// What was reported of it.
    ///
    /// # Errors
    /// The status does not read.
    pub fn status(&self) -> Result<ReportedStatus, DecodeError> {
        field(&self.raw.bytes, "status")
            .map_or_else(|| Ok(ReportedStatus::default()), serde_json::from_slice)
            .map_err(DecodeError::new)
    }

    /// The pod as schedulers read it.
    ///
    /// # Errors
    /// It does not read.
    pub fn view(&self) -> Result<PodView, DecodeError> {
        PodView::decode(&self.raw)
    }

    /// The pod as it is stored.
    pub fn raw(&self) -> &RawObject {
        &self.raw
    }
}

impl fmt::Debug for NodePod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) at {}", self.meta.key(), self.meta.uid, self.version)
    }
}

impl View for NodePod {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        let node = field(&raw.bytes, "spec").and_then(|spec| field(spec, "nodeName"));
        let node: Option<Box<str>> =
            node.map(serde_json::from_slice).transpose().map_err(DecodeError::new)?;
        let node = node.filter(|name| !name.is_empty());
        Ok(Self { meta: raw.meta.clone(), version: raw.version, node, raw: raw.clone() })
    }
}

impl KindView for NodePod {
    fn kind() -> &'static KindInfo {
        #[expect(clippy::expect_used, reason = "pods are in the committed discovery data")]
        find_builtin("", "v1", "Pod").expect("the kind of pods")
    }
}

fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
