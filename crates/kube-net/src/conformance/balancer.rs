//! The contract of [`Balancer`].

use crate::balance::{Balancer, Before, PickContext, Picker};
use crate::resolve::Endpoint;
use kube_core::env::Env;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Runs every check against the policy that `make` makes with an environment.
///
/// # Panics
/// With what was wrong, when the policy breaks the contract.
pub fn balancer(make: impl Fn(&Env) -> Arc<dyn Balancer>) {
    let fresh = |seed| make(&Env::manual(seed).0);
    nothing_is_chosen_of_nothing(&*fresh(1));
    every_endpoint_is_reached(&*fresh(2));
    peek_tells_the_next_pick(&*fresh(3));
    a_seed_gives_one_run(&*fresh(4), &*fresh(4));
    pickers_follow_changes(&*fresh(5));
    a_key_stays_where_it_is(&*fresh(6));
}

fn nothing_is_chosen_of_nothing(policy: &dyn Balancer) {
    let picker = policy.build(&[], None);
    for cx in contexts(3) {
        assert_eq!(picker.peek(&cx), None, "{}: peeks at nothing for {cx:?}", policy.name());
        assert_eq!(picker.pick(&cx), None, "{}: picks nothing for {cx:?}", policy.name());
    }
}

fn every_endpoint_is_reached(policy: &dyn Balancer) {
    for len in [1, 2, 3, 10, 100] {
        let picker = policy.build(&endpoints(0..len), None);
        let reached: BTreeSet<usize> = (0..200 * u32::from(len)).filter_map(|n| pick(&*picker, n)).collect();
        let all: BTreeSet<usize> = (0..usize::from(len)).collect();
        assert_eq!(reached, all, "{}: each of {len} endpoints is picked, and no other place", policy.name());
    }
}

fn peek_tells_the_next_pick(policy: &dyn Balancer) {
    let picker = policy.build(&endpoints(0..7), None);
    for cx in contexts(100) {
        let peeked = picker.peek(&cx);
        assert_eq!(peeked, picker.peek(&cx), "{}: peek moves on", policy.name());
        assert_eq!(peeked, picker.pick(&cx), "{}: peek told something else", policy.name());
    }
}

fn a_seed_gives_one_run(one: &dyn Balancer, other: &dyn Balancer) {
    let run = |policy: &dyn Balancer| -> Vec<Option<usize>> {
        let picker = policy.build(&endpoints(0..9), None);
        (0..300).map(|n| pick(&*picker, n)).collect()
    };
    assert_eq!(run(one), run(other), "{}: one seed, two runs", one.name());
}

fn pickers_follow_changes(policy: &dyn Balancer) {
    let mut before = endpoints(0..5);
    let mut picker = policy.build(&before, None);
    for range in [2..5, 0..9, 8..9, 0..0, 0..3] {
        for n in 0..40 {
            let _: Option<usize> = pick(&*picker, n);
        }
        let after = endpoints(range);
        picker = policy.build(&after, Some(Before { endpoints: &before, picker: &*picker }));
        for n in 0..40 {
            let place = pick(&*picker, n);
            let fits = place.map_or(after.is_empty(), |place| place < after.len());
            assert!(fits, "{}: {place:?} of {} endpoints", policy.name(), after.len());
        }
        before = after;
    }
}

/// Of a policy that answers the same place for a key twice, and not for picks without one, other endpoints' coming must
/// not move most keys.
fn a_key_stays_where_it_is(policy: &dyn Balancer) {
    let (few, more) = (endpoints(0..50), endpoints(0..51));
    let picker = policy.build(&few, None);
    let place = |picker: &dyn Picker, n: u32| picker.pick(&PickContext::key(n.to_le_bytes()));
    let by_key = (0..200).all(|n| place(&*picker, n) == place(&*picker, n));
    if !by_key {
        return;
    }
    let grown = policy.build(&more, Some(Before { endpoints: &few, picker: &*picker }));
    let moved = (0..2_000).filter(|n| place(&*picker, *n) != place(&*grown, *n)).count();
    assert!(moved < 400, "{}: one of 51 endpoints came, and {moved} of 2000 keys moved", policy.name());
}

fn endpoints(ids: std::ops::Range<u8>) -> Vec<Arc<Endpoint>> {
    let endpoint = |id| {
        let mut endpoint = Endpoint::new(Ipv4Addr::new(10, 0, 0, id).into(), 80);
        endpoint.zone = Some(if id % 2 == 0 { "a" } else { "b" }.into());
        Arc::new(endpoint)
    };
    ids.map(endpoint).collect()
}

/// A pick of the kind that `n` says: plain, by key, by client, in a zone.
fn pick(picker: &dyn Picker, n: u32) -> Option<usize> {
    let key = n.to_le_bytes();
    picker.pick(&context(n, &key))
}

fn context(n: u32, key: &[u8]) -> PickContext<'static> {
    match n % 4 {
        0 => PickContext::default(),
        1 => PickContext::key(key),
        2 => PickContext::client(IpAddr::V4(Ipv4Addr::from(n))),
        _ => PickContext::key(key).in_zone(if n % 8 < 4 { "a" } else { "b" }),
    }
}

fn contexts(count: u32) -> impl Iterator<Item = PickContext<'static>> {
    (0..count).map(|n| context(n, &n.to_le_bytes()))
}
