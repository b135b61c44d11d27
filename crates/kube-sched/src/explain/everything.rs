//! Every node, as every plugin sees it.

use crate::engine::Evaluation;
use crate::explain::PodRejection;
use crate::framework::Verdict;
use std::fmt;
use std::sync::Arc;

/// What every plugin says of every node about one pod: see [`Engine::report`](crate::engine::Engine::report).
///
/// `Display` is a text for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Everything {
    /// The rejection of the pod as a whole, before any node was looked at.
    pub pod: Option<PodRejection>,
    /// Every node, in the order of the snapshot.
    pub nodes: Vec<NodeReport>,
    /// The best nodes: one of them is taken.
    pub best: Vec<Arc<str>>,
    /// By how much the best total is above that of the next best node; `None` where there is no other.
    pub margin: Option<i64>,
    /// Kubernetes' line where no node fits.
    pub summary: Option<String>,
}

/// One node as the plugins see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeReport {
    /// Name of the node.
    pub node: Arc<str>,
    /// What each plugin that has a say about this pod says; also of those that come after the first rejection.
    pub verdicts: Vec<(&'static str, Verdict)>,
    /// Plugin, raw score, weighted score; empty where the node does not fit.
    pub scores: Vec<(&'static str, i64, i64)>,
    /// The sum of the weighted scores; `None` where the node does not fit.
    pub total: Option<i64>,
}

impl NodeReport {
    /// The plugins that are against the node.
    pub fn against(&self) -> impl Iterator<Item = (&'static str, &Verdict)> {
        self.verdicts
            .iter()
            .filter(|(_, verdict)| !verdict.fits())
            .map(|(plugin, verdict)| (*plugin, verdict))
    }
}

impl Everything {
    pub(crate) fn new(
        evaluation: &Evaluation,
        verdicts: Vec<Vec<(&'static str, Verdict)>>,
        summary: Option<String>,
    ) -> Self {
        let rows = evaluation.nodes.iter().zip(verdicts).map(|(outcome, verdicts)| {
            let scores = evaluation.scores.iter().find(|scores| scores.node == outcome.node);
            NodeReport {
                node: outcome.node.clone(),
                verdicts,
                scores: scores.map(|scores| scores.plugins.clone()).unwrap_or_default(),
                total: scores.map(|scores| scores.total),
            }
        });
        let best: Vec<Arc<str>> = evaluation.best().into_iter().cloned().collect();
        let mut totals: Vec<i64> = evaluation.scores.iter().map(|scores| scores.total).collect();
        totals.sort_unstable_by(|a, b| b.cmp(a));
        let margin = match totals.as_slice() {
            [first, second, ..] => Some(first - second),
            _ => None,
        };
        Self { pod: evaluation.pod.clone(), nodes: rows.collect(), best, margin, summary }
    }
}

impl fmt::Display for Everything {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(summary) = &self.summary {
            writeln!(f, "{summary}")?;
        }
        if let Some(rejection) = &self.pod {
            return writeln!(f, "{} rejects the pod: {}", rejection.plugin, rejection.reasons);
        }
        for node in &self.nodes {
            match node.total {
                None => writeln!(f, "{} does not fit", node.node)?,
                Some(total) => {
                    let best = if self.best.contains(&node.node) { ", the best" } else { "" };
                    writeln!(f, "{} fits: {total}{best}", node.node)?;
                }
            }
            for (plugin, verdict) in node.against() {
                if let Some(reasons) = verdict.reasons() {
                    writeln!(f, "  {plugin}: {reasons}")?;
                }
            }
            for (plugin, raw, weighted) in &node.scores {
                writeln!(f, "  {plugin}: {weighted} ({raw} before normalization and weight)")?;
            }
        }
        match self.margin {
            Some(margin) if !self.best.is_empty() => writeln!(f, "the next best node is {margin} behind"),
            _ => Ok(()),
        }
    }
}
