//! The better of two endpoints drawn at random.
//!
//! Source: M. Mitzenmacher, "The power of two choices in randomized load balancing"; Envoy's `LEAST_REQUEST`.

#[cfg(test)]
mod tests;

use super::draw::cheaper;
use super::{Balancer, Before, Draw, PickContext, Picker};
use crate::resolve::Endpoint;
use kube_core::env::Env;
use std::sync::Arc;

/// Draws two endpoints and takes the one with fewer requests in flight.
#[derive(Debug)]
pub struct TwoChoices {
    draws: Draw,
}

impl TwoChoices {
    /// With the chance of `env`.
    pub fn new(env: &Env) -> Self {
        Self { draws: Draw::of(env, "balance/two-choices") }
    }
}

impl Balancer for TwoChoices {
    fn name(&self) -> &'static str {
        "two-choices"
    }

    fn build(&self, endpoints: &[Arc<Endpoint>], _: Option<Before<'_>>) -> Arc<dyn Picker> {
        Arc::new(Better { endpoints: endpoints.to_vec(), draw: self.draws.fork() })
    }
}

#[derive(Debug)]
struct Better {
    endpoints: Vec<Arc<Endpoint>>,
    draw: Draw,
}

impl Better {
    fn at(&self, bits: impl FnOnce() -> u64) -> Option<usize> {
        cheaper(bits, self.endpoints.len(), |at| self.endpoints[at].in_flight())
    }
}

impl Picker for Better {
    fn pick(&self, _: &PickContext<'_>) -> Option<usize> {
        self.at(|| self.draw.next())
    }

    fn peek(&self, _: &PickContext<'_>) -> Option<usize> {
        self.at(|| self.draw.peek())
    }
}
