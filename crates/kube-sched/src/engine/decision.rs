//! What an engine decides.

use crate::explain::Why;
use crate::framework::PluginError;
use std::sync::Arc;

/// What becomes of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes to `node`.
    Place {
        /// Name of the node.
        node: Arc<str>,
        /// Why this one.
        scores: Scores,
    },
    /// No node fits.
    Unschedulable(Why),
    /// A plugin broke; other pods are not concerned.
    Failed(PluginError),
}

/// What the chosen node scored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scores {
    /// Sum over all plugins.
    pub total: i64,
    /// What each plugin gave: its score after normalization, times its weight. A plugin that had nothing to say of
    /// the pod is absent; so are all where only one node fits.
    pub plugins: Vec<(&'static str, i64)>,
    /// How many nodes fit.
    pub feasible: usize,
    /// How many of them have the highest total.
    pub best: usize,
}

impl Decision {
    /// The node, if the pod gets one.
    pub fn node(&self) -> Option<&Arc<str>> {
        match self {
            Self::Place { node, .. } => Some(node),
            _ => None,
        }
    }
}
