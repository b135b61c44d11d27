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

    /// Counts here; nowhere where nothing is said. Names and labels are kube-scheduler's (v1.36), each with the prefix
    /// `scheduler_`:
    ///
    /// - attempts: `schedule_attempts_total`, `scheduling_attempt_duration_seconds`,
    ///   `scheduling_algorithm_duration_seconds`, `pod_scheduling_attempts`, `pod_scheduling_sli_duration_seconds`,
    ///   `pod_scheduled_after_flush_total`, `podgroup_schedule_attempts_total`,
    ///   `podgroup_scheduling_attempt_duration_seconds`, `podgroup_scheduling_algorithm_duration_seconds`;
    /// - the framework: `framework_extension_point_duration_seconds`, `plugin_evaluation_total`,
    ///   `plugin_execution_duration_seconds` (of one attempt in ten), `permit_wait_duration_seconds`, `goroutines` (bindings
    ///   under way);
    /// - the queue: `pending_pods`, `queue_incoming_pods_total`, `unschedulable_pods`, `inflight_events`,
    ///   `event_handling_duration_seconds`, `cache_size`;
    /// - making room: `preemption_attempts_total`, `preemption_victims`, `preemption_goroutines_duration_seconds`,
    ///   `preemption_goroutines_execution_total`.
    ///
    /// Nothing corresponds here to `async_api_call_*`, `batch_*`, `get_node_hint_duration_seconds` and
    /// `store_schedule_results_duration_seconds`: writes are not queued, and nothing is kept from one pod for the next.
    /// `queueing_hint_execution_duration_seconds` is not told, as the queue reads no clock.
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
