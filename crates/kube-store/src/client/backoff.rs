//! Waiting longer after each failure.

use kube_core::env::Rng;
use std::time::Duration;

/// Delays that grow with every failure in a row, up to a cap. Pure: somebody else sleeps.
#[derive(Clone, Debug, PartialEq)]
pub struct Backoff {
    base: Duration,
    factor: f64,
    cap: Duration,
    jitter: f64,
    next: Duration,
}

impl Backoff {
    /// Delays from `base` on, doubled each time up to `cap`, without jitter.
    pub fn new(base: Duration, cap: Duration) -> Self {
        Self { base, factor: 2.0, cap, jitter: 0.0, next: base.min(cap) }
    }

    /// The same, but multiplied by `factor` each time (at least 1).
    #[must_use]
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor.max(1.0);
        self
    }

    /// The same, but each delay prolonged by a random part of up to `jitter` of it: with 1.0 to the double at the
    /// most, also at the cap.
    #[must_use]
    pub fn jitter(mut self, jitter: f64) -> Self {
        self.jitter = jitter.max(0.0);
        self
    }

    /// The delay before the next attempt. Draws from `rng` once.
    pub fn next(&mut self, rng: &mut Rng) -> Duration {
        let delay = self.next;
        // Step by step instead of by power: the same on every machine and at every optimisation.
        self.next = if self.reaches_cap() { self.cap } else { delay.mul_f64(self.factor) };
        let more = self.jitter * rng.unit();
        delay.saturating_add(Duration::try_from_secs_f64(delay.as_secs_f64() * more).unwrap_or(delay))
    }

    /// Begins at the base again: an attempt went well.
    pub fn reset(&mut self) {
        self.next = self.base.min(self.cap);
    }

    fn reaches_cap(&self) -> bool {
        self.next.as_secs_f64() * self.factor >= self.cap.as_secs_f64()
    }
}
