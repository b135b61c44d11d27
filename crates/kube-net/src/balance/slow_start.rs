//! Giving new endpoints their share little by little.

use super::load::Load;
use kube_core::env::Mono;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How an endpoint that has just become usable gets its share of requests: from [`least`](Self::least) to all of it, in
/// a straight line over the window. The shape is Envoy's (`SlowStartConfig` with aggression 1).
///
/// Endpoints that a Service begins with have their share at once: nobody else could take it. Policies that go by a key
/// are not held up.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SlowStart {
    /// How long it takes.
    pub window: Duration,
    /// The share to begin with: 0.1.
    pub least: f64,
}

impl SlowStart {
    /// Over `window`, from a tenth on.
    pub fn new(window: Duration) -> Self {
        Self { window, least: 0.1 }
    }

    /// What part of its share an endpoint gets at `now`, from 0 to 1.
    pub(crate) fn share(&self, load: &Load, now: Mono) -> f64 {
        match load.since.load(Ordering::Relaxed) {
            0 => 1.0,
            since => {
                let age = now.since(Mono::from_nanos(since)).as_secs_f64();
                (age / self.window.as_secs_f64().max(f64::MIN_POSITIVE)).clamp(self.least, 1.0)
            }
        }
    }

    /// Notes that an endpoint is used from `now` on. Answers when it has its whole share.
    pub(crate) fn begin(&self, load: &Load, now: Mono) -> Mono {
        load.since.store(now.nanos().max(1), Ordering::Relaxed);
        now + self.window
    }
}
