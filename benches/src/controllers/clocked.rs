//! How long reconciles took, as their controllers' own metrics tell it.

use kube_core::metrics::{Counter, Gauge, Histogram, Metrics};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Keeps every duration of a reconcile, and nothing else.
#[derive(Clone, Debug, Default)]
pub struct Clocked(Arc<Mutex<Vec<f64>>>);

impl Clocked {
    /// What was observed since it was last asked.
    pub fn take(&self) -> Spread {
        let seconds = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Spread::of(seconds.into_iter().map(Duration::from_secs_f64).collect())
    }
}

impl Histogram for Clocked {
    fn observe(&self, seconds: f64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(seconds);
    }
}

#[derive(Debug)]
struct Ignored;

impl Histogram for Ignored {
    fn observe(&self, _seconds: f64) {}
}

impl Metrics for Clocked {
    fn counter(&self, _name: &'static str, _labels: &[(&'static str, &str)]) -> Counter {
        Counter::default()
    }

    fn gauge(&self, _name: &'static str, _labels: &[(&'static str, &str)]) -> Gauge {
        Gauge::default()
    }

    fn histogram(&self, name: &'static str, _labels: &[(&'static str, &str)]) -> Arc<dyn Histogram> {
        if name == "controller_runtime_reconcile_time_seconds" {
            Arc::new(self.clone())
        } else {
            Arc::new(Ignored)
        }
    }
}

/// Durations, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread(Vec<Duration>);

impl Spread {
    /// Of these durations.
    pub fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self(durations)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The one that `percent` of all do not exceed; nothing where there are none.
    pub fn at(&self, percent: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * percent / 100).copied().unwrap_or_default()
    }
}
