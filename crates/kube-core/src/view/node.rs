//! Nodes, lean.

use super::{ConditionView, DecodeError, KindView, Meta, RawObject, View, builtin, null_default};
use crate::pod_resources::ResourceList;
use crate::resource::{KindInfo, ResourceVersion};
use crate::taint::Taint;
use serde::Deserialize;
use std::sync::Arc;

/// A node as the scheduler and the resolver read it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct NodeView {
    /// Metadata.
    #[serde(skip)]
    pub meta: Arc<Meta>,
    /// The version read.
    #[serde(skip)]
    pub version: ResourceVersion,
    /// What is wanted.
    pub spec: NodeSpecView,
    /// What is.
    pub status: NodeStatusView,
}

/// What is wanted of a node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct NodeSpecView {
    /// Whether new pods are kept away (`kubectl cordon`).
    #[serde(deserialize_with = "null_default")]
    pub unschedulable: bool,
    /// Taints.
    #[serde(deserialize_with = "null_default")]
    pub taints: Vec<Taint>,
    /// The range that the node's pods get addresses from.
    #[serde(rename = "podCIDR")]
    pub pod_cidr: Option<Arc<str>>,
}

/// What a node reports.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct NodeStatusView {
    /// Resources in all.
    #[serde(deserialize_with = "null_default")]
    pub capacity: ResourceList,
    /// Resources for pods.
    #[serde(deserialize_with = "null_default")]
    pub allocatable: ResourceList,
    /// Conditions.
    #[serde(deserialize_with = "null_default")]
    pub conditions: Vec<ConditionView>,
    /// Images on the node.
    #[serde(deserialize_with = "null_default")]
    pub images: Vec<NodeImage>,
    /// Features that the node's agent declares.
    #[serde(deserialize_with = "null_default")]
    pub declared_features: Vec<Arc<str>>,
}

/// An image on a node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct NodeImage {
    /// Its names, tags and digests.
    #[serde(deserialize_with = "null_default")]
    pub names: Vec<Arc<str>>,
    /// Its size in bytes.
    pub size_bytes: i64,
}

impl NodeView {
    /// Whether the condition `kind` is `True`.
    pub fn has_condition(&self, kind: &str) -> bool {
        self.status.conditions.iter().any(|c| &*c.kind == kind && &*c.status == "True")
    }

    /// Whether the node reports that it is ready.
    pub fn is_ready(&self) -> bool {
        self.has_condition("Ready")
    }
}

impl View for NodeView {
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

impl KindView for NodeView {
    fn kind() -> &'static KindInfo {
        builtin("", "Node")
    }
}
