//! Numbers of a scheduler at work, under kube-scheduler's names.
//!
//! Which there are, and which are not here and why, is told at
//! [`SchedulerBuilder::metrics`](super::SchedulerBuilder::metrics).
//!
//! Source: `pkg/scheduler/metrics` of v1.36.

use super::profiles::Profiles;
use super::shared::State;
use crate::engine::{Observer, Ran};
use crate::queue::{Arrival, QueuedPod};
use kube_core::env::{Env, Mono};
use kube_core::metrics::{Counter, Discard, Gauge, Histogram, Metrics};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Scheduled,
    Unschedulable,
    Error,
}

pub(super) struct Meter {
    /// `None`: nobody looks at the numbers.
    metrics: Option<Arc<dyn Metrics>>,
    profiles: BTreeMap<Arc<str>, OfProfile>,
    pending: [Gauge; 4],
    known: [Gauge; 3],
    algorithm: Arc<dyn Histogram>,
    of_groups: Arc<dyn Histogram>,
    permits: [Arc<dyn Histogram>; 2],
    tries: Arc<dyn Histogram>,
    preemptions: Counter,
    victims: Arc<dyn Histogram>,
    flushed: Counter,
    bindings: Gauge,
    binding: AtomicU64,
    attempts: AtomicU64,
    /// Made when they are first needed.
    lazy: Mutex<Lazy>,
}

#[derive(Default)]
struct Lazy {
    incoming: BTreeMap<Arrival, Counter>,
    in_flight: BTreeMap<&'static str, Gauge>,
    handling: BTreeMap<&'static str, Arc<dyn Histogram>>,
    /// Point, status, profile.
    points: BTreeMap<(&'static str, &'static str, Arc<str>), Arc<dyn Histogram>>,
    /// Plugin, point, status.
    plugins: BTreeMap<(&'static str, &'static str, &'static str), Arc<dyn Histogram>>,
    /// Plugin, point, profile.
    evaluations: BTreeMap<(&'static str, &'static str, Arc<str>), Counter>,
    evictions: BTreeMap<&'static str, (Counter, Arc<dyn Histogram>)>,
}

struct OfProfile {
    attempts: [(Counter, Arc<dyn Histogram>); 3],
    groups: [(Counter, Arc<dyn Histogram>); 3],
    /// From the pod's coming to its binding, by the number of attempts.
    latency: Vec<Arc<dyn Histogram>>,
    /// Pods that wait because of a plugin.
    unschedulable: Vec<(&'static str, Gauge)>,
}

impl OfProfile {
    fn new(metrics: &dyn Metrics, profile: &str, plugins: &[&'static str]) -> Self {
        let ends = |count: &'static str, duration: &'static str| {
            ["scheduled", "unschedulable", "error"].map(|result| {
                let labels = [("result", result), ("profile", profile)];
                (metrics.counter(count, &labels), metrics.histogram(duration, &labels))
            })
        };
        let latency = (1..=MOST_ATTEMPTS).map(|number| {
            let attempts = if number < MOST_ATTEMPTS { number.to_string() } else { format!("{number}+") };
            metrics.histogram("scheduler_pod_scheduling_sli_duration_seconds", &[("attempts", &attempts)])
        });
        let gauge = |plugin: &&'static str| {
            let labels = [("plugin", *plugin), ("profile", profile)];
            (*plugin, metrics.gauge("scheduler_unschedulable_pods", &labels))
        };
        Self {
            attempts: ends(
                "scheduler_schedule_attempts_total",
                "scheduler_scheduling_attempt_duration_seconds",
            ),
            groups: ends(
                "scheduler_podgroup_schedule_attempts_total",
                "scheduler_podgroup_scheduling_attempt_duration_seconds",
            ),
            latency: latency.collect(),
            unschedulable: plugins.iter().map(gauge).collect(),
        }
    }
}

impl Meter {
    pub(super) fn new(given: Option<Arc<dyn Metrics>>, profiles: &Profiles) -> Self {
        let metrics = given.as_deref().unwrap_or(&Discard);
        let of_profile = profiles.0.iter().map(|(name, engine)| {
            let plugins: Vec<&'static str> = engine.plugins().iter().map(|plugin| plugin.name).collect();
            (name.clone(), OfProfile::new(metrics, name, &plugins))
        });
        let pending = |queue: &str| metrics.gauge("scheduler_pending_pods", &[("queue", queue)]);
        let known = |of: &str| metrics.gauge("scheduler_cache_size", &[("type", of)]);
        let permit =
            |result: &str| metrics.histogram("scheduler_permit_wait_duration_seconds", &[("result", result)]);
        Self {
            profiles: of_profile.collect(),
            pending: ["active", "backoff", "unschedulable", "gated"].map(pending),
            known: ["nodes", "pods", "assumed_pods"].map(known),
            algorithm: metrics.histogram("scheduler_scheduling_algorithm_duration_seconds", &[]),
            of_groups: metrics.histogram("scheduler_podgroup_scheduling_algorithm_duration_seconds", &[]),
            permits: ["Success", "Unschedulable"].map(permit),
            tries: metrics.histogram("scheduler_pod_scheduling_attempts", &[]),
            preemptions: metrics.counter("scheduler_preemption_attempts_total", &[]),
            victims: metrics.histogram("scheduler_preemption_victims", &[]),
            flushed: metrics.counter("scheduler_pod_scheduled_after_flush_total", &[]),
            bindings: metrics.gauge("scheduler_goroutines", &[("operation", "binding")]),
            binding: AtomicU64::new(0),
            attempts: AtomicU64::new(0),
            lazy: Mutex::default(),
            metrics: given,
        }
    }

    /// A pod or a gang was decided, which took from then till then.
    pub(super) fn decided(&self, state: &mut State, (from, to): (Mono, Mono)) {
        self.algorithm.observe(seconds(from, to));
        self.sized(state);
    }

    /// How much there is of what, now that something has happened; which pods came to the queues since the last time.
    pub(super) fn sized(&self, state: &mut State) {
        let Some(metrics) = &self.metrics else { return };
        let pending = state.queue.pending();
        let numbers = [pending.active, pending.backoff, pending.unschedulable, pending.gated];
        let cluster = &state.cluster;
        let known = [cluster.node_count(), cluster.pod_count(), cluster.assumed_count()];
        let gauges = self.pending.iter().zip(numbers).chain(self.known.iter().zip(known));
        for (gauge, number) in gauges {
            gauge.set(number as u64);
        }
        for (plugin, gauge) in self.profiles.values().flat_map(|of| &of.unschedulable) {
            gauge.set(state.queue.waiting_for(plugin) as u64);
        }
        let mut lazy = self.lazy();
        for ((queue, event), count) in state.queue.take_incoming() {
            let counter = lazy.incoming.entry((queue, event)).or_insert_with(|| {
                let labels = [("queue", queue), ("event", event)];
                metrics.counter("scheduler_queue_incoming_pods_total", &labels)
            });
            counter.add(count);
        }
        for (event, count) in state.queue.in_flight_events() {
            let gauge = lazy.in_flight.entry(event);
            let gauge =
                gauge.or_insert_with(|| metrics.gauge("scheduler_inflight_events", &[("event", event)]));
            gauge.set(*count as u64);
        }
    }

    /// An event was taken in.
    pub(super) fn handled(&self, event: &'static str, (from, to): (Mono, Mono)) {
        let Some(metrics) = &self.metrics else { return };
        let mut lazy = self.lazy();
        let duration = lazy.handling.entry(event).or_insert_with(|| {
            metrics.histogram("scheduler_event_handling_duration_seconds", &[("event", event)])
        });
        duration.observe(seconds(from, to));
    }

    /// An attempt has ended, with the binding where there was one.
    pub(super) fn attempt(&self, popped: &QueuedPod, ended: Ended, (from, to): (Mono, Mono)) {
        let Some(of) = self.profiles.get(Profiles::name_of(popped.pod.view())) else { return };
        let (count, duration) = &of.attempts[ended as usize];
        count.add(1);
        duration.observe(seconds(from, to));
        if ended == Ended::Scheduled {
            self.tries.observe(f64::from(popped.attempts));
            let number = (popped.attempts.clamp(1, MOST_ATTEMPTS) - 1) as usize;
            of.latency[number].observe(seconds(popped.came, to));
            self.flushed.add(u64::from(popped.flushed));
        }
    }

    /// A gang was decided.
    pub(super) fn group(&self, profile: &str, ended: Ended, (from, to): (Mono, Mono)) {
        let Some(of) = self.profiles.get(profile) else { return };
        self.of_groups.observe(seconds(from, to));
        let (count, duration) = &of.groups[ended as usize];
        count.add(1);
        duration.observe(seconds(from, to));
    }

    pub(super) fn waited(&self, permitted: bool, (from, to): (Mono, Mono)) {
        self.permits[usize::from(!permitted)].observe(seconds(from, to));
    }

    pub(super) fn preempted(&self, victims: usize) {
        self.preemptions.add(1);
        self.victims.observe(f64::from(u32::try_from(victims).unwrap_or(u32::MAX)));
    }

    /// The pods that had to go were told, or not all of them could be.
    pub(super) fn evicted(&self, all: bool, (from, to): (Mono, Mono)) {
        let Some(metrics) = &self.metrics else { return };
        let result = if all { "success" } else { "error" };
        let mut lazy = self.lazy();
        let (count, duration) = lazy.evictions.entry(result).or_insert_with(|| {
            let labels = [("result", result)];
            let count = metrics.counter("scheduler_preemption_goroutines_execution_total", &labels);
            (count, metrics.histogram("scheduler_preemption_goroutines_duration_seconds", &labels))
        });
        count.add(1);
        duration.observe(seconds(from, to));
    }

    /// So many bindings begin.
    pub(super) fn binds(&self, count: usize) {
        let count = count as u64;
        self.bindings.set(self.binding.fetch_add(count, Ordering::Relaxed) + count);
    }

    /// So many bindings have ended.
    pub(super) fn bound(&self, count: usize) {
        let count = count as u64;
        self.bindings.set(self.binding.fetch_sub(count, Ordering::Relaxed).saturating_sub(count));
    }

    /// Who watches an attempt; `None` where nobody looks at the numbers. One attempt in ten is watched plugin by plugin, as
    /// kube-scheduler does (`pluginMetricsSamplePercent`).
    pub(super) fn watcher<'m>(&'m self, env: &'m Env, profile: &str) -> Option<Watcher<'m>> {
        self.metrics.as_ref()?;
        let (profile, _) = self.profiles.get_key_value(profile)?;
        let detailed = self.attempts.fetch_add(1, Ordering::Relaxed).is_multiple_of(10);
        Some(Watcher { meter: self, env, profile, detailed })
    }

    fn lazy(&self) -> MutexGuard<'_, Lazy> {
        self.lazy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches one attempt.
pub(super) struct Watcher<'m> {
    meter: &'m Meter,
    env: &'m Env,
    profile: &'m Arc<str>,
    detailed: bool,
}

impl Observer for Watcher<'_> {
    fn now(&self) -> Mono {
        self.env.now()
    }

    fn ran(&self, &Ran { point, plugin, status, took }: &Ran) {
        let Some(metrics) = &self.meter.metrics else { return };
        let mut lazy = self.meter.lazy();
        let Some(plugin) = plugin else {
            let duration = lazy.points.entry((point, status, self.profile.clone())).or_insert_with(|| {
                let labels = [("extension_point", point), ("status", status), ("profile", self.profile)];
                metrics.histogram("scheduler_framework_extension_point_duration_seconds", &labels)
            });
            duration.observe(took.as_secs_f64());
            return;
        };
        if ["PreFilter", "Filter", "PreScore", "Score"].contains(&point) {
            let counter =
                lazy.evaluations.entry((plugin, point, self.profile.clone())).or_insert_with(|| {
                    let labels = [("plugin", plugin), ("extension_point", point), ("profile", self.profile)];
                    metrics.counter("scheduler_plugin_evaluation_total", &labels)
                });
            counter.add(1);
        }
        if self.detailed {
            let duration = lazy.plugins.entry((plugin, point, status)).or_insert_with(|| {
                let labels = [("plugin", plugin), ("extension_point", point), ("status", status)];
                metrics.histogram("scheduler_plugin_execution_duration_seconds", &labels)
            });
            duration.observe(took.as_secs_f64());
        }
    }
}

fn seconds(from: Mono, to: Mono) -> f64 {
    to.since(from).as_secs_f64()
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meter")
    }
}

/// So many attempts and more are one.
///
/// Source: `getAttemptsLabel`.
const MOST_ATTEMPTS: u32 = 15;
