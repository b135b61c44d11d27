//! The endpoint that a key hashes to, on a ring.
//!
//! Each endpoint stands at 160 points of a circle of 64-bit numbers; a key belongs to the first point behind its own
//! place. When an endpoint comes or goes only the keys of its points move. The share of an endpoint differs from the
//! mean by some 8 % (one over the root of the points); [`Maglev`](super::maglev::Maglev) is more even.
//!
//! Source: Karger et al., "Consistent hashing and random trees"; libketama (160 points).

#[cfg(test)]
mod tests;

use super::draw::{any, mix};
use super::{Balancer, Before, Draw, PickContext, Picker, identity};
use crate::resolve::Endpoint;
use kube_core::env::Env;
use std::sync::{Arc, OnceLock};

/// The endpoint that a key hashes to. A pick with neither key nor client gets any.
#[derive(Debug)]
pub struct RingHash {
    draws: Draw,
}

const POINTS: u64 = 160;

impl RingHash {
    /// With the chance of `env`, for picks without a key.
    pub fn new(env: &Env) -> Self {
        Self { draws: Draw::of(env, "balance/ring-hash") }
    }
}

impl Balancer for RingHash {
    fn name(&self) -> &'static str {
        "ring-hash"
    }

    fn build(&self, endpoints: &[Arc<Endpoint>], _: Option<Before<'_>>) -> Arc<dyn Picker> {
        Arc::new(Ring { endpoints: endpoints.to_vec(), points: OnceLock::new(), draw: self.draws.fork() })
    }
}

#[derive(Debug)]
struct Ring {
    endpoints: Vec<Arc<Endpoint>>,
    /// Places on the ring with the endpoint there, sorted. Made when first asked by key: most Services never are.
    points: OnceLock<Vec<(u64, u32)>>,
    draw: Draw,
}

impl Ring {
    fn at(&self, cx: &PickContext<'_>, bits: impl FnOnce() -> u64) -> Option<usize> {
        if self.endpoints.is_empty() {
            return None;
        }
        let Some(key) = cx.hash() else { return any(bits(), self.endpoints.len()) };
        let points = self.points.get_or_init(|| points(&self.endpoints));
        let at = points.partition_point(|(place, _)| *place < key);
        let (_, endpoint) = points.get(at).or_else(|| points.first())?;
        Some(*endpoint as usize)
    }
}

fn points(endpoints: &[Arc<Endpoint>]) -> Vec<(u64, u32)> {
    let mut points = Vec::with_capacity(endpoints.len() * 160);
    for (at, endpoint) in (0_u32..).zip(endpoints) {
        let own = identity(endpoint);
        points.extend((0..POINTS).map(|n| (mix(own ^ mix(n)), at)));
    }
    // At one place the endpoint with the lower address wins, whatever the order of arrival.
    points.sort_unstable();
    points
}

impl Picker for Ring {
    fn pick(&self, cx: &PickContext<'_>) -> Option<usize> {
        self.at(cx, || self.draw.next())
    }

    fn peek(&self, cx: &PickContext<'_>) -> Option<usize> {
        self.at(cx, || self.draw.peek())
    }
}
