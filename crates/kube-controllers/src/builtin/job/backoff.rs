//! How long a Job waits before it replaces failed pods.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/job` (`backoff_utils.go`).

use super::pods::finished_at;
use jiff::{SignedDuration, Timestamp};
use kube_core::view::PodView;
use std::time::Duration;

/// Wait after the first failure; doubles with every further one.
const BASE: Duration = Duration::from_secs(10);
/// Longest wait.
const MAX: Duration = Duration::from_mins(10);

/// Failures since the last success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    /// How many.
    pub failures: i32,
    /// When the last one was.
    pub last_failure: Option<Timestamp>,
}

impl Backoff {
    /// The same after more pods have ended.
    #[must_use]
    pub fn after<'a>(
        self,
        succeeded: impl IntoIterator<Item = &'a PodView>,
        failed: impl IntoIterator<Item = &'a PodView>,
    ) -> Self {
        let success = succeeded.into_iter().map(finished_at).max();
        let failures: Vec<Timestamp> = failed.into_iter().map(finished_at).collect();
        let Some(success) = success else {
            if failures.is_empty() {
                return self;
            }
            let count = i32::try_from(failures.len()).unwrap_or(i32::MAX);
            return Self {
                failures: self.failures.saturating_add(count),
                last_failure: failures.into_iter().max(),
            };
        };
        let since = failures.iter().filter(|time| **time > success);
        Self {
            failures: i32::try_from(since.clone().count()).unwrap_or(i32::MAX),
            last_failure: since.max().copied(),
        }
    }

    /// How long to wait still.
    pub fn remaining(&self, now: Timestamp) -> Duration {
        let Some(last) = self.last_failure.filter(|_| self.failures > 0) else { return Duration::ZERO };
        let doublings = u32::try_from(self.failures - 1).unwrap_or(0).min(16);
        let wait = BASE.saturating_mul(1 << doublings).min(MAX);
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO);
        Duration::try_from(wait.saturating_sub(now.duration_since(last))).unwrap_or_default()
    }
}
