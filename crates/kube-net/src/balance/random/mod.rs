//! Any endpoint.

#[cfg(test)]
mod tests;

use super::draw::any;
use super::{Balancer, Before, Draw, PickContext, Picker};
use crate::resolve::Endpoint;
use kube_core::env::Env;
use std::sync::Arc;

/// Any endpoint, each as likely as another.
#[derive(Debug)]
pub struct Random {
    draws: Draw,
}

impl Random {
    /// With the chance of `env`.
    pub fn new(env: &Env) -> Self {
        Self { draws: Draw::of(env, "balance/random") }
    }
}

impl Balancer for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn build(&self, endpoints: &[Arc<Endpoint>], _: Option<Before<'_>>) -> Arc<dyn Picker> {
        Arc::new(Any { len: endpoints.len(), draw: self.draws.fork() })
    }
}

#[derive(Debug)]
struct Any {
    len: usize,
    draw: Draw,
}

impl Picker for Any {
    fn pick(&self, _: &PickContext<'_>) -> Option<usize> {
        any(self.draw.next(), self.len)
    }

    fn peek(&self, _: &PickContext<'_>) -> Option<usize> {
        any(self.draw.peek(), self.len)
    }
}
