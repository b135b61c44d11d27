//! What a pick takes from the allocator: nothing.

use super::World;
use allocation_counter::measure;
use kube_core::env::Env;
use kube_net::balance::{Balancing, OutlierEjection, PickContext, SlowStart, all};
use std::time::Duration;

const ROUNDS: usize = 1_000;

/// Allocations of `ROUNDS` rounds, once whatever is made on first use is there.
fn allocations(mut round: impl FnMut(usize)) -> u64 {
    (0..100).for_each(&mut round);
    measure(|| (0..ROUNDS).for_each(&mut round)).count_total
}

#[test]
fn a_pick_allocates_nothing_whatever_the_policy() {
    let env = Env::manual(1).0;
    for policy in all(&env) {
        let name = policy.name();
        let balancing = Balancing::shared(&env, policy)
            .eject(OutlierEjection::default())
            .slow_start(SlowStart::new(Duration::from_secs(30)));
        let world = World::new(balancing, 10);
        let (web, mut local) = (world.web(), world.web().local());
        let keys: Vec<PickContext<'_>> = (0..7).map(|n| PickContext::key([n]).in_zone("a")).collect();
        let taken = allocations(|n| {
            let key = &keys[n % keys.len()];
            drop(web.pick().unwrap());
            drop(web.pick_for(key).unwrap());
            drop(local.pick().unwrap());
            drop(web.peek().unwrap());
            drop(world.resolver.service("web.prod").unwrap().pick().unwrap());
            assert!(local.peek_for(key).is_ok());
        });
        assert_eq!(taken, 0, "{name}");
    }
}

#[test]
fn allocations_are_seen() {
    assert_eq!(allocations(|_| drop(std::hint::black_box(Box::new(1)))), ROUNDS as u64);
}
