//! Rolling updates under load: with draining no request fails, without it some do.
//!
//! Ten replicas are replaced one after the other, 50 ms apart, while 5,000 requests a second arrive at random; each is
//! served in 1 ms and a random part of 10 ms on average. A replica that is replaced leaves the Service first and ends when
//! nothing of it is in use any more; in the control run it ends at once. What it was serving then fails.

use super::{World, id};
use kube_core::env::{Env, Rng};
use kube_net::balance::{Balancing, find};
use kube_net::resolve::{Endpoint, Picked};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

const REPLICAS: u8 = 10;
const REQUESTS: usize = 3_500;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrival(usize),
    End(usize),
    Replace(u8),
}

struct Rollout {
    world: World,
    drains: bool,
    /// Replicas that can be reached, and those of them that end once they are not in use.
    alive: BTreeSet<u8>,
    leaving: Vec<Arc<Endpoint>>,
    held: BTreeMap<usize, Picked>,
    failed: usize,
    ended: usize,
}

impl Rollout {
    fn replace(&mut self, old: u8) {
        self.alive.insert(old + REPLICAS);
        let leaving = self.world.web().endpoints().into_iter().find(|endpoint| id(endpoint) == old).unwrap();
        self.world.endpoints((old + 1)..=(old + REPLICAS));
        self.leaving.push(leaving);
    }

    /// Ends replicas that may end; what they were serving fails.
    fn end_replicas(&mut self) {
        let drains = self.drains;
        for gone in self.leaving.extract_if(.., |endpoint| !drains || endpoint.in_flight() == 0) {
            self.alive.remove(&id(&gone));
            self.ended += 1;
        }
    }

    fn arrive(&mut self, request: usize) {
        let picked = self.world.web().pick().unwrap();
        if self.alive.contains(&id(&picked)) {
            self.held.insert(request, picked);
        } else {
            self.failed += 1;
            picked.failed();
        }
    }

    fn end(&mut self, request: usize) {
        let Some(picked) = self.held.remove(&request) else { return };
        if self.alive.contains(&id(&picked)) {
            picked.succeeded();
        } else {
            self.failed += 1;
            picked.failed();
        }
    }
}

/// How many requests failed.
fn failures(policy: &str, drains: bool, seed: u64) -> usize {
    let (env, clock) = Env::manual(seed);
    let world = World::new(Balancing::shared(&env, find(policy, &env).unwrap()), REPLICAS);
    let mut rng = Rng::new(seed);
    let mut random = |mean_us: f64| Duration::from_secs_f64(-(1.0 - rng.unit()).ln() * mean_us / 1e6);
    let mut events = BinaryHeap::new();
    let mut arrival = Duration::ZERO;
    for request in 0..REQUESTS {
        arrival += random(200.0);
        events.push(Reverse((arrival, Event::Arrival(request))));
        events.push(Reverse((arrival + Duration::from_millis(1) + random(10_000.0), Event::End(request))));
    }
    for old in 1..=REPLICAS {
        events.push(Reverse((Duration::from_millis(50 * u64::from(old)), Event::Replace(old))));
    }
    let mut rollout = Rollout {
        world,
        drains,
        alive: (1..=REPLICAS).collect(),
        leaving: Vec::new(),
        held: BTreeMap::new(),
        failed: 0,
        ended: 0,
    };
    let mut now = Duration::ZERO;
    while let Some(Reverse((at, event))) = events.pop() {
        clock.advance(at.saturating_sub(now));
        now = at;
        match event {
            Event::Arrival(request) => rollout.arrive(request),
            Event::End(request) => rollout.end(request),
            Event::Replace(old) => rollout.replace(old),
        }
        rollout.end_replicas();
    }
    assert_eq!(rollout.ended, usize::from(REPLICAS), "every old replica ended");
    assert!(rollout.held.is_empty());
    rollout.failed
}

#[test]
#[expect(clippy::print_stdout, reason = "how many requests failed is what the report quotes")]
fn draining_loses_nothing_and_its_absence_does() {
    let policies = ["round-robin", "two-choices", "peak-ewma"];
    let mut lost = 0;
    for seed in 0..50 {
        let policy = policies[usize::try_from(seed).unwrap() % policies.len()];
        assert_eq!(failures(policy, true, seed), 0, "{policy}, seed {seed}");
        let without = failures(policy, false, seed);
        assert!(without > 0, "{policy}, seed {seed}: the control run must lose requests");
        lost += without;
    }
    println!("rollouts: 0 of {} requests failed, {lost} without draining", 50 * REQUESTS);
}
