//! Why a pod has no node: which plugin rejected which node, and what would have to change.

mod everything;
mod report;

#[cfg(test)]
mod tests;

pub use everything::{Everything, NodeReport};

use crate::framework::{Reason, Reasons, Remedy};
use kube_core::resource::ObjectKey;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Why no node fits a pod.
///
/// `Display` is Kubernetes' message: `0/5 nodes are available: 3 Insufficient cpu, 2 node(s) were unschedulable.`
/// [`Why::report`] says more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Why {
    /// How many nodes there are.
    pub nodes: usize,
    /// The rejection of the pod as a whole, before any node was looked at.
    pub pod: Option<PodRejection>,
    /// The rejection of each node, in the order of the snapshot. Empty where the pod was rejected as a whole.
    pub rejections: Vec<Rejection>,
    /// Plugins that narrowed the nodes down to some names before filtering.
    pub narrowed_by: Vec<&'static str>,
    /// What making room came to.
    pub post_filter: Option<Reason>,
    /// The node on which room is being made.
    pub nominated: Option<Arc<str>>,
    /// No room can be made anywhere: what was set aside for the pod before is free again.
    pub gives_up_room: bool,
    /// The pods that have to go from it, most important first.
    pub victims: Vec<ObjectKey>,
    /// The nodes that lack least, best first; only from [`Engine::explain`](crate::engine::Engine::explain).
    pub nearest: Vec<NearFit>,
}

/// The rejection of a pod as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodRejection {
    /// Name of the plugin.
    pub plugin: &'static str,
    /// Whether no pod that goes can change it.
    pub for_good: bool,
    /// Why.
    pub reasons: Reasons,
}

/// The rejection of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Name of the node.
    pub node: Arc<str>,
    /// The first plugin that rejected it; empty where it was not among the nodes that a `PreFilter` left.
    pub plugin: &'static str,
    /// Whether no pod that goes can change it.
    pub for_good: bool,
    /// Why.
    pub reasons: Reasons,
}

/// A node that does not fit, with everything that stands against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearFit {
    /// Name of the node.
    pub node: Arc<str>,
    /// Every plugin that rejects it.
    pub obstacles: Vec<Obstacle>,
}

/// What one plugin has against a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// Name of the plugin.
    pub plugin: &'static str,
    /// Why.
    pub reasons: Reasons,
    /// What would change its mind.
    pub remedies: Vec<Remedy>,
}

impl NearFit {
    /// How far the node is from fitting: the number of plugins against it, then the sum of the distances.
    pub fn distance(&self) -> (usize, u64) {
        let remedies = self.obstacles.iter().flat_map(|obstacle| &obstacle.remedies);
        let sum = remedies.fold(0_u64, |sum, remedy| sum.saturating_add(remedy.distance_permille));
        (self.obstacles.len(), sum)
    }
}

impl Why {
    /// How many nodes each plugin rejected, by name of the plugin.
    pub fn by_plugin(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for rejection in &self.rejections {
            *counts.entry(rejection.plugin).or_default() += 1;
        }
        counts
    }

    /// How many nodes each reason was given for.
    pub fn by_reason(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for reason in self.rejections.iter().flat_map(|rejection| rejection.reasons.iter()) {
            *counts.entry(reason).or_default() += 1;
        }
        counts
    }

    /// The plugins that an event must concern to make a difference. Empty where there are no nodes.
    pub fn rejectors(&self) -> BTreeSet<&'static str> {
        let nodes = self.rejections.iter().map(|rejection| rejection.plugin);
        let pod = self.pod.iter().map(|rejection| rejection.plugin);
        nodes.chain(pod).chain(self.narrowed_by.iter().copied()).filter(|name| !name.is_empty()).collect()
    }
}

/// Source: `pkg/scheduler/framework` (`FitError.Error`).
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nodes == 0 {
            return f.write_str("no nodes available to schedule pods");
        }
        write!(f, "0/{} nodes are available:", self.nodes)?;
        if let Some(rejection) = &self.pod {
            write!(f, " {}.", rejection.reasons)?;
        } else {
            let reasons = self.by_reason().into_iter();
            let mut counted: Vec<String> =
                reasons.map(|(reason, count)| format!("{count} {reason}")).collect();
            counted.sort_unstable();
            if !counted.is_empty() {
                write!(f, " {}.", counted.join(", "))?;
            }
        }
        match &self.post_filter {
            Some(message) => write!(f, " {message}"),
            None => Ok(()),
        }
    }
}
