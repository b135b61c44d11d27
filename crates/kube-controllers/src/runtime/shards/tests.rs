//! Who works on what.

use super::members::Members;
use super::{Shard, Sharding, assign};
use kube_core::env::Mono;
use kube_core::resource::ObjectKey;
use kube_store::storage::Revision;
use proptest::prelude::{prop, proptest};
use proptest::{prop_assert, prop_assert_eq};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn names(members: &BTreeSet<String>) -> Vec<Option<&str>> {
    assign(members.iter().map(String::as_str), 64)
}

proptest! {
    #[test]
    fn nothing_moves_but_to_who_comes_and_from_who_goes(
        members in prop::collection::btree_set("[a-z]{1,8}", 1..8),
        other in "[A-Z]{1,8}",
    ) {
        let before = names(&members);
        prop_assert!(before.iter().all(|member| member.is_some_and(|name| members.contains(name))));
        let mut more = members.clone();
        more.insert(other.clone());
        for (before, after) in before.iter().zip(names(&more)) {
            prop_assert!(*before == after || after == Some(&*other), "{before:?} to {after:?}");
        }
        // In whatever order they are told of.
        prop_assert_eq!(assign(members.iter().rev().map(String::as_str), 64), before);
    }

    #[test]
    fn a_key_is_in_one_shard(namespace in "[a-z0-9-]{0,20}", of in 1_u32..64) {
        let key = ObjectKey::new(namespace.as_str(), "x");
        let holding: Vec<Shard> = Shard::all(of).filter(|shard| shard.holds(&key)).collect();
        prop_assert_eq!(holding, vec![Shard::of_namespace(&namespace, of)]);
    }
}

#[test]
fn shards_are_about_equal() {
    let mut namespaces = BTreeMap::<Shard, u32>::new();
    for n in 0..16_000 {
        *namespaces.entry(Shard::of_namespace(&format!("team-{n}"), 16)).or_default() += 1;
    }
    assert_eq!(namespaces.len(), 16);
    assert!(namespaces.values().all(|count| (850..1150).contains(count)), "{namespaces:?}");
    let members: Vec<String> = (0..8).map(|n| format!("controller-{n}")).collect();
    let mut shards = BTreeMap::<&str, u32>::new();
    for member in assign(members.iter().map(String::as_str), 1024).into_iter().flatten() {
        *shards.entry(member).or_default() += 1;
    }
    assert!(shards.values().all(|count| (90..170).contains(count)), "{shards:?}");
    assert_eq!(assign([], 3), [None, None, None]);
}

/// The places of namespaces are part of what instances of different releases agree about.
#[test]
fn places_never_change() {
    let place = |namespace| Shard::of_namespace(namespace, 1024).number();
    assert_eq!(["", "default", "kube-system"].map(place), PLACES);
}

const PLACES: [u32; 3] = [548, 394, 703];

#[test]
fn one_takes_part_as_long_as_it_shows_signs_of_life() {
    let at = |seconds| Mono::default() + Duration::from_secs(seconds);
    let sign = |name: &str, version| (name.to_owned(), Revision::new(version));
    let mut members = Members::new("me", Duration::from_secs(15));
    assert_eq!(members.live(at(0)), ["me"]);
    members.observe([sign("a", 1), sign("b", 1)], at(0));
    members.observe([sign("a", 2), sign("b", 1), sign("me", 9)], at(10));
    assert_eq!(members.live(at(14)), ["a", "b", "me"]);
    assert_eq!(members.live(at(15)), ["a", "me"], "b said nothing since");
    members.observe([sign("b", 3)], at(20));
    assert_eq!(members.live(at(20)), ["b", "me"], "a is gone, and b is back");
    assert_eq!(members.live(at(500)), ["me"]);
}

#[test]
fn who_is_silent_for_long_is_gone_for_good() {
    let at = |seconds| Mono::default() + Duration::from_secs(seconds);
    let sign = |name: &str, version| (name.to_owned(), Revision::new(version));
    let mut members = Members::new("me", Duration::from_secs(15));
    members.observe([sign("a", 1), sign("b", 1), sign("me", 1)], at(0));
    members.observe([sign("a", 2), sign("b", 1), sign("me", 1)], at(30));
    assert_eq!(members.gone(at(59)), []);
    assert_eq!(members.gone(at(60)), [("b", Revision::new(1))], "by its last sign, and never oneself");
    members.observe([sign("a", 2), sign("b", 7)], at(61));
    assert_eq!(members.gone(at(89)), [], "b is back");
    assert_eq!(members.gone(at(90)), [("a", Revision::new(2))]);
}

#[test]
fn what_cannot_be_shared_is_refused() {
    let field = |sharding: Sharding| sharding.check().map_err(|error| error.field);
    assert_eq!(field(Sharding::new("controllers", "plane-a.example.org", 16)), Ok(()));
    assert_eq!(field(Sharding::new("controllers", "plane-a", 0)), Err("shards"));
    assert_eq!(field(Sharding::new("controllers", "Plane A", 16)), Err("identity"));
    assert_eq!(field(Sharding::new("", "plane-a", 16)), Err("name"));
}
