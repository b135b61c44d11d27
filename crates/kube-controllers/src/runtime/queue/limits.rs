//! How fast failed keys come back.

use kube_core::env::Mono;
use std::time::Duration;

/// How long a failed key waits: the longer of an exponential delay of its own and its turn in a bucket shared by all.
///
/// Source: `k8s.io/client-go/util/workqueue` (`DefaultTypedControllerRateLimiter`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryLimits {
    /// Delay after the first failure of a key; doubles with every further one.
    pub base: Duration,
    /// Longest delay of a key.
    pub cap: Duration,
    /// Time in which the bucket fills by one retry.
    pub interval: Duration,
    /// Retries that a full bucket lets through at once.
    pub burst: u32,
}

impl Default for RetryLimits {
    /// 5 ms, doubled up to 1,000 s; 10 retries per second after a burst of 100.
    fn default() -> Self {
        Self {
            base: Duration::from_millis(5),
            cap: Duration::from_secs(1000),
            interval: Duration::from_millis(100),
            burst: 100,
        }
    }
}

impl RetryLimits {
    /// These delays per key, with the default bucket.
    pub fn new(base: Duration, cap: Duration) -> Self {
        Self { base, cap, ..Self::default() }
    }

    /// The delay of a key that has failed `failures` times before.
    pub fn backoff(&self, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures);
        factor.and_then(|factor| self.base.checked_mul(factor)).map_or(self.cap, |delay| delay.min(self.cap))
    }
}

/// A token bucket as the time at which it would be full again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    full_at: Mono,
}

impl Bucket {
    /// Takes a token and says how long to wait for it.
    pub(super) fn reserve(&mut self, limits: &RetryLimits, now: Mono) -> Duration {
        self.full_at = self.full_at.max(now) + limits.interval;
        self.full_at.since(now).saturating_sub(limits.interval * limits.burst)
    }
}
