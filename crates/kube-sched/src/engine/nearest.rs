//! The nodes that lack least, with everything that stands against them.

use super::cycle::Cycle;
use crate::explain::{NearFit, Obstacle};
use crate::framework::{NodeRef, Verdict};

impl Cycle<'_> {
    /// The nodes that lack least.
    pub(super) fn nearest(&self, most: usize) -> Vec<NearFit> {
        let mut all: Vec<NearFit> = self.cluster.nodes().map(|node| self.obstacles(node)).collect();
        all.sort_by_cached_key(|near| (near.distance(), near.node.clone()));
        all.retain(|near| !near.obstacles.is_empty());
        all.truncate(most);
        all
    }

    /// What every plugin says of every node.
    pub(super) fn all_verdicts(&self) -> Vec<Vec<(&'static str, Verdict)>> {
        let said = |node: NodeRef<'_>| {
            let by = self.filters.iter().map(|by| {
                self.at.set((by.name, "Filter"));
                (by.name, by.filter.filter(node.with_columns(by.reads.columns())))
            });
            by.collect()
        };
        self.cluster.nodes().map(said).collect()
    }

    /// Everything that every plugin has against a node.
    fn obstacles(&self, node: NodeRef<'_>) -> NearFit {
        let mut obstacles = Vec::new();
        for by in &self.filters {
            let node = node.with_columns(by.reads.columns());
            self.at.set((by.name, "Filter"));
            if let Some(reasons) = by.filter.filter(node).reasons() {
                let remedies = by.filter.remedies(node);
                obstacles.push(Obstacle { plugin: by.name, reasons: reasons.clone(), remedies });
            }
        }
        NearFit { node: node.name().clone(), obstacles }
    }
}
