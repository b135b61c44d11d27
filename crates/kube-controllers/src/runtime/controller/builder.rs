//! Building controllers.

use super::{Controller, Settings, Source, Wire};
use crate::runtime::queue::RetryLimits;
use crate::runtime::reconciler::Reconciler;
use kube_core::resource::Resource;
use kube_core::view::KindView;
use kube_store::informer::{Change, Index};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A controller in the making.
pub struct ControllerBuilder<R: Reconciler> {
    reconciler: R,
    name: String,
    workers: usize,
    limits: RetryLimits,
    limit: Option<Duration>,
    primary: Source<R::Resource>,
    wires: Vec<Box<dyn Wire>>,
}

impl<R: Reconciler> ControllerBuilder<R> {
    pub(super) fn new(reconciler: R) -> Self {
        Self {
            reconciler,
            name: format!("{}-controller", R::Resource::kind().singular),
            workers: 1,
            limits: RetryLimits::default(),
            limit: None,
            primary: Source::new(|change, _| vec![change.key.clone()]),
            wires: Vec::new(),
        }
    }

    /// The name, instead of `<kind>-controller`.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Reconciles an object also when a `K` that it manages changes.
    #[must_use]
    pub fn owns<K: Resource>(self) -> Self {
        self.watches(Source::<K>::owned_by(R::Resource::kind()))
    }

    /// Reconciles the keys that `source` gives.
    #[must_use]
    pub fn watches<V: KindView>(mut self, source: Source<V>) -> Self {
        self.wires.push(Box::new(source));
        self
    }

    /// Lets the reconciler read `V` without being called for its changes.
    #[must_use]
    pub fn reads<V: KindView>(self) -> Self {
        self.watches(Source::<V>::silent())
    }

    /// An index over the reconciled kind.
    #[must_use]
    pub fn index(mut self, index: Index<R::Resource>) -> Self {
        self.primary = self.primary.index(index);
        self
    }

    /// Ignores changes of the reconciled kind that `accepts` refuses.
    #[must_use]
    pub fn predicate(
        mut self,
        accepts: impl Fn(&Change<R::Resource>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.primary = self.primary.predicate(accepts);
        self
    }

    /// How many keys are reconciled at a time (at least 1, which is the default).
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers.max(1);
        self
    }

    /// How fast failed keys come back.
    #[must_use]
    pub fn retry(mut self, limits: RetryLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Gives up a reconcile that takes longer, and counts it as failed; any time unless told. A write that is under way
    /// then may still happen: the next reconcile of the key waits for what the store has by then.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The controller.
    pub fn build(self) -> Controller {
        let mut wires: Vec<Box<dyn Wire>> = vec![Box::new(self.primary)];
        wires.extend(self.wires);
        Controller {
            settings: Settings {
                name: self.name.into(),
                workers: self.workers,
                limits: self.limits,
                limit: self.limit,
            },
            kind: Some(R::Resource::kind()),
            wires,
            reconciler: Arc::new(self.reconciler),
        }
    }
}

impl<R: Reconciler> fmt::Debug for ControllerBuilder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControllerBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}
