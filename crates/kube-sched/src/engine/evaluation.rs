//! The whole of an answer, for tests, tools and explanations.

use crate::explain::PodRejection;
use crate::framework::Verdict;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What every plugin says of every node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evaluation {
    /// The rejection of the pod as a whole. Nothing else is filled in then.
    pub pod: Option<PodRejection>,
    /// The names that `PreFilter`s narrowed the nodes down to.
    pub only: Option<BTreeSet<Arc<str>>>,
    /// What becomes of each node, in the order of the snapshot.
    pub nodes: Vec<NodeOutcome>,
    /// The scores of each node that fits, in that order; also of a single one.
    pub scores: Vec<NodeScores>,
}

/// What becomes of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeOutcome {
    /// Name of the node.
    pub node: Arc<str>,
    /// The first plugin that rejects it; empty where it fits, or was not among the nodes that a `PreFilter` left.
    pub plugin: &'static str,
    /// What that plugin says.
    pub verdict: Verdict,
}

/// The scores of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeScores {
    /// Name of the node.
    pub node: Arc<str>,
    /// Sum over all plugins.
    pub total: i64,
    /// Plugin, score before normalization, score after normalization times weight.
    pub plugins: Vec<(&'static str, i64, i64)>,
}

impl Evaluation {
    /// The nodes with the highest total, in the order of the snapshot.
    pub fn best(&self) -> Vec<&Arc<str>> {
        let highest = self.scores.iter().map(|scores| scores.total).max();
        let best = self.scores.iter().filter(|scores| Some(scores.total) == highest);
        best.map(|scores| &scores.node).collect()
    }
}
