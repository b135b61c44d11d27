//! The extension points that a plugin takes part in, with their typed state bound away.

use super::attached::{AnyFilter, AnyScore, Stateful, Stateless};
use super::{
    Bind, EnqueueHints, Filter, Permit, PostBind, PostFilter, PreBind, PreEnqueue, PreFilter, PreScore,
    QueueSort, Reserve, Score,
};
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
