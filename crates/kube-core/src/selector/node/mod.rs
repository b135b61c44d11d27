//! Node selectors: which nodes a pod or a volume may be on, and which it would rather be on.
//!
//! The types here are read from objects; [`CompiledNodeSelector`] and its like are made from them once and then matched
//! against many nodes without allocating.
//!
//! Source: `k8s.io/api/core/v1` and `k8s.io/component-helpers/scheduling/corev1/nodeaffinity`.
//!
//! ```
//! use kube_core::selector::LabelSet;
//! use kube_core::selector::node::NodeSelector;
//!
//! let selector: NodeSelector = serde_json::from_str(
//!     r#"{"nodeSelectorTerms": [{"matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["8"]}]}]}"#,
//! )?;
//! let compiled = selector.compile();
//! assert_eq!(compiled.matches(&LabelSet::from_iter([("cores", "16")]), "node-1"), Ok(true));
//! assert_eq!(compiled.matches(&LabelSet::EMPTY, "node-2"), Ok(false));
//! # Ok::<(), serde_json::Error>(())
//! ```

mod affinity;
mod compiled;
mod convert;

pub use affinity::{PreferredSchedulingTerms, RequiredNodeAffinity};
pub use compiled::{CompiledNodeSelector, CompiledTerm, NodeSelectorError};

/// One requirement of a term. Same form as a label selector's, with `Gt` and `Lt` as further operators.
pub type NodeSelectorRequirement = super::LabelSelectorRequirement;

use super::Labels;
use super::text::null_as_default;
use crate::error::FieldPath;
use serde::{Deserialize, Serialize};

/// Nodes that meet at least one of the terms. Without terms it matches no node; absent, it is no constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelector {
    /// The terms, of which one must match.
    #[serde(deserialize_with = "null_as_default")]
    pub node_selector_terms: Vec<NodeSelectorTerm>,
}

/// Nodes that meet all of the requirements. An empty term matches no node.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelectorTerm {
    /// Requirements on the node's labels.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub match_expressions: Vec<NodeSelectorRequirement>,
    /// Requirements on the node's fields: `In` and `NotIn` with one value, and `metadata.name` is the only field.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub match_fields: Vec<NodeSelectorRequirement>,
}

/// A wish: nodes that meet the term score `weight` more.
///
/// Source: `corev1.PreferredSchedulingTerm`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct PreferredTerm {
    /// 1 to 100; a term of weight 0 is not even read.
    pub weight: i32,
    /// The term.
    pub preference: NodeSelectorTerm,
}

/// A pod's `spec.affinity.nodeAffinity`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeAffinity {
    /// What must hold when the pod is scheduled.
    #[serde(
        rename = "requiredDuringSchedulingIgnoredDuringExecution",
        skip_serializing_if = "Option::is_none"
    )]
    pub required: Option<NodeSelector>,
    /// What would be nice.
    #[serde(
        rename = "preferredDuringSchedulingIgnoredDuringExecution",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub preferred: Vec<PreferredTerm>,
}

impl NodeSelectorTerm {
    /// Whether it requires nothing, and so matches no node.
    pub fn is_empty(&self) -> bool {
        self.match_expressions.is_empty() && self.match_fields.is_empty()
    }
}

impl NodeSelector {
    /// The form to match with. Terms that cannot be read match nothing, and their errors come up where no other term
    /// matches. Source: `NewLazyErrorNodeSelector`.
    pub fn compile(&self) -> CompiledNodeSelector {
        CompiledNodeSelector::new(self, &FieldPath::root())
    }

    /// The form to match with, where every term can be read. Source: `NewNodeSelector`.
    ///
    /// # Errors
    /// All that is wrong in any term.
    pub fn parse(&self) -> Result<CompiledNodeSelector, NodeSelectorError> {
        let compiled = self.compile();
        compiled.error().cloned().map_or(Ok(compiled), Err)
    }

    /// Whether a node matches. Reads the selector anew: to match many nodes use [`NodeSelector::compile`].
    ///
    /// # Errors
    /// No term matched and at least one could not be read.
    pub fn matches(&self, labels: &(impl Labels + ?Sized), name: &str) -> Result<bool, NodeSelectorError> {
        self.compile().matches(labels, name).map_err(Clone::clone)
    }
}
