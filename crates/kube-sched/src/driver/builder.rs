//! How to set a scheduler up.

use super::Scheduler;
use super::profiles::Profiles;
use crate::config::{ConfigError, Configuration};
use crate::engine::Engine;
use crate::profile::Profile;
use crate::queue::{DEFAULT_NAME, QueueConfig};
use kube_core::metrics::Metrics;
use kube_store::informer::Informers;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sets a scheduler up: see [`Scheduler::builder`].
#[derive(Clone)]
pub struct SchedulerBuilder {
    informers: Informers,
    profiles: BTreeMap<Arc<str>, Profile>,
    name: Arc<str>,
    queue: QueueConfig,
    parallel: usize,
    metrics: Option<Arc<dyn Metrics>>,
}

/// What a checked builder comes to.
pub(super) struct Parts {
    pub(super) informers: Informers,
    pub(super) name: Arc<str>,
    pub(super) profiles: Profiles,
    pub(super) queue: QueueConfig,
    pub(super) parallel: usize,
    pub(super) metrics: Option<Arc<dyn Metrics>>,
}

impl SchedulerBuilder {
    pub(super) fn new(informers: &Informers) -> Self {
        Self {
            informers: informers.clone(),
            profiles: BTreeMap::new(),
            name: DEFAULT_NAME.into(),
            queue: QueueConfig::default(),
            parallel: DEFAULT_PARALLEL,
            metrics: None,
        }
    }

    /// Decides by this profile about the pods that ask for this scheduler's name; by the default one where none is given.
    #[must_use]
    pub fn profile(self, profile: Profile) -> Self {
        let name = self.name.clone();
        self.named_profile(name, profile)
    }

    /// Decides by this profile about the pods whose `spec.schedulerName` is `name`. Profiles share the queue and what is
    /// known of the cluster.
    #[must_use]
    pub fn named_profile(mut self, name: impl Into<Arc<str>>, profile: Profile) -> Self {
        self.profiles.insert(name.into(), profile);
        self
    }

    /// Takes profiles and back-off from a configuration.
    #[must_use]
    pub fn configuration(mut self, configuration: Configuration) -> Self {
        self.profiles.extend(configuration.profiles);
        self.queue = configuration.queue;
        self
    }

    /// Takes the pods whose `spec.schedulerName` is this; `default-scheduler` where none is given.
    #[must_use]
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        let name = name.into();
        if let Some(profile) = self.profiles.remove(&self.name) {
            self.profiles.insert(name.clone(), profile);
        }
        self.name = name;
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

    /// Counts here, under kube-scheduler's names; nowhere where nothing is said.
    #[must_use]
    pub fn metrics(mut self, metrics: Arc<dyn Metrics>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// The scheduler; it starts when it is run.
    ///
    /// # Errors
    /// A profile that cannot work: which, and the plugin and field to blame.
    pub fn build(self) -> Result<Scheduler, ConfigError> {
        let Self { informers, mut profiles, name, queue, parallel, metrics } = self;
        if profiles.is_empty() {
            profiles.insert(name.clone(), Profile::default());
        }
        let engines = profiles.iter().map(|(name, profile)| match Engine::new(profile) {
            Ok(engine) => Ok((name.clone(), engine)),
            Err(error) => Err(ConfigError::of_code(name, &error)),
        });
        let profiles = Profiles(engines.collect::<Result<_, ConfigError>>()?);
        Ok(Scheduler::assemble(Parts { informers, name, profiles, queue, parallel, metrics }))
    }
}

impl std::fmt::Debug for SchedulerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("SchedulerBuilder");
        debug.field("name", &self.name).field("profiles", &self.profiles).finish_non_exhaustive()
    }
}

const DEFAULT_PARALLEL: usize = 64;
