//! Metrics as handles: components count, whoever composes them decides where the numbers go. No global.
//!
//! ```
//! use kube_core::metrics::Counter;
//!
//! let attempts = Counter::default();
//! let shown = attempts.clone();
//! attempts.add(2);
//! assert_eq!(shown.total(), 2);
//! ```

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Hands out the handles. Names are Kubernetes' where it has them.
pub trait Metrics: Send + Sync + fmt::Debug + 'static {
    /// A number that only grows.
    fn counter(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Counter;

    /// A number that goes up and down.
    fn gauge(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Gauge;

    /// A distribution of seconds.
    fn histogram(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Arc<dyn Histogram>;
}

/// A number that only grows. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The count so far.
    pub fn total(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that goes up and down. Clones show the same number.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicU64>);

impl Gauge {
    /// Shows `value` from now on.
    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// The value shown.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A distribution of seconds.
pub trait Histogram: Send + Sync + fmt::Debug + 'static {
    /// Adds one observation, in seconds.
    fn observe(&self, seconds: f64);
}

/// Counts nothing that anybody sees: the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl Metrics for Discard {
    fn counter(&self, _name: &'static str, _labels: &[(&'static str, &str)]) -> Counter {
        Counter::default()
    }

    fn gauge(&self, _name: &'static str, _labels: &[(&'static str, &str)]) -> Gauge {
        Gauge::default()
    }

    fn histogram(&self, _name: &'static str, _labels: &[(&'static str, &str)]) -> Arc<dyn Histogram> {
        Arc::new(Self)
    }
}

impl Histogram for Discard {
    fn observe(&self, _seconds: f64) {}
}
