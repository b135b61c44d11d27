//! Endpoints that fail are left out, new ones start slowly, and used ones drain.

use super::{World, id};
use futures::{FutureExt, StreamExt};
use kube_core::env::{Env, ManualClock};
use kube_net::balance::round_robin::RoundRobin;
use kube_net::balance::{Balancing, OutlierEjection, SlowStart, all};
use std::sync::Arc;
use std::time::Duration;

/// Where `rounds` picks go; those of endpoint `bad` fail.
fn shares(world: &World, rounds: u32, bad: u8) -> [u32; 12] {
    let web = world.web();
    let mut counts = [0; 12];
    for _ in 0..rounds {
        let picked = web.pick().unwrap();
        let at = id(&picked);
        counts[usize::from(at)] += 1;
        if at == bad { picked.failed() } else { picked.succeeded() }
    }
    counts
}

fn world(count: u8) -> (World, Arc<ManualClock>) {
    let (env, clock) = Env::manual(3);
    let balancing = Balancing::new(&env, RoundRobin).eject(OutlierEjection::default());
    (World::new(balancing, count), clock)
}

#[test]
fn five_failures_in_a_row_leave_an_endpoint_out_for_thirty_seconds() {
    let (mut world, clock) = world(10);
    assert_eq!(shares(&world, 100, 4)[4], 5);
    assert_eq!(shares(&world, 100, 4)[4], 0);
    assert_eq!(shares(&world, 100, 7)[7], 11, "one of ten is all that may be out");
    // What is known of an endpoint stays through a change.
    world.endpoints(1..=11);
    assert_eq!(shares(&world, 110, 0)[4], 0);
    clock.advance(Duration::from_secs(30));
    assert_eq!(shares(&world, 110, 0)[4], 10);
}

#[test]
fn every_policy_passes_over_who_is_out() {
    let (env, clock) = Env::manual(3);
    for policy in all(&env) {
        let name = policy.name();
        let balancing = Balancing::shared(&env, policy).eject(OutlierEjection::default());
        let world = World::new(balancing, 10);
        let web = world.web();
        let held = loop {
            let picked = web.pick().unwrap();
            // The others answer slowly, so that who goes by latency goes on trying this one.
            clock.advance(Duration::from_millis(100));
            if id(&picked) == 4 {
                picked.failed();
            } else {
                picked.succeeded();
            }
            if web.endpoints()[3].ejected_until() > env.now() {
                break web.pick().unwrap();
            }
        };
        assert_ne!(id(&held), 4, "{name}");
        assert_eq!(shares(&world, 500, 0)[4], 0, "{name}");
        assert!((0..50).all(|_| web.peek().unwrap().ejected_until() <= env.now()), "{name}");
    }
}

#[test]
fn where_all_are_out_all_are_used() {
    let (env, _clock) = Env::manual(3);
    let rules = OutlierEjection::default().percent(100);
    let world = World::new(Balancing::new(&env, RoundRobin).eject(rules), 3);
    let web = world.web();
    (0..15).for_each(|_| web.pick().unwrap().failed());
    assert!(web.endpoints().iter().all(|endpoint| endpoint.ejected_until() > env.now()));
    assert!((0..9).all(|_| web.pick().is_ok()));
}

#[test]
fn a_new_endpoint_gets_its_share_little_by_little() {
    let (env, clock) = Env::manual(3);
    let slow = SlowStart::new(Duration::from_secs(100));
    let mut world = World::new(Balancing::new(&env, RoundRobin).slow_start(slow), 9);
    assert_eq!(shares(&world, 90, 0)[1..=9], [10; 9], "who is there at first has all at once");
    clock.advance(Duration::from_secs(1));
    world.endpoints(1..=10);
    let at_first = shares(&world, 10_000, 0)[10];
    assert!((50..200).contains(&at_first), "a tenth of a tenth: {at_first}");
    clock.advance(Duration::from_secs(50));
    let half = shares(&world, 10_000, 0)[10];
    assert!((400..700).contains(&half), "half of a tenth: {half}");
    clock.advance(Duration::from_secs(50));
    assert_eq!(shares(&world, 10_000, 0)[10], 1_000);
}

#[test]
fn an_endpoint_that_left_drains_until_its_guards_end() {
    let (mut world, _clock) = world(3);
    let web = world.web();
    let (first, second) = (web.pick().unwrap(), web.pick().unwrap());
    assert!(web.draining().is_empty());
    world.endpoints([2, 3]);
    let draining = web.draining();
    assert_eq!(draining.iter().map(|endpoint| id(endpoint)).collect::<Vec<_>>(), [1]);
    let mut drained = Box::pin(draining[0].drained());
    assert!(drained.as_mut().now_or_never().is_none());
    world.endpoints([2, 3, 5]);
    assert_eq!(web.draining().len(), 1, "a later change does not forget it");
    second.succeeded();
    assert!(drained.as_mut().now_or_never().is_none());
    first.succeeded();
    assert!(drained.now_or_never().is_some());
    assert!(web.draining().is_empty());
}

#[test]
fn changes_tell_who_came_and_who_went() {
    let (mut world, _clock) = world(2);
    let mut changes = Box::pin(world.web().changes());
    let mut next = || {
        let change = changes.next().now_or_never().flatten()?;
        let ids = |endpoints: &[Arc<kube_net::resolve::Endpoint>]| -> Vec<u8> {
            endpoints.iter().map(|endpoint| id(endpoint)).collect()
        };
        Some((ids(&change.added), ids(&change.removed)))
    };
    assert_eq!(next(), Some((vec![1, 2], vec![])));
    assert_eq!(next(), None);
    world.endpoints([1, 2]);
    assert_eq!(next(), None, "a snapshot without a difference is no change");
    world.endpoints([2, 3]);
    world.endpoints([3, 4]);
    assert_eq!(next(), Some((vec![3, 4], vec![1, 2])));
    world.table.remove_service(&"prod/web".into());
    world.resolver.publish(&world.table);
    assert_eq!(next(), Some((vec![], vec![3, 4])));
}
