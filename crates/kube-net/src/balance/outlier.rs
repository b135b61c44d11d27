//! Leaving out endpoints that keep failing.

use super::load::Load;
use crate::resolve::Endpoint;
use kube_core::env::Mono;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// When an endpoint that keeps failing is left out, and for how long. The defaults are Envoy's
/// (`envoy.config.cluster.v3.OutlierDetection`).
///
/// An endpoint is ejected for the base time multiplied by how often it was ejected; for each whole
/// [`interval`](Self::interval) that it then goes without one, one ejection is forgotten. Where all endpoints are
/// ejected, all are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutlierEjection {
    /// So many failures in a row eject: 5.
    pub consecutive_failures: u32,
    /// How long the first ejection lasts: 30 s.
    pub base: Duration,
    /// The longest that one lasts: 300 s.
    pub longest: Duration,
    /// At most so many percent of a Service's endpoints are ejected at a time: 10. With fewer than ten endpoints that is
    /// none, unless [`at_least_one`](Self::at_least_one).
    pub percent: usize,
    /// Whether one endpoint may be ejected whatever the percentage: no.
    pub at_least_one: bool,
    /// How long an endpoint behaves until one ejection of it is forgotten: 10 s.
    pub interval: Duration,
}

impl Default for OutlierEjection {
    fn default() -> Self {
        Self {
            consecutive_failures: 5,
            base: Duration::from_secs(30),
            longest: Duration::from_mins(5),
            percent: 10,
            at_least_one: false,
            interval: Duration::from_secs(10),
        }
    }
}

impl OutlierEjection {
    /// The same with one endpoint ejected whatever the percentage.
    #[must_use]
    pub fn at_least_one(mut self) -> Self {
        self.at_least_one = true;
        self
    }

    /// The same with at most so many percent ejected.
    #[must_use]
    pub fn percent(mut self, percent: usize) -> Self {
        self.percent = percent;
        self
    }

    /// The same with so many failures in a row.
    #[must_use]
    pub fn consecutive_failures(mut self, failures: u32) -> Self {
        self.consecutive_failures = failures.max(1);
        self
    }

    /// Takes in how a use of `load` went, and ejects it if that is due and `among` leaves room. Answers until when.
    ///
    /// Callers hold a lock per set of endpoints for failures, so that two ejections do not share the last room.
    pub(crate) fn observe(
        &self,
        load: &Load,
        succeeded: bool,
        now: Mono,
        among: &[Arc<Endpoint>],
    ) -> Option<Mono> {
        if succeeded {
            load.failures.store(0, Ordering::Relaxed);
            return None;
        }
        // Who is out already is not asked any more; what still comes in was begun before.
        if load.ejected_until() > now {
            return None;
        }
        let failures = load.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if failures < self.consecutive_failures || !self.has_room(among, now) {
            return None;
        }
        let lived_down = now.since(load.ejected_until()).as_nanos() / self.interval.as_nanos().max(1);
        let before = load.ejections.load(Ordering::Relaxed);
        let count = before.saturating_sub(u32::try_from(lived_down).unwrap_or(u32::MAX)) + 1;
        let until = now + self.base.saturating_mul(count).min(self.longest.max(self.base));
        load.ejections.store(count, Ordering::Relaxed);
        load.failures.store(0, Ordering::Relaxed);
        load.ejected_until.store(until.nanos(), Ordering::Relaxed);
        Some(until)
    }

    fn has_room(&self, among: &[Arc<Endpoint>], now: Mono) -> bool {
        let ejected = among.iter().filter(|endpoint| endpoint.ejected_until() > now).count();
        (ejected + 1) * 100 <= self.percent * among.len() || (self.at_least_one && ejected == 0)
    }
}
