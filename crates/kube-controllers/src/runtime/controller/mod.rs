//! Controllers: a reconciler, what it watches, and its workers.

mod bound;
mod builder;
mod health;
mod loops;
mod meters;
mod shared;
mod source;
mod worker;

pub use bound::BoundController;
pub use builder::ControllerBuilder;
pub use health::{ControllerHealth, Health, Phase};
pub use loops::HotLoop;
pub use source::Source;

pub(crate) use shared::{Settings, Shared, Surroundings};
pub(crate) use source::Wire;

use super::context::Listers;
use super::queue::RetryLimits;
use super::reconciler::{AnyReconciler, Reconciler};
use kube_core::resource::KindInfo;
use kube_store::informer::Informers;
use std::fmt;
use std::sync::Arc;

/// A reconciler and what it watches, not yet connected to a store.
pub struct Controller {
    settings: Settings,
    kind: Option<&'static KindInfo>,
    wires: Vec<Box<dyn Wire>>,
    reconciler: Arc<dyn AnyReconciler>,
}

impl Controller {
    /// Begins a controller that reconciles the objects of `R::Resource`.
    pub fn builder<R: Reconciler>(reconciler: R) -> ControllerBuilder<R> {
        ControllerBuilder::new(reconciler)
    }

    /// A controller over a source of its own, whose keys may be anything.
    pub(crate) fn over<R: Reconciler>(
        name: &str,
        workers: usize,
        reconciler: R,
        source: Box<dyn Wire>,
    ) -> Self {
        Self {
            settings: Settings { name: name.into(), workers, limits: RetryLimits::default(), limit: None },
            kind: None,
            wires: vec![source],
            reconciler: Arc::new(reconciler),
        }
    }

    /// Its name, for people and for `managedFields`.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// The kind it reconciles; `None` where its keys are not those of one kind.
    pub fn kind(&self) -> Option<&'static KindInfo> {
        self.kind
    }

    /// Whether its keys lie in namespaces.
    pub(super) fn is_of_namespaces(&self) -> bool {
        self.kind.is_some_and(KindInfo::is_namespaced)
    }

    /// Connects it: starts the informers that it needs. Reconciling begins when the result runs.
    pub fn bind(self, informers: &Informers) -> BoundController {
        self.bind_in(informers, &Surroundings::plain(informers.service().clone()))
    }

    /// As [`Controller::bind`], beside others.
    pub(super) fn bind_in(self, informers: &Informers, surroundings: &Surroundings) -> BoundController {
        let open = self.wires.iter().flat_map(|wire| wire.open(informers));
        let listers = Listers::new(open.collect());
        BoundController {
            shared: Arc::new(Shared::new(
                &self.settings,
                listers,
                surroundings,
                surroundings.shard.filter(|_| self.is_of_namespaces()),
            )),
            informers: informers.clone(),
            after: surroundings.after,
            workers: self.settings.workers,
            wires: self.wires,
            reconciler: self.reconciler,
        }
    }
}

impl fmt::Debug for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Controller").field("settings", &self.settings).finish_non_exhaustive()
    }
}
