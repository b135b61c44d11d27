//! One of ten replicas answers 20 times slower: what the slowest percent of requests waits, by policy.
//!
//! Requests arrive at random, 1,000 a second, whatever the replicas do. Each replica serves eight at a time in 5 ms and a
//! random part of 10 ms on average; further ones queue.

use super::{World, id};
use kube_core::env::{Env, Rng};
use kube_net::balance::{Balancing, find};
use kube_net::resolve::Picked;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::Duration;

const REQUESTS: usize = 30_000;
const REPLICAS: u8 = 10;
const WORKERS: usize = 8;

#[derive(Default)]
struct Replica {
    busy: usize,
    queue: VecDeque<usize>,
}

/// The 99th percentile of latencies, in nanoseconds.
fn p99(policy: &str, slow: bool, seed: u64) -> u64 {
    let (env, clock) = Env::manual(seed);
    let world = World::new(Balancing::shared(&env, find(policy, &env).unwrap()), REPLICAS);
    let (web, mut rng) = (world.web(), Rng::new(seed));
    let mut random = |mean_us: f64| Duration::from_secs_f64(-(1.0 - rng.unit()).ln() * mean_us / 1e6);
    // By time and number: arrivals, and ends of service. A request's number is below REQUESTS for an arrival.
    let mut events = BinaryHeap::new();
    let mut arrival = Duration::ZERO;
    for request in 0..REQUESTS {
        arrival += random(1_000.0);
        events.push(Reverse((arrival, request)));
    }
    let mut service = |replica: u8| {
        let time = Duration::from_millis(5) + random(5_000.0);
        if slow && replica == 4 { time * 20 } else { time }
    };
    let mut replicas: BTreeMap<u8, Replica> = (1..=REPLICAS).map(|id| (id, Replica::default())).collect();
    let mut held: BTreeMap<usize, (Picked, Duration)> = BTreeMap::new();
    let (mut latencies, mut now) = (Vec::new(), Duration::ZERO);
    while let Some(Reverse((at, event))) = events.pop() {
        clock.advance(at.saturating_sub(now));
        now = at;
        let request = event % REQUESTS;
        if event < REQUESTS {
            held.insert(request, (web.pick().unwrap(), now));
        } else {
            let (picked, began) = held.remove(&request).unwrap();
            let replica = replicas.get_mut(&id(&picked)).unwrap();
            replica.busy -= 1;
            latencies.push(now.saturating_sub(began));
            picked.succeeded();
            if let Some(next) = replica.queue.pop_front() {
                replica.busy += 1;
                let server = id(&held[&next].0);
                events.push(Reverse((now + service(server), next + REQUESTS)));
            }
            continue;
        }
        let server = id(&held[&request].0);
        let replica = replicas.get_mut(&server).unwrap();
        if replica.busy < WORKERS {
            replica.busy += 1;
            events.push(Reverse((now + service(server), request + REQUESTS)));
        } else {
            replica.queue.push_back(request);
        }
    }
    assert_eq!(latencies.len(), REQUESTS);
    latencies.sort_unstable();
    u64::try_from(latencies[REQUESTS * 99 / 100].as_nanos()).unwrap()
}

#[test]
#[expect(clippy::print_stdout, reason = "the ratios are figures that the report quotes")]
fn the_slow_one_is_avoided_by_who_looks() {
    for seed in [1, 2, 3] {
        let ratio = |policy| p99(policy, true, seed) * 100 / p99(policy, false, seed);
        let [turns, two, ewma] = ["round-robin", "two-choices", "peak-ewma"].map(ratio);
        println!("slow replica, seed {seed}: p99 in percent of all healthy: {turns} {two} {ewma}");
        assert!(turns >= 500, "round robin: {turns} %");
        assert!(ewma <= 150, "peak EWMA: {ewma} %");
        assert!(two < turns, "two choices: {two} %");
    }
}

#[test]
fn a_seed_is_one_run() {
    assert_eq!(p99("peak-ewma", true, 9), p99("peak-ewma", true, 9));
}
