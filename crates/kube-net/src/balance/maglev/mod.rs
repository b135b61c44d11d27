//! The endpoint that a key hashes to, in a table that is nearly perfectly even.
//!
//! Every endpoint has its own order of the 65,537 slots; in turn, each takes the first slot of its order that is still
//! free. Shares differ by one slot at most, a look-up is one read, and losing one of many endpoints moves few keys that
//! were not its own.
//!
//! Source: Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer" (NSDI 2016), section 3.4.

#[cfg(test)]
mod tests;

use super::draw::{any, halves, mix};
use super::{Balancer, Before, Draw, PickContext, Picker, identity};
use crate::resolve::Endpoint;
use kube_core::env::Env;
use std::sync::{Arc, OnceLock};

/// How many slots a table has: a prime, some hundred times the endpoints that it is good for.
pub const SLOTS: u32 = 65_537;

/// The endpoint that a key hashes to. A pick with neither key nor client gets any.
#[derive(Debug)]
pub struct Maglev {
    draws: Draw,
}

impl Maglev {
    /// With the chance of `env`, for picks without a key.
    pub fn new(env: &Env) -> Self {
        Self { draws: Draw::of(env, "balance/maglev") }
    }
}

impl Balancer for Maglev {
    fn name(&self) -> &'static str {
        "maglev"
    }

    fn build(&self, endpoints: &[Arc<Endpoint>], _: Option<Before<'_>>) -> Arc<dyn Picker> {
        Arc::new(Lookup { endpoints: endpoints.to_vec(), table: OnceLock::new(), draw: self.draws.fork() })
    }
}

#[derive(Debug)]
struct Lookup {
    endpoints: Vec<Arc<Endpoint>>,
    /// The endpoint of each slot. Made when first asked by key: most Services never are.
    table: OnceLock<Vec<u32>>,
    draw: Draw,
}

impl Lookup {
    fn at(&self, cx: &PickContext<'_>, bits: impl FnOnce() -> u64) -> Option<usize> {
        if self.endpoints.is_empty() {
            return None;
        }
        let Some(key) = cx.hash() else { return any(bits(), self.endpoints.len()) };
        let identities = || self.endpoints.iter().map(|endpoint| identity(endpoint)).collect::<Vec<_>>();
        let table = self.table.get_or_init(|| table(&identities()));
        let slot = usize::try_from(key % u64::from(SLOTS)).ok()?;
        table.get(slot).map(|endpoint| *endpoint as usize)
    }
}

/// For each slot the place of the endpoint that has it; `identities` must not be empty.
pub(super) fn table(identities: &[u64]) -> Vec<u32> {
    const FREE: u32 = u32::MAX;
    // Where an endpoint's order goes on, and by what step.
    let mut walks: Vec<(u32, u32)> = identities
        .iter()
        .map(|own| {
            let (high, low) = halves(mix(*own));
            (high % SLOTS, low % (SLOTS - 1) + 1)
        })
        .collect();
    let mut table = vec![FREE; SLOTS as usize];
    let mut left = table.len();
    loop {
        for (at, (place, step)) in (0_u32..).zip(&mut walks) {
            // The step and the number of slots have no common factor: the walk comes by every slot.
            while table[*place as usize] != FREE {
                *place = (*place + *step) % SLOTS;
            }
            table[*place as usize] = at;
            left -= 1;
            if left == 0 {
                return table;
            }
        }
    }
}

impl Picker for Lookup {
    fn pick(&self, cx: &PickContext<'_>) -> Option<usize> {
        self.at(cx, || self.draw.next())
    }

    fn peek(&self, cx: &PickContext<'_>) -> Option<usize> {
        self.at(cx, || self.draw.peek())
    }
}
