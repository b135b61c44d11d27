//! The caller's own zone first, as far as its endpoints can bear it.
//!
//! It is assumed that requests come from every zone alike. A zone with its share of the endpoints or more keeps all its
//! requests; one with fewer keeps what its share of the endpoints allows, and gives the rest to the zones that have more
//! than theirs. So no endpoint gets more than others of a Service that is spread as it is.
//!
//! A Service with fewer than six endpoints, endpoints in one zone only, or a caller who does not say where it is: one
//! endpoint after the other.
//!
//! Source: Envoy, "Zone aware routing" (`min_cluster_size` 6).

#[cfg(test)]
mod tests;

use super::draw::{halves, unit};
use super::round_robin::Turn;
use super::{Balancer, Before, Draw, PickContext, Picker};
use crate::resolve::Endpoint;
use kube_core::env::Env;
use std::collections::BTreeMap;
use std::sync::Arc;

const FEWEST: usize = 6;

/// The caller's own zone first ([`PickContext::zone`]); within a zone one endpoint after the other.
#[derive(Debug)]
pub struct ZoneAware {
    draws: Draw,
}

impl ZoneAware {
    /// With the chance of `env`.
    pub fn new(env: &Env) -> Self {
        Self { draws: Draw::of(env, "balance/zone-aware") }
    }
}

impl Balancer for ZoneAware {
    fn name(&self) -> &'static str {
        "zone-aware"
    }

    fn build(&self, endpoints: &[Arc<Endpoint>], _: Option<Before<'_>>) -> Arc<dyn Picker> {
        let mut by_zone: BTreeMap<Arc<str>, Vec<usize>> = BTreeMap::new();
        let mut unknown = false;
        for (at, endpoint) in endpoints.iter().enumerate() {
            match &endpoint.zone {
                Some(zone) => by_zone.entry(zone.clone()).or_default().push(at),
                None => unknown = true,
            }
        }
        if unknown || by_zone.len() < 2 || endpoints.len() < FEWEST {
            by_zone.clear();
        }
        let fair = share(1, by_zone.len());
        let named: Vec<Zone> = by_zone
            .into_iter()
            .map(|(name, members)| {
                let share = share(members.len(), endpoints.len());
                Zone {
                    name,
                    keeps: share / fair,
                    spare: (share - fair).max(0.0),
                    members: Members::new(members),
                }
            })
            .collect();
        let spare = named.iter().map(|zone| zone.spare).sum();
        Arc::new(Zones {
            named,
            spare,
            all: Members::new((0..endpoints.len()).collect()),
            draw: self.draws.fork(),
        })
    }
}

#[derive(Debug)]
struct Zones {
    /// By name; none where zones are not looked at.
    named: Vec<Zone>,
    /// What all zones can take over.
    spare: f64,
    all: Members,
    draw: Draw,
}

#[derive(Debug)]
struct Zone {
    name: Arc<str>,
    /// What part of its requests stays; 1 or more for all.
    keeps: f64,
    /// What part of all requests it can take over.
    spare: f64,
    members: Members,
}

impl Zones {
    /// The endpoints that a request goes to; `bits` decides where that is a matter of chance.
    fn members(&self, cx: &PickContext<'_>, bits: impl FnOnce() -> u64) -> &Members {
        let Some(zone) = cx.zone else { return &self.all };
        let Ok(own) = self.named.binary_search_by(|other| (*other.name).cmp(zone)) else { return &self.all };
        let own = &self.named[own];
        if own.keeps >= 1.0 {
            return &own.members;
        }
        let (stay, go) = halves(bits());
        if unit(u64::from(stay) << 32) < own.keeps {
            return &own.members;
        }
        let mut place = unit(u64::from(go) << 32) * self.spare;
        let spare = self.named.iter().filter(|zone| zone.spare > 0.0);
        let mut taker = &own.members;
        for zone in spare {
            taker = &zone.members;
            if place < zone.spare {
                break;
            }
            place -= zone.spare;
        }
        taker
    }
}

impl Picker for Zones {
    fn pick(&self, cx: &PickContext<'_>) -> Option<usize> {
        self.members(cx, || self.draw.next()).next()
    }

    fn peek(&self, cx: &PickContext<'_>) -> Option<usize> {
        self.members(cx, || self.draw.peek()).due()
    }
}

/// Some endpoints, one after the other.
#[derive(Debug)]
struct Members {
    places: Vec<usize>,
    turn: Turn,
}

impl Members {
    fn new(places: Vec<usize>) -> Self {
        Self { turn: Turn::new(places.len(), 0), places }
    }

    fn next(&self) -> Option<usize> {
        self.places.get(self.turn.next()?).copied()
    }

    fn due(&self) -> Option<usize> {
        self.places.get(self.turn.due()?).copied()
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of endpoints are far below 2^52")]
fn share(part: usize, of: usize) -> f64 {
    part as f64 / of.max(1) as f64
}
