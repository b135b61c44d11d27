//! The extension points that a plugin takes part in, with their typed state bound away.

use super::{
    Bind, EnqueueHints, Filter, NodeRef, Nodes, Normalize, Permit, PodInfo, PostBind, PostFilter, PreBind,
    PreEnqueue, PreFilter, PreFiltered, PreScore, QueueSort, Reasons, Remedy, Reserve, Score, Verdict,
};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Collects the extension points of one plugin: see [`Plugin::points`](super::Plugin::points).
#[derive(Clone, Default)]
pub struct Points {
    pub(crate) pre_enqueue: Option<Arc<dyn PreEnqueue>>,
    pub(crate) queue_sort: Option<Arc<dyn QueueSort>>,
    pub(crate) filter: Option<Arc<dyn AnyFilter>>,
    pub(crate) post_filter: Option<Arc<dyn PostFilter>>,
    pub(crate) score: Option<Arc<dyn AnyScore>>,
    pub(crate) reserve: Option<Arc<dyn Reserve>>,
    pub(crate) permit: Option<Arc<dyn Permit>>,
    pub(crate) pre_bind: Option<Arc<dyn PreBind>>,
    pub(crate) bind: Option<Arc<dyn Bind>>,
    pub(crate) post_bind: Option<Arc<dyn PostBind>>,
    pub(crate) hints: Option<Arc<dyn EnqueueHints>>,
}

impl Points {
    /// Takes part in [`PreEnqueue`].
    pub fn pre_enqueue(&mut self, plugin: Arc<impl PreEnqueue>) -> &mut Self {
        self.pre_enqueue = Some(plugin);
        self
    }

    /// Takes part in [`QueueSort`].
    pub fn queue_sort(&mut self, plugin: Arc<impl QueueSort>) -> &mut Self {
        self.queue_sort = Some(plugin);
        self
    }

    /// Takes part in [`PreFilter`] and filters with its state.
    pub fn pre_filter(&mut self, plugin: Arc<impl PreFilter>) -> &mut Self {
        self.filter = Some(Arc::new(Stateful(plugin)));
        self
    }

    /// Takes part in [`Filter`].
    pub fn filter(&mut self, plugin: Arc<impl Filter>) -> &mut Self {
        self.filter = Some(Arc::new(Stateless(plugin)));
        self
    }

    /// Takes part in [`PostFilter`].
    pub fn post_filter(&mut self, plugin: Arc<impl PostFilter>) -> &mut Self {
        self.post_filter = Some(plugin);
        self
    }

    /// Takes part in [`PreScore`] and scores with its state.
    pub fn pre_score(&mut self, plugin: Arc<impl PreScore>) -> &mut Self {
        self.score = Some(Arc::new(Stateful(plugin)));
        self
    }

    /// Takes part in [`Score`].
    pub fn score(&mut self, plugin: Arc<impl Score>) -> &mut Self {
        self.score = Some(Arc::new(Stateless(plugin)));
        self
    }

    /// Takes part in [`Reserve`].
    pub fn reserve(&mut self, plugin: Arc<impl Reserve>) -> &mut Self {
        self.reserve = Some(plugin);
        self
    }

    /// Takes part in [`Permit`].
    pub fn permit(&mut self, plugin: Arc<impl Permit>) -> &mut Self {
        self.permit = Some(plugin);
        self
    }

    /// Takes part in [`PreBind`].
    pub fn pre_bind(&mut self, plugin: Arc<impl PreBind>) -> &mut Self {
        self.pre_bind = Some(plugin);
        self
    }

    /// Takes part in [`Bind`].
    pub fn bind(&mut self, plugin: Arc<impl Bind>) -> &mut Self {
        self.bind = Some(plugin);
        self
    }

    /// Takes part in [`PostBind`].
    pub fn post_bind(&mut self, plugin: Arc<impl PostBind>) -> &mut Self {
        self.post_bind = Some(plugin);
        self
    }

    /// Gives [`EnqueueHints`].
    pub fn hints(&mut self, plugin: Arc<impl EnqueueHints>) -> &mut Self {
        self.hints = Some(plugin);
        self
    }

    /// The names of the points taken part in.
    pub fn names(&self) -> Vec<&'static str> {
        [
            ("PreEnqueue", self.pre_enqueue.is_some()),
            ("QueueSort", self.queue_sort.is_some()),
            ("Filter", self.filter.is_some()),
            ("PostFilter", self.post_filter.is_some()),
            ("Score", self.score.is_some()),
            ("Reserve", self.reserve.is_some()),
            ("Permit", self.permit.is_some()),
            ("PreBind", self.pre_bind.is_some()),
            ("Bind", self.bind.is_some()),
            ("PostBind", self.post_bind.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, taken)| taken.then_some(name))
        .collect()
    }
}

impl fmt::Debug for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

struct Stateful<P>(Arc<P>);

struct Stateless<P>(Arc<P>);

/// A filter whose state type is known to nobody but itself.
pub(crate) trait AnyFilter: Send + Sync {
    fn pre_filter<'c>(&'c self, pod: &'c PodInfo, nodes: Nodes<'_>) -> Prepared<'c>;
}

/// What one attempt's filter came to.
pub(crate) enum Prepared<'c> {
    Skip,
    All(Box<dyn BoundFilter + 'c>),
    Only(Box<dyn BoundFilter + 'c>, BTreeSet<Arc<str>>),
    Reject(Reasons),
    RejectForGood(Reasons),
}

/// A filter bound to one pod.
pub(crate) trait BoundFilter {
    fn filter(&self, node: NodeRef<'_>) -> Verdict;

    fn remedies(&self, node: NodeRef<'_>) -> Vec<Remedy>;
}

impl<P: PreFilter> AnyFilter for Stateful<P> {
    fn pre_filter<'c>(&'c self, pod: &'c PodInfo, nodes: Nodes<'_>) -> Prepared<'c> {
        let bind = |state| Box::new(StatefulFor { plugin: &*self.0, state, pod });
        match self.0.pre_filter(pod, nodes) {
            PreFiltered::Skip => Prepared::Skip,
            PreFiltered::All(state) => Prepared::All(bind(state)),
            PreFiltered::Only { state, nodes } => Prepared::Only(bind(state), nodes),
            PreFiltered::Reject(reasons) => Prepared::Reject(reasons),
            PreFiltered::RejectForGood(reasons) => Prepared::RejectForGood(reasons),
        }
    }
}

impl<P: Filter> AnyFilter for Stateless<P> {
    fn pre_filter<'c>(&'c self, pod: &'c PodInfo, _nodes: Nodes<'_>) -> Prepared<'c> {
        Prepared::All(Box::new(StatelessFor { plugin: &*self.0, pod }))
    }
}

struct StatefulFor<'c, P, S> {
    plugin: &'c P,
    state: S,
    pod: &'c PodInfo,
}

struct StatelessFor<'c, P> {
    plugin: &'c P,
    pod: &'c PodInfo,
}

impl<P: PreFilter> BoundFilter for StatefulFor<'_, P, P::State> {
    fn filter(&self, node: NodeRef<'_>) -> Verdict {
        self.plugin.filter(&self.state, self.pod, node)
    }

    fn remedies(&self, node: NodeRef<'_>) -> Vec<Remedy> {
        self.plugin.remedies(&self.state, self.pod, node)
    }
}

impl<P: Filter> BoundFilter for StatelessFor<'_, P> {
    fn filter(&self, node: NodeRef<'_>) -> Verdict {
        self.plugin.filter(self.pod, node)
    }

    fn remedies(&self, node: NodeRef<'_>) -> Vec<Remedy> {
        self.plugin.remedies(self.pod, node)
    }
}

/// A scorer whose state type is known to nobody but itself.
pub(crate) trait AnyScore: Send + Sync {
    fn pre_score<'c>(&'c self, pod: &'c PodInfo, nodes: Nodes<'_>) -> Option<Box<dyn BoundScore + 'c>>;
}

/// A scorer bound to one pod.
pub(crate) trait BoundScore {
    fn score(&self, node: NodeRef<'_>) -> i64;

    fn normalization(&self) -> Normalize;

    fn normalize(&self, nodes: Nodes<'_>, scores: &mut [i64]);
}

impl<P: PreScore> AnyScore for Stateful<P> {
    fn pre_score<'c>(&'c self, pod: &'c PodInfo, nodes: Nodes<'_>) -> Option<Box<dyn BoundScore + 'c>> {
        let state = self.0.pre_score(pod, nodes)?;
        Some(Box::new(ScoringFor(StatefulFor { plugin: &*self.0, state, pod })))
    }
}

impl<P: Score> AnyScore for Stateless<P> {
    fn pre_score<'c>(&'c self, pod: &'c PodInfo, _nodes: Nodes<'_>) -> Option<Box<dyn BoundScore + 'c>> {
        Some(Box::new(ScoringFor(StatelessFor { plugin: &*self.0, pod })))
    }
}

struct ScoringFor<T>(T);

impl<P: PreScore> BoundScore for ScoringFor<StatefulFor<'_, P, P::State>> {
    fn score(&self, node: NodeRef<'_>) -> i64 {
        self.0.plugin.score(&self.0.state, self.0.pod, node)
    }

    fn normalization(&self) -> Normalize {
        self.0.plugin.normalization()
    }

    fn normalize(&self, nodes: Nodes<'_>, scores: &mut [i64]) {
        self.0.plugin.normalize(&self.0.state, self.0.pod, nodes, scores);
    }
}

impl<P: Score> BoundScore for ScoringFor<StatelessFor<'_, P>> {
    fn score(&self, node: NodeRef<'_>) -> i64 {
        self.0.plugin.score(self.0.pod, node)
    }

    fn normalization(&self) -> Normalize {
        self.0.plugin.normalization()
    }

    fn normalize(&self, _nodes: Nodes<'_>, _scores: &mut [i64]) {}
}
