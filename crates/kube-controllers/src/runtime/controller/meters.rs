//! What a controller counts, by controller-runtime's and client-go's names.
//!
//! Source: `sigs.k8s.io/controller-runtime/pkg/internal/controller/metrics`, `k8s.io/client-go/util/workqueue`.

use kube_core::metrics::{Counter, Gauge, Histogram, Metrics};
use std::sync::Arc;
use std::time::Duration;

/// The handles of one controller.
#[derive(Debug)]
pub(super) struct Meters {
    pub(super) adds: Counter,
    pub(super) retries: Counter,
    pub(super) depth: Gauge,
    pub(super) active: Gauge,
    pub(super) succeeded: Counter,
    pub(super) requeued: Counter,
    pub(super) failed: Counter,
    pub(super) errors: Counter,
    pub(super) terminal_errors: Counter,
    pub(super) panics: Counter,
    pub(super) timeouts: Counter,
    pub(super) hot_loops: Counter,
    waited: Arc<dyn Histogram>,
    worked: Arc<dyn Histogram>,
    reconciled: Arc<dyn Histogram>,
}

impl Meters {
    /// The handles of controller `name`, which works on `workers` keys at a time.
    pub(super) fn new(metrics: &dyn Metrics, name: &str, workers: usize) -> Self {
        let (queue, controller) = ([("name", name)], [("controller", name)]);
        let total = |result| {
            metrics.counter("controller_runtime_reconcile_total", &[("controller", name), ("result", result)])
        };
        metrics
            .gauge("controller_runtime_max_concurrent_reconciles", &controller)
            .set(u64::try_from(workers).unwrap_or(u64::MAX));
        Self {
            adds: metrics.counter("workqueue_adds_total", &queue),
            retries: metrics.counter("workqueue_retries_total", &queue),
            depth: metrics.gauge("workqueue_depth", &queue),
            waited: metrics.histogram("workqueue_queue_duration_seconds", &queue),
            worked: metrics.histogram("workqueue_work_duration_seconds", &queue),
            active: metrics.gauge("controller_runtime_active_workers", &controller),
            succeeded: total("success"),
            requeued: total("requeue_after"),
            failed: total("error"),
            errors: metrics.counter("controller_runtime_reconcile_errors_total", &controller),
            terminal_errors: metrics
                .counter("controller_runtime_terminal_reconcile_errors_total", &controller),
            panics: metrics.counter("controller_runtime_reconcile_panics_total", &controller),
            timeouts: metrics.counter("controller_runtime_reconcile_timeouts_total", &controller),
            hot_loops: metrics.counter("controller_hot_loops_total", &controller),
            reconciled: metrics.histogram("controller_runtime_reconcile_time_seconds", &controller),
        }
    }

    /// A key was due for `waited` before it was taken.
    pub(super) fn waited(&self, waited: Duration) {
        self.waited.observe(waited.as_secs_f64());
    }

    /// A reconcile took `took`.
    pub(super) fn took(&self, took: Duration) {
        self.worked.observe(took.as_secs_f64());
        self.reconciled.observe(took.as_secs_f64());
    }
}
