//! The endpoint that will answer first, as far as its latest answers tell.
//!
//! The cost of an endpoint is a mean of its latencies, times the requests in flight and the one to come. The mean jumps
//! up to a slow answer at once and forgets exponentially, so that an endpoint which has become slow is left at once and
//! tried again later. Two endpoints are drawn, and the cheaper one is taken.
//!
//! Source: Finagle's `PeakEwma`, linkerd's and tower's `load::PeakEwma`.

#[cfg(test)]
mod tests;

use super::draw::cheaper;
use super::{Balancer, Before, Draw, PickContext, Picker, Use};
use crate::resolve::Endpoint;
use kube_core::env::{Env, Mono};
use std::sync::Arc;
use std::time::Duration;

/// Draws two endpoints and takes the one that should answer first.
#[derive(Debug)]
pub struct PeakEwma {
    env: Env,
    draws: Draw,
    decay: Duration,
    first: Duration,
}

impl PeakEwma {
    /// With chance and time of `env`: what was seen 10 s ago counts for 1/e, and an endpoint that has not answered yet
    /// is taken for one of 30 ms (linkerd's defaults).
    pub fn new(env: &Env) -> Self {
        Self {
            env: env.clone(),
            draws: Draw::of(env, "balance/peak-ewma"),
            decay: Duration::from_secs(10),
            first: Duration::from_millis(30),
        }
    }

    /// The same, with this time to forget.
    #[must_use]
    pub fn decay(mut self, decay: Duration) -> Self {
        self.decay = decay;
        self
    }

    /// The same, with this latency for endpoints that have not answered yet.
    #[must_use]
    pub fn first_latency(mut self, first: Duration) -> Self {
        self.first = first;
        self
    }
}

impl Balancer for PeakEwma {
    fn name(&self) -> &'static str {
        "peak-ewma"
    }

    fn build(&self, endpoints: &[Arc<Endpoint>], _: Option<Before<'_>>) -> Arc<dyn Picker> {
        Arc::new(Cheaper {
            endpoints: endpoints.to_vec(),
            env: self.env.clone(),
            draw: self.draws.fork(),
            decay: self.decay,
            first: self.first.as_secs_f64() * 1e9,
        })
    }

    fn listens(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Cheaper {
    endpoints: Vec<Arc<Endpoint>>,
    env: Env,
    draw: Draw,
    decay: Duration,
    /// In nanoseconds.
    first: f64,
}

impl Cheaper {
    fn at(&self, cx: &PickContext<'_>, bits: impl FnOnce() -> u64) -> Option<usize> {
        let now = cx.now.unwrap_or_else(|| self.env.now());
        cheaper(bits, self.endpoints.len(), |at| self.cost(at, now))
    }

    fn cost(&self, at: usize, now: Mono) -> f64 {
        let endpoint = &self.endpoints[at];
        let latency = endpoint.load().latency().at(now, self.decay).unwrap_or(self.first);
        #[expect(clippy::cast_precision_loss, reason = "requests in flight are far below 2^52")]
        let requests = (endpoint.in_flight() + 1) as f64;
        latency * requests
    }
}

impl Picker for Cheaper {
    fn pick(&self, cx: &PickContext<'_>) -> Option<usize> {
        self.at(cx, || self.draw.next())
    }

    fn peek(&self, cx: &PickContext<'_>) -> Option<usize> {
        self.at(cx, || self.draw.peek())
    }

    fn report(&self, endpoint: &Endpoint, use_: &Use) {
        // A failure that comes fast must not look like a good answer.
        if use_.succeeded {
            endpoint.load().latency().observe(use_.latency, use_.ended, self.decay);
        }
    }
}
