//! What the controller of nodes reads of nodes and leases.

use jiff::Timestamp;
use kube_core::resource::{KindInfo, ResourceVersion, find_builtin};
use kube_core::taint::{Effect, Taint};
use kube_core::view::{DecodeError, KindView, Meta, RawObject, View};
use serde::{Deserialize, Deserializer};
use std::sync::Arc;

/// A node, as far as it tells whether it lives.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct NodeSight {
    /// Metadata.
    #[serde(skip)]
    pub meta: Arc<Meta>,
    /// The version read.
    #[serde(skip)]
    pub version: ResourceVersion,
    /// What is wanted.
    pub spec: Wanted,
    /// What is.
    pub status: Reported,
}

/// What is wanted of a node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Wanted {
    /// Whether new pods are kept away.
    #[serde(deserialize_with = "or_default")]
    pub unschedulable: bool,
    /// Taints.
    #[serde(deserialize_with = "or_default")]
    pub taints: Vec<Taint>,
}

/// What a node reports.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Reported {
    /// Conditions.
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Beat>,
}

/// A condition, and when the node last said so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Beat {
    /// Which condition.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// `True`, `False` or `Unknown`.
    pub status: Arc<str>,
    /// When the node last reported it.
    pub last_heartbeat_time: Option<Timestamp>,
}

/// Whether a node is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It says that it is.
    Ready,
    /// It says that it is not.
    NotReady,
    /// Nobody knows.
    Unknown,
}

impl NodeSight {
    /// The condition `Ready`, if the node ever reported it.
    pub fn beat(&self) -> Option<&Beat> {
        self.status.conditions.iter().find(|beat| &*beat.kind == "Ready")
    }

    /// What that says.
    pub fn readiness(&self) -> Option<Readiness> {
        self.beat().map(|beat| match &*beat.status {
            "True" => Readiness::Ready,
            "False" => Readiness::NotReady,
            _ => Readiness::Unknown,
        })
    }

    /// Whether the node says that it shows no sign of life, and lives all the same: simulated nodes may.
    pub fn never_beats(&self) -> bool {
        self.meta.annotations.get(HEARTBEATS).is_some_and(|text| **text == *"off")
    }

    /// Whether the node has a taint of that key and effect.
    pub fn has_taint(&self, key: &str, effect: Effect) -> bool {
        self.spec.taints.iter().any(|taint| *taint.key == *key && taint.effect == effect)
    }

    /// Region and zone: nodes that fail together.
    ///
    /// Source: `k8s.io/component-helpers/node/topology` (`GetZoneKey`).
    pub fn zone(&self) -> String {
        let label = |key: &str| self.meta.labels.get(key).map_or("", AsRef::as_ref);
        let (region, zone) = (label("topology.kubernetes.io/region"), label("topology.kubernetes.io/zone"));
        if region.is_empty() && zone.is_empty() { String::new() } else { format!("{region}:\0:{zone}") }
    }
}

impl View for NodeSight {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        let mut sight: Self = serde_json::from_slice(&raw.bytes).map_err(DecodeError::new)?;
        sight.meta = raw.meta.clone();
        sight.version = raw.version;
        Ok(sight)
    }
}

impl KindView for NodeSight {
    fn kind() -> &'static KindInfo {
        builtin("", "Node")
    }
}

/// Annotation: with the value `off` the node writes no heartbeats and no lease, and is not watched.
pub const HEARTBEATS: &str = "kube-plane/heartbeats";

/// The namespace of the leases of nodes.
pub const LEASES: &str = "kube-node-lease";

/// A lease, as far as it tells when it was renewed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LeaseSight {
    /// Metadata.
    #[serde(skip)]
    pub meta: Arc<Meta>,
    /// Its specification.
    pub spec: Renewal,
}

/// When a lease was renewed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Renewal {
    /// By the clock of the node.
    pub renew_time: Option<Timestamp>,
}

impl View for LeaseSight {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        let mut sight: Self = serde_json::from_slice(&raw.bytes).map_err(DecodeError::new)?;
        sight.meta = raw.meta.clone();
        Ok(sight)
    }
}

impl KindView for LeaseSight {
    fn kind() -> &'static KindInfo {
        builtin("coordination.k8s.io", "Lease")
    }
}

fn builtin(group: &str, kind: &str) -> &'static KindInfo {
    #[expect(clippy::expect_used, reason = "both are in the committed discovery data")]
    find_builtin(group, "v1", kind).expect("a built-in kind")
}

fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
