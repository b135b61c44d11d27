//! Trying what would be if pods were not where they are: what making room needs.

use super::cycle::Cycle;
use crate::explain::Why;
use crate::framework::{AttachedFilter, NodeRef, PodInfo, Reads, Verdict};
use crate::snapshot::{BoundPod, DryNode, Holding, NodeSlot, Snapshot};
use std::fmt;
use std::sync::Arc;

/// An attempt that found no node: what [`PostFilter`](crate::framework::PostFilter) works on.
pub struct Room<'r> {
    cycle: &'r Cycle<'r>,
    why: &'r Why,
}

/// One node as it would be without some of its pods, or with others; the plugins' filters look at that.
pub struct Trial<'t> {
    cycle: &'t Cycle<'t>,
    node: DryNode,
    /// In the order of the cycle's filters; only those that look beyond the node.
    forks: Vec<Option<Box<dyn AttachedFilter + 't>>>,
    /// The numbers of the filters that look at pods.
    by_pods: Vec<usize>,
}

impl<'r> Room<'r> {
    pub(super) fn new(cycle: &'r Cycle<'r>, why: &'r Why) -> Self {
        Self { cycle, why }
    }

    /// The cluster as it is.
    pub fn cluster(&self) -> &'r Snapshot {
        self.cycle.cluster
    }

    /// Why no node fits.
    pub fn why(&self) -> &'r Why {
        self.why
    }

    /// A copy of the node of this name to try changes on; `None` where there is no such node.
    pub fn trial(&self, node: &str) -> Option<Trial<'r>> {
        Trial::new(self.cycle, self.cycle.cluster.node(node)?.slot())
    }
}

impl<'t> Trial<'t> {
    pub(super) fn new(cycle: &'t Cycle<'t>, slot: NodeSlot) -> Option<Self> {
        let lists_pods = cycle.filters.iter().any(|by| by.reads.contains(&Reads::NODE_PODS));
        let node = cycle.cluster.dry(slot, lists_pods)?;
        let forks: Vec<_> = cycle.filters.iter().map(|by| by.filter.fork()).collect();
        let looks = |number: &usize| forks[*number].is_some() || cycle.filters[*number].reads.looks_at_pods();
        let by_pods = (0..forks.len()).filter(looks).collect();
        Some(Self { cycle, node, forks, by_pods })
    }

    /// Begins anew with another node of the same cluster, as it is.
    pub fn move_to(&mut self, node: NodeRef<'_>) {
        self.node.copy(self.cycle.cluster, node.slot());
        self.forks.clear();
        self.forks.extend(self.cycle.filters.iter().map(|by| by.filter.fork()));
    }

    /// Takes a pod away.
    pub fn remove(&mut self, pod: &BoundPod) {
        self.remove_held(&Holding::of(pod), pod);
    }

    /// Puts a pod there.
    pub fn add(&mut self, pod: &Arc<BoundPod>) {
        self.add_held(&Holding::of(pod), pod);
    }

    /// As [`Trial::remove`]; looks at the pod only where what it holds does not tell enough.
    pub(crate) fn remove_held(&mut self, holding: &Holding, pod: &BoundPod) {
        self.node.remove(holding, pod);
        self.adjust(pod, -1);
    }

    /// As [`Trial::add`]; looks at the pod only where what it holds does not tell enough.
    pub(crate) fn add_held(&mut self, holding: &Holding, pod: &Arc<BoundPod>) {
        self.node.add(holding, pod);
        self.adjust(pod, 1);
    }

    /// The first plugin that rejects the node as it is now, and what it says. Pods that room there is set aside for, and
    /// that are as important as the pod or more so, are taken to be there; and once more not to be there.
    pub fn verdict(&mut self) -> Option<(&'static str, Verdict)> {
        self.with_nominated().or_else(|| self.rejection())
    }

    /// Whether room that is set aside for `other` is none for `pod`.
    pub(super) fn counts(other: &PodInfo, pod: &PodInfo) -> bool {
        other.key() != pod.key() && other.priority() >= pod.priority()
    }

    pub(super) fn with_nominated(&mut self) -> Option<(&'static str, Verdict)> {
        if !self.cycle.cluster.has_nominations() {
            return None;
        }
        let name = self.node.node(self.cycle.cluster)?.name().clone();
        let nominated = self.cycle.cluster.nominated(&name);
        let others = nominated.iter().filter(|other| Self::counts(other, self.cycle.pod));
        let others: Vec<Arc<BoundPod>> = others.map(|pod| Arc::new(BoundPod::assume(pod))).collect();
        if others.is_empty() {
            return None;
        }
        for other in &others {
            self.add(other);
        }
        let said = self.rejection();
        for other in others.iter().rev() {
            self.remove(other);
        }
        said
    }

    /// Whether the node fits that fitted before a pod was put there or taken away: whoever does not look at pods says what
    /// it said then.
    pub fn still_fits(&mut self) -> bool {
        if self.cycle.cluster.has_nominations() {
            return self.verdict().is_none();
        }
        let Some(node) = self.node.node(self.cycle.cluster) else { return true };
        self.by_pods.iter().all(|number| {
            let by = &self.cycle.filters[*number];
            self.cycle.at.set((by.name, "Filter"));
            let filter = self.forks[*number].as_deref().unwrap_or(&*by.filter);
            filter.fits(node.with_columns(by.reads.columns()))
        })
    }

    fn rejection(&self) -> Option<(&'static str, Verdict)> {
        let node = self.node.node(self.cycle.cluster)?;
        self.cycle.filters.iter().zip(&self.forks).find_map(|(by, fork)| {
            self.cycle.at.set((by.name, "Filter"));
            let filter = fork.as_deref().unwrap_or(&*by.filter);
            match filter.filter(node.with_columns(by.reads.columns())) {
                Verdict::Fits => None,
                verdict => Some((by.name, verdict)),
            }
        })
    }

    fn adjust(&mut self, pod: &BoundPod, by: i64) {
        if self.forks.iter().all(Option::is_none) {
            return;
        }
        let Some(node) = self.node.node(self.cycle.cluster) else { return };
        for (filtering, fork) in self.cycle.filters.iter().zip(&mut self.forks) {
            if let Some(fork) = fork {
                fork.adjust(pod, (node.with_columns(filtering.reads.columns()), by));
            }
        }
    }
}

impl fmt::Debug for Room<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room").field("why", self.why).finish_non_exhaustive()
    }
}

impl fmt::Debug for Trial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trial").field("node", &self.node).finish_non_exhaustive()
    }
}
