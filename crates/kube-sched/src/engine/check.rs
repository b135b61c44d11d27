//! What plugins owe: the same answer twice, and for many nodes what they say of each.

use super::Engine;
use super::cycle::Cycle;
use crate::framework::{NodeSet, Nodes, PluginError, PodInfo};
use crate::snapshot::{BoundPod, Holding, NodeSlot, Snapshot};
use std::sync::Arc;

impl Engine {
    /// Holds the plugins of the profile to their contract, for one pod and one cluster: asked twice they answer the same;
    /// `retain` and `fits` leave the nodes that `filter` leaves; `score_all` gives what `score` gives; where they claim to be
    /// monotone, no pod that goes makes a node unfit and none that comes makes it fit; in debug builds they read what they
    /// declare, and nothing else. For the tests of those who write plugins.
    ///
    /// # Errors
    /// The first plugin that does not keep it, and how.
    pub fn check(&self, cluster: &Snapshot, pod: &PodInfo) -> Result<(), PluginError> {
        Cycle::guarded(self, cluster, pod, |cycle| {
            cycle.check_filters()?;
            cycle.check_claims()?;
            cycle.check_scores()
        })?;
        if self.evaluate(cluster, pod)? != self.evaluate(cluster, pod)? {
            return Err(PluginError::new("", "PreFilter", DIFFERENT));
        }
        Ok(())
    }
}

impl Cycle<'_> {
    fn check_filters(&self) -> Result<(), PluginError> {
        let all: NodeSet = self.cluster.nodes().map(|node| node.slot()).collect();
        for by in &self.filters {
            self.at.set((by.name, "Filter"));
            let mut left = all.clone();
            by.filter.retain(Nodes::all(self.cluster, by.reads), &mut left);
            for node in self.cluster.nodes() {
                let node = node.with_columns(by.reads.columns());
                let said = by.filter.filter(node);
                if said != by.filter.filter(node) {
                    return Err(PluginError::new(by.name, "Filter", DIFFERENT));
                }
                let alone = said.fits();
                if alone != by.filter.fits(node) {
                    let text = format!("fits and filter differ about {}: filter says {alone}", node.name());
                    return Err(PluginError::new(by.name, "Filter", text));
                }
                if alone != left.contains(node.slot()) {
                    let text = format!("retain and filter differ about {}: filter says {alone}", node.name());
                    return Err(PluginError::new(by.name, "Filter", text));
                }
            }
        }
        Ok(())
    }

    /// Takes each pod from its node, and puts it back.
    fn check_claims(&self) -> Result<(), PluginError> {
        for by in self.filters.iter().filter(|by| by.monotone) {
            self.at.set((by.name, "Filter"));
            for node in self.cluster.nodes().filter(|node| !node.pods().is_empty()) {
                let Some(mut dry) = self.cluster.dry(node.slot(), true) else { continue };
                let mut fork = by.filter.fork();
                let mut fits = |pod: &Arc<BoundPod>, by_one: i64| {
                    if by_one < 0 {
                        dry.remove(&Holding::of(pod), pod);
                    } else {
                        dry.add(&Holding::of(pod), pod);
                    }
                    let node = dry.node(self.cluster)?.with_columns(by.reads.columns());
                    if let Some(fork) = &mut fork {
                        fork.adjust(pod, (node, by_one));
                    }
                    let filter = fork.as_deref().unwrap_or(&*by.filter);
                    Some(filter.filter(node).fits())
                };
                let before = by.filter.filter(node.with_columns(by.reads.columns())).fits();
                for pod in node.pods() {
                    let (without, with) = (fits(pod, -1).unwrap_or(before), fits(pod, 1).unwrap_or(before));
                    if (before || with) && !without {
                        let text = format!(
                            "claims to be monotone, but {} fits with {} and not without it",
                            node.name(),
                            pod.key()
                        );
                        return Err(PluginError::new(by.name, "Filter", text));
                    }
                }
            }
        }
        Ok(())
    }

    fn check_scores(&self) -> Result<(), PluginError> {
        let all: Vec<NodeSlot> = self.cluster.nodes().map(|node| node.slot()).collect();
        for by in &self.engine.scores {
            self.at.set((by.name, "Score"));
            let nodes = Nodes::some(self.cluster, &all, &by.reads);
            let Some(scoring) = by.plugin.pre_score(self.pod, nodes) else { continue };
            let (mut together, mut alone) = (Vec::new(), Vec::new());
            scoring.score_all(nodes, &mut together);
            for slot in &all {
                if let Some(node) = nodes.at(*slot) {
                    alone.push(scoring.score(node));
                }
            }
            if together != alone {
                let text = format!("score_all gives {together:?}, score gives {alone:?}");
                return Err(PluginError::new(by.name, "Score", text));
            }
        }
        Ok(())
    }
}

const DIFFERENT: &str = "the same question gets different answers";
