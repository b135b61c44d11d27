//! Plugins attached to one pod: their typed state is known to nobody but themselves.

use super::{
    Filter, NodeRef, NodeSet, Nodes, Normalize, PodInfo, PreFilter, PreFiltered, PreScore, Reasons, Remedy,
    Score, Verdict,
};
use crate::snapshot::BoundPod;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) struct Stateful<P>(pub(super) Arc<P>);

pub(super) struct Stateless<P>(pub(super) Arc<P>);

/// A filter that can be attached to a pod.
pub(crate) trait AnyFilter: Send + Sync {
    fn pre_filter<'c>(&'c self, pod: &'c PodInfo, nodes: Nodes<'_>) -> Prepared<'c>;
}

/// What one attempt's filter came to.
pub(crate) enum Prepared<'c> {
    Skip,
    All(Box<dyn AttachedFilter + 'c>),
    Only(Box<dyn AttachedFilter + 'c>, BTreeSet<Arc<str>>),
    Reject(Reasons),
    RejectForGood(Reasons),
}

/// A filter attached to one pod.
pub(crate) trait AttachedFilter {
    fn filter(&self, node: NodeRef<'_>) -> Verdict;

    fn fits(&self, node: NodeRef<'_>) -> bool;

    fn retain(&self, nodes: Nodes<'_>, set: &mut NodeSet);

    fn remedies(&self, node: NodeRef<'_>) -> Vec<Remedy>;

    /// A copy that [`AttachedFilter::adjust`] may change; `None` where pods that come and go change nothing.
    fn fork<'f>(&'f self) -> Option<Box<dyn AttachedFilter + 'f>>;

    fn adjust(&mut self, other: &BoundPod, at: (NodeRef<'_>, i64));
}

impl<P: PreFilter> AnyFilter for Stateful<P> {
    fn pre_filter<'c>(&'c self, pod: &'c PodInfo, nodes: Nodes<'_>) -> Prepared<'c> {
        let attach = |state| Box::new(WithState { plugin: &*self.0, state, pod });
        match self.0.pre_filter(pod, nodes) {
            PreFiltered::Skip => Prepared::Skip,
            PreFiltered::All(state) => Prepared::All(attach(state)),
            PreFiltered::Only { state, nodes } => Prepared::Only(attach(state), nodes),
            PreFiltered::Reject(reasons) => Prepared::Reject(reasons),
            PreFiltered::RejectForGood(reasons) => Prepared::RejectForGood(reasons),
        }
    }
}

impl<P: Filter> AnyFilter for Stateless<P> {
    fn pre_filter<'c>(&'c self, pod: &'c PodInfo, _nodes: Nodes<'_>) -> Prepared<'c> {
        Prepared::All(Box::new(WithoutState { plugin: &*self.0, pod }))
    }
}

struct WithState<'c, P, S> {
    plugin: &'c P,
    state: S,
    pod: &'c PodInfo,
}

struct WithoutState<'c, P> {
    plugin: &'c P,
    pod: &'c PodInfo,
}

impl<P: PreFilter> AttachedFilter for WithState<'_, P, P::State> {
    fn filter(&self, node: NodeRef<'_>) -> Verdict {
        self.plugin.filter(&self.state, self.pod, node)
    }

    fn fits(&self, node: NodeRef<'_>) -> bool {
        self.plugin.fits(&self.state, self.pod, node)
    }

    fn retain(&self, nodes: Nodes<'_>, set: &mut NodeSet) {
        self.plugin.retain(&self.state, self.pod, nodes, set);
    }

    fn remedies(&self, node: NodeRef<'_>) -> Vec<Remedy> {
        self.plugin.remedies(&self.state, self.pod, node)
    }

    fn fork<'f>(&'f self) -> Option<Box<dyn AttachedFilter + 'f>> {
        P::ADJUSTS.then(|| {
            let copy = WithState { plugin: self.plugin, state: self.state.clone(), pod: self.pod };
            Box::new(copy) as Box<dyn AttachedFilter + 'f>
        })
    }

    fn adjust(&mut self, other: &BoundPod, at: (NodeRef<'_>, i64)) {
        self.plugin.adjust(&mut self.state, self.pod, other, at);
    }
}

impl<P: Filter> AttachedFilter for WithoutState<'_, P> {
    fn filter(&self, node: NodeRef<'_>) -> Verdict {
        self.plugin.filter(self.pod, node)
    }

    fn fits(&self, node: NodeRef<'_>) -> bool {
        self.plugin.filter(self.pod, node).fits()
    }

    fn retain(&self, nodes: Nodes<'_>, set: &mut NodeSet) {
        self.plugin.retain(self.pod, nodes, set);
    }

    fn remedies(&self, node: NodeRef<'_>) -> Vec<Remedy> {
        self.plugin.remedies(self.pod, node)
    }

    fn fork<'f>(&'f self) -> Option<Box<dyn AttachedFilter + 'f>> {
        None
    }

    fn adjust(&mut self, _other: &BoundPod, _at: (NodeRef<'_>, i64)) {}
}

/// A scorer that can be attached to a pod.
pub(crate) trait AnyScore: Send + Sync {
    fn pre_score<'c>(&'c self, pod: &'c PodInfo, nodes: Nodes<'_>) -> Option<Box<dyn AttachedScore + 'c>>;
}

/// A scorer attached to one pod.
pub(crate) trait AttachedScore {
    fn score(&self, node: NodeRef<'_>) -> i64;

    fn score_all(&self, nodes: Nodes<'_>, scores: &mut Vec<i64>);

    fn normalization(&self) -> Normalize;

    fn normalize(&self, nodes: Nodes<'_>, scores: &mut [i64]);
}

impl<P: PreScore> AnyScore for Stateful<P> {
    fn pre_score<'c>(&'c self, pod: &'c PodInfo, nodes: Nodes<'_>) -> Option<Box<dyn AttachedScore + 'c>> {
        let state = self.0.pre_score(pod, nodes)?;
        Some(Box::new(Scoring(WithState { plugin: &*self.0, state, pod })))
    }
}

impl<P: Score> AnyScore for Stateless<P> {
    fn pre_score<'c>(&'c self, pod: &'c PodInfo, _nodes: Nodes<'_>) -> Option<Box<dyn AttachedScore + 'c>> {
        Some(Box::new(Scoring(WithoutState { plugin: &*self.0, pod })))
    }
}

struct Scoring<T>(T);

impl<P: PreScore> AttachedScore for Scoring<WithState<'_, P, P::State>> {
    fn score(&self, node: NodeRef<'_>) -> i64 {
        self.0.plugin.score(&self.0.state, self.0.pod, node)
    }

    fn score_all(&self, nodes: Nodes<'_>, scores: &mut Vec<i64>) {
        self.0.plugin.score_all(&self.0.state, self.0.pod, nodes, scores);
    }

    fn normalization(&self) -> Normalize {
        self.0.plugin.normalization()
    }

    fn normalize(&self, nodes: Nodes<'_>, scores: &mut [i64]) {
        self.0.plugin.normalize(&self.0.state, self.0.pod, nodes, scores);
    }
}

impl<P: Score> AttachedScore for Scoring<WithoutState<'_, P>> {
    fn score(&self, node: NodeRef<'_>) -> i64 {
        self.0.plugin.score(self.0.pod, node)
    }

    fn score_all(&self, nodes: Nodes<'_>, scores: &mut Vec<i64>) {
        self.0.plugin.score_all(self.0.pod, nodes, scores);
    }

    fn normalization(&self) -> Normalize {
        self.0.plugin.normalization()
    }

    fn normalize(&self, _nodes: Nodes<'_>, _scores: &mut [i64]) {}
}
