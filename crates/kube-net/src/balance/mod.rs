//! Which endpoint to use next.
//!
//! A [`Balancer`] is a policy; a [`Picker`] is that policy at work for one port of one Service. When the endpoints
//! change the balancer builds a new picker from the old one. What has been learnt of an endpoint (requests in flight,
//! latency, failures) is kept by the [`Endpoint`] itself, which is the same through every change as long as its pod and
//! address are.
//!
//! [`Balancing`] puts a policy to work: with [`OutlierEjection`] and [`SlowStart`] if wanted. Both, and session affinity
//! where a Service asks for it, go with every policy.
//!
//! A policy of one's own is run against `kube_net::conformance::balancer` (feature `conformance`).

pub mod least_requests;
pub mod maglev;
pub mod peak_ewma;
pub mod random;
pub mod ring_hash;
pub mod round_robin;
pub mod two_choices;
pub mod zone_aware;

mod affinity;
mod balancing;
mod context;
mod draw;
mod identity;
mod load;
mod outlier;
mod slow_start;

#[cfg(test)]
mod tests;

pub use balancing::Balancing;
pub use context::PickContext;
pub use draw::Draw;
pub use identity::identity;
pub use outlier::OutlierEjection;
pub use slow_start::SlowStart;

pub(crate) use affinity::Affinity;
pub(crate) use load::Load;

use crate::resolve::Endpoint;
use kube_core::env::{Env, Mono};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A policy that chooses among endpoints.
pub trait Balancer: Send + Sync + fmt::Debug + 'static {
    /// Its name, in kebab case.
    fn name(&self) -> &'static str;

    /// A picker over `endpoints`, in their order (by address), which takes over from the one `before`.
    fn build(&self, endpoints: &[Arc<Endpoint>], before: Option<Before<'_>>) -> Arc<dyn Picker>;

    /// Whether its pickers want to be told how each use of an endpoint went ([`Picker::report`]). Reading the clock
    /// twice per use is then paid for.
    fn listens(&self) -> bool {
        false
    }
}

/// What a new picker takes over from.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// The endpoints that were there, in their order.
    pub endpoints: &'a [Arc<Endpoint>],
    /// The picker that chose among them.
    pub picker: &'a dyn Picker,
}

/// A policy at work: chooses among the endpoints that it was built over, by their place. Must not allocate.
pub trait Picker: Send + Sync + fmt::Debug + 'static {
    /// The next endpoint; `None` where there are none.
    fn pick(&self, cx: &PickContext<'_>) -> Option<usize>;

    /// What [`Picker::pick`] would answer, without moving on.
    fn peek(&self, cx: &PickContext<'_>) -> Option<usize>;

    /// How a use of `endpoint` went; told only where the balancer [listens](Balancer::listens).
    fn report(&self, endpoint: &Endpoint, use_: &Use) {
        let _ = (endpoint, use_);
    }
}

/// How the use of an endpoint went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Use {
    /// Whether it went well.
    pub succeeded: bool,
    /// How long it took.
    pub latency: Duration,
    /// When it ended.
    pub ended: Mono,
}

impl Use {
    /// A use that ended just now.
    pub fn new(succeeded: bool, latency: Duration, ended: Mono) -> Self {
        Self { succeeded, latency, ended }
    }
}

/// Every policy of this crate, with chance and time of `env`.
pub fn all(env: &Env) -> Vec<Arc<dyn Balancer>> {
    vec![
        Arc::new(round_robin::RoundRobin),
        Arc::new(random::Random::new(env)),
        Arc::new(least_requests::LeastRequests),
        Arc::new(two_choices::TwoChoices::new(env)),
        Arc::new(peak_ewma::PeakEwma::new(env)),
        Arc::new(ring_hash::RingHash::new(env)),
        Arc::new(maglev::Maglev::new(env)),
        Arc::new(zone_aware::ZoneAware::new(env)),
    ]
}

/// The policy of that name.
pub fn find(name: &str, env: &Env) -> Option<Arc<dyn Balancer>> {
    all(env).into_iter().find(|balancer| balancer.name() == name)
}
