//! Numbers of a scheduler at work, under kube-scheduler's names.
//!
//! Source: `pkg/scheduler/metrics`.

use super::profiles::Profiles;
use super::shared::State;
use crate::queue::QueuedPod;
use kube_core::env::Mono;
use kube_core::metrics::{Counter, Gauge, Histogram, Metrics};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Scheduled,
    Unschedulable,
    Error,
}

pub(super) struct Meter {
    profiles: BTreeMap<Arc<str>, OfProfile>,
    pending: [Gauge; 4],
    known: [Gauge; 2],
    algorithm: Arc<dyn Histogram>,
    permits: [Arc<dyn Histogram>; 2],
    tries: Arc<dyn Histogram>,
    preemptions: Counter,
    victims: Arc<dyn Histogram>,
}

struct OfProfile {
    attempts: [(Counter, Arc<dyn Histogram>); 3],
    /// From the pod's coming to its binding, by the number of attempts.
    latency: Vec<Arc<dyn Histogram>>,
    /// Pods that wait because of a plugin.
    unschedulable: Vec<(&'static str, Gauge)>,
}

impl OfProfile {
    fn new(metrics: &dyn Metrics, profile: &str, plugins: &[&'static str]) -> Self {
        let attempt = |result: &str| {
            let labels = [("result", result), ("profile", profile)];
            let count = metrics.counter("scheduler_schedule_attempts_total", &labels);
            (count, metrics.histogram("scheduler_scheduling_attempt_duration_seconds", &labels))
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
            attempts: ["scheduled", "unschedulable", "error"].map(attempt),
            latency: latency.collect(),
            unschedulable: plugins.iter().map(gauge).collect(),
        }
    }
}

impl Meter {
    pub(super) fn new(metrics: &dyn Metrics, profiles: &Profiles) -> Self {
        let of_profile = profiles.0.iter().map(|(name, engine)| {
            let plugins: Vec<&'static str> = engine.plugins().iter().map(|plugin| plugin.name).collect();
            (name.clone(), OfProfile::new(metrics, name, &plugins))
        });
        let pending = |queue: &str| metrics.gauge("scheduler_pending_pods", &[("queue", queue)]);
        let known = |of: &str| metrics.gauge("scheduler_scheduler_cache_size", &[("type", of)]);
        let permit =
            |result: &str| metrics.histogram("scheduler_permit_wait_duration_seconds", &[("result", result)]);
        Self {
            profiles: of_profile.collect(),
            pending: ["active", "backoff", "unschedulable", "gated"].map(pending),
            known: ["nodes", "pods"].map(known),
            algorithm: metrics.histogram("scheduler_scheduling_algorithm_duration_seconds", &[]),
            permits: ["Success", "Unschedulable"].map(permit),
            tries: metrics.histogram("scheduler_pod_scheduling_attempts", &[]),
            preemptions: metrics.counter("scheduler_preemption_attempts_total", &[]),
            victims: metrics.histogram("scheduler_preemption_victims", &[]),
        }
    }

    /// A pod or a gang was decided, which took from then till then.
    pub(super) fn decided(&self, state: &State, (from, to): (Mono, Mono)) {
        self.algorithm.observe(seconds(from, to));
        let pending = state.queue.pending();
        let numbers = [pending.active, pending.backoff, pending.unschedulable, pending.gated];
        let known = [state.cluster.node_count(), state.cluster.pod_count()];
        let gauges = self.pending.iter().zip(numbers).chain(self.known.iter().zip(known));
        for (gauge, number) in gauges {
            gauge.set(number as u64);
        }
        for (plugin, gauge) in self.profiles.values().flat_map(|of| &of.unschedulable) {
            gauge.set(state.queue.waiting_for(plugin) as u64);
        }
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
        }
    }

    pub(super) fn waited(&self, permitted: bool, (from, to): (Mono, Mono)) {
        self.permits[usize::from(!permitted)].observe(seconds(from, to));
    }

    pub(super) fn preempted(&self, victims: usize) {
        self.preemptions.add(1);
        self.victims.observe(f64::from(u32::try_from(victims).unwrap_or(u32::MAX)));
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
