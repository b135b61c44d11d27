//! Numbers of a scheduler at work, under kube-scheduler's names.
//!
//! Source: `pkg/scheduler/metrics`.

use crate::queue::Pending;
use kube_core::env::Mono;
use kube_core::metrics::{Counter, Gauge, Histogram, Metrics};
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
    attempts: [(Counter, Arc<dyn Histogram>); 3],
    pending: [Gauge; 4],
    preemptions: Counter,
    victims: Arc<dyn Histogram>,
}

impl Meter {
    pub(super) fn new(metrics: &dyn Metrics, profile: &str) -> Self {
        let attempt = |result: &str| {
            let labels = [("result", result), ("profile", profile)];
            let count = metrics.counter("scheduler_schedule_attempts_total", &labels);
            (count, metrics.histogram("scheduler_scheduling_attempt_duration_seconds", &labels))
        };
        let pending = |queue: &str| metrics.gauge("scheduler_pending_pods", &[("queue", queue)]);
        Self {
            attempts: ["scheduled", "unschedulable", "error"].map(attempt),
            pending: ["active", "backoff", "unschedulable", "gated"].map(pending),
            preemptions: metrics.counter("scheduler_preemption_attempts_total", &[]),
            victims: metrics.histogram("scheduler_preemption_victims", &[]),
        }
    }

    pub(super) fn attempt(&self, ended: Ended, (from, to): (Mono, Mono)) {
        let (count, seconds) = &self.attempts[ended as usize];
        count.add(1);
        seconds.observe((to - from).as_secs_f64());
    }

    pub(super) fn pending(&self, pending: &Pending) {
        let numbers = [pending.active, pending.backoff, pending.unschedulable, pending.gated];
        for (gauge, number) in self.pending.iter().zip(numbers) {
            gauge.set(number as u64);
        }
    }

    pub(super) fn preempted(&self, victims: usize) {
        self.preemptions.add(1);
        self.victims.observe(f64::from(u32::try_from(victims).unwrap_or(u32::MAX)));
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meter")
    }
}
