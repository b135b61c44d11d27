//! What plugins owe: the same answer twice, and for many nodes what they say of each.

use super::Engine;
use super::cycle::Cycle;
use crate::framework::{NodeSet, Nodes, PluginError, PodInfo};
use crate::snapshot::{NodeSlot, Snapshot};

impl Engine {
    /// Holds the plugins of the profile to their contract, for one pod and one cluster: asked twice they answer the same;
    /// `retain` leaves the nodes that `filter` leaves; `score_all` gives what `score` gives; in debug builds they read what
    /// they declare, and nothing else. For the tests of those who write plugins.
    ///
    /// # Errors
    /// The first plugin that does not keep it, and how.
    pub fn check(&self, cluster: &Snapshot, pod: &PodInfo) -> Result<(), PluginError> {
        if self.evaluate(cluster, pod)? != self.evaluate(cluster, pod)? {
            let name = self.filters.first().map_or("", |filter| filter.name);
            return Err(PluginError::new(name, "Filter", "the same question gets different answers"));
        }
        Cycle::guarded(self, cluster, pod, |cycle| {
            cycle.check_filters()?;
            cycle.check_scores()
        })
    }
}

impl Cycle<'_> {
    fn check_filters(&self) -> Result<(), PluginError> {
        let all: NodeSet = self.cluster.nodes().map(|node| node.slot()).collect();
        for by in &self.filters {
            self.at.0.set((by.name, "Filter"));
            let mut left = all.clone();
            by.filter.retain(Nodes::all(self.cluster, by.reads), &mut left);
            for node in self.cluster.nodes() {
                let alone = by.filter.filter(node.with_columns(by.reads.columns())).fits();
                if alone != left.contains(node.slot()) {
                    let text = format!("retain and filter differ about {}: filter says {alone}", node.name());
                    return Err(PluginError::new(by.name, "Filter", text));
                }
            }
        }
        Ok(())
    }

    fn check_scores(&self) -> Result<(), PluginError> {
        let all: Vec<NodeSlot> = self.cluster.nodes().map(|node| node.slot()).collect();
        for by in &self.engine.scores {
            self.at.0.set((by.name, "Score"));
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
