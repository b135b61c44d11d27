//! How to set a scheduler up.

use super::Scheduler;
use crate::engine::Engine;
use crate::profile::{Profile, ProfileError};
use crate::queue::QueueConfig;
use kube_store::informer::Informers;
use std::sync::Arc;

/// Sets a scheduler up: see [`Scheduler::builder`].
#[derive(Clone)]
pub struct SchedulerBuilder {
    informers: Informers,
    profile: Profile,
    name: Arc<str>,
    queue: QueueConfig,
    parallel: usize,
}

/// What a checked builder comes to.
pub(super) struct Parts {
    pub(super) informers: Informers,
    pub(super) name: Arc<str>,
    pub(super) engine: Engine,
    pub(super) queue: QueueConfig,
    pub(super) parallel: usize,
}

impl SchedulerBuilder {
    pub(super) fn new(informers: &Informers) -> Self {
        Self {
            informers: informers.clone(),
            profile: Profile::default(),
            name: DEFAULT_NAME.into(),
            queue: QueueConfig::default(),
            parallel: DEFAULT_PARALLEL,
        }
    }

    /// Decides by this profile; by the default one where none is given.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Takes the pods whose `spec.schedulerName` is this; `default-scheduler` where none is given.
    #[must_use]
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// How long pods wait.
    #[must_use]
    pub fn queue(mut self, config: QueueConfig) -> Self {
        self.queue = config;
        self
    }

    /// How many bindings and reports may be under way at once; 64 where nothing is said, 1 at least.
    #[must_use]
    pub fn parallel(mut self, most: usize) -> Self {
        self.parallel = most.max(1);
        self
    }

    /// The scheduler; it starts when it is run.
    ///
    /// # Errors
    /// The profile cannot work.
    pub fn build(self) -> Result<Scheduler, ProfileError> {
        let Self { informers, profile, name, queue, parallel } = self;
        let engine = Engine::new(&profile)?;
        Ok(Scheduler::assemble(Parts { informers, name, engine, queue, parallel }))
    }
}

impl std::fmt::Debug for SchedulerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("SchedulerBuilder");
        debug.field("name", &self.name).field("profile", &self.profile).finish_non_exhaustive()
    }
}

/// Source: `k8s.io/api/core/v1` (`DefaultSchedulerName`).
pub(super) const DEFAULT_NAME: &str = "default-scheduler";
const DEFAULT_PARALLEL: usize = 64;
