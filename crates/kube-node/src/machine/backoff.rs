//! How long to wait before something that failed is tried again.

use kube_core::env::Mono;
use std::time::Duration;

/// First wait.
///
/// Source: `k8s.io/kubernetes/pkg/kubelet` (`initialBackOff`).
pub(super) const BASE: Duration = Duration::from_secs(10);

/// Longest wait.
///
/// Source: `k8s.io/kubernetes/pkg/kubelet` (`MaxContainerBackOff`).
pub(super) const MAX: Duration = Duration::from_mins(5);

/// One thing that may fail: doubling waits, forgotten when it went well for twice the longest wait.
///
/// Source: `k8s.io/client-go/util/flowcontrol` (`Backoff`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Backoff(Option<Entry>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    wait: Duration,
    updated: Mono,
}

impl Backoff {
    /// The wait under way at `now`, and its end, for something that failed at `failed`; `None` when it may be tried.
    pub(super) fn pending(self, failed: Mono, now: Mono) -> Option<(Duration, Mono)> {
        let entry = self.0.filter(|entry| !entry.is_stale(failed))?;
        let until = failed + entry.wait;
        (now < until).then_some((entry.wait, until))
    }

    /// It is tried again after a failure at `failed`: the next wait is longer.
    pub(super) fn next(&mut self, failed: Mono, now: Mono) -> Duration {
        let wait = match self.0.filter(|entry| !entry.is_stale(failed)) {
            Some(entry) => entry.wait.saturating_mul(2).min(MAX),
            None => BASE,
        };
        self.0 = Some(Entry { wait, updated: now });
        wait
    }
}

impl Entry {
    fn is_stale(&self, failed: Mono) -> bool {
        failed.since(self.updated) > MAX * 2
    }
}

/// A wait as Go prints it: `10s`, `1m20s`, `5m0s`.
pub(super) fn shown(wait: Duration) -> String {
    match wait.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds => format!("{}m{}s", seconds / 60, seconds % 60),
    }
}
