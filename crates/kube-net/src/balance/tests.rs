//! What the policies stand on: draws, hashes, means, ejections, sessions.

use super::draw::{below, pair};
use super::identity::hash;
use super::load::{Decaying, Load};
use super::{Affinity, Draw, OutlierEjection, PickContext, SlowStart, all, find, identity};
use crate::resolve::Endpoint;
use kube_core::env::{Env, Mono};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

pub(super) fn endpoints(ids: std::ops::Range<u16>) -> Vec<Arc<Endpoint>> {
    let address = |id: u16| IpAddr::from([10, 0, id.to_be_bytes()[0], id.to_be_bytes()[1]]);
    ids.map(|id| Arc::new(Endpoint::new(address(id), 80))).collect()
}

fn at(seconds: u64) -> Mono {
    Mono::from_nanos(seconds * 1_000_000_000)
}

#[test]
fn the_registry_finds_every_policy_by_its_name() {
    let (env, _) = Env::manual(1);
    let names: Vec<&str> = all(&env).iter().map(|policy| policy.name()).collect();
    let wanted = [
        "round-robin",
        "random",
        "least-requests",
        "two-choices",
        "peak-ewma",
        "ring-hash",
        "maglev",
        "zone-aware",
    ];
    assert_eq!(names, wanted);
    assert!(wanted.iter().all(|name| find(name, &env).is_some_and(|found| found.name() == *name)));
    assert!(find("best", &env).is_none());
}

#[test]
fn draws_repeat_by_seed_and_pairs_differ() {
    let draws = |seed| {
        let draw = Draw::new(seed);
        (0..100).map(|_| (draw.peek(), draw.next())).collect::<Vec<_>>()
    };
    assert_eq!(draws(7), draws(7));
    assert_ne!(draws(7), draws(8));
    assert!(draws(7).iter().all(|(peeked, drawn)| peeked == drawn));
    let distinct: BTreeSet<u64> = draws(7).into_iter().map(|(_, drawn)| drawn).collect();
    assert_eq!(distinct.len(), 100);
    let pairs: BTreeSet<(usize, usize)> = draws(9).into_iter().map(|(_, bits)| pair(bits, 3)).collect();
    assert_eq!(pairs.len(), 6, "every ordered pair of three, and no place twice in one");
    assert_eq!((below(0, 5), below(u32::MAX, 5), below(u32::MAX, 0)), (0, 4, 0));
}

#[test]
fn endpoints_are_known_by_their_pod() {
    let mut one = Endpoint::new([10, 0, 0, 1].into(), 80);
    let bare = identity(&one);
    assert_ne!(bare, identity(&Endpoint::new([10, 0, 0, 1].into(), 81)));
    assert_eq!(bare, identity(&Endpoint::new([10, 0, 0, 1].into(), 80)));
    one.zone = Some("a".into());
    assert_eq!(bare, identity(&one));
    assert_ne!(hash(b"a"), hash(b"a\0"));
    let client = PickContext::client([10, 0, 0, 1].into());
    assert_eq!(client.hash(), Some(hash(&[10, 0, 0, 1])));
    assert_eq!(PickContext { key: Some(5), ..client }.hash(), Some(5));
}

#[test]
fn the_mean_jumps_up_and_forgets() {
    let mean = Decaying::default();
    let decay = Duration::from_secs(10);
    assert!(mean.at(at(5), decay).is_none());
    mean.observe(Duration::from_millis(100), at(1), decay);
    mean.observe(Duration::from_millis(10), at(1), decay);
    assert!((mean.last() - 1e8).abs() < 1.0, "at the same moment nothing is forgotten");
    mean.observe(Duration::from_millis(10), at(11), decay);
    let wanted = 1e8 / std::f64::consts::E + 1e7 * (1.0 - 1.0 / std::f64::consts::E);
    assert!((mean.last() - wanted).abs() < 10.0, "{} {wanted}", mean.last());
    mean.observe(Duration::from_millis(500), at(12), decay);
    assert!((mean.last() - 5e8).abs() < 1.0);
    assert!(mean.at(at(112), decay).is_some_and(|nanos| nanos < 5e8 * 1e-4));
}

#[test]
fn ejections_follow_envoys_numbers() {
    let rules = OutlierEjection::default();
    let members = endpoints(0..20);
    let fail = |place: usize, now: Mono, times: u32| {
        let mut last = None;
        for _ in 0..times {
            last = rules.observe(members[place].load(), false, now, &members);
        }
        last
    };
    assert_eq!(fail(0, at(1), 4), None);
    rules.observe(members[0].load(), true, at(1), &[]);
    assert_eq!(fail(0, at(1), 4), None, "a success starts the count over");
    assert_eq!(fail(0, at(1), 1), Some(at(31)));
    assert_eq!(fail(0, at(2), 9), None, "not while it is out");
    assert_eq!(fail(1, at(2), 5), Some(at(32)));
    assert_eq!(fail(2, at(3), 50), None, "two of twenty are a tenth");
    assert_eq!(fail(2, at(31), 1), Some(at(61)), "the first is back");
    assert_eq!(fail(0, at(33), 5), Some(at(93)), "twice as long the second time");
    assert_eq!(fail(1, at(70), 5), Some(at(100)), "more than a whole interval forgets one");
    for round in 0..20_u64 {
        let now = at(1_000) + Duration::from_secs(300 * round);
        let until = fail(5, now, 5).expect("out again");
        assert!(until.since(now) <= Duration::from_mins(5));
    }
}

#[test]
fn small_services_keep_all_unless_told() {
    let members = endpoints(0..3);
    let fail = |rules: OutlierEjection| {
        let mut ejected = 0;
        for member in &members {
            for _ in 0..5 {
                ejected += usize::from(rules.observe(member.load(), false, at(1), &members).is_some());
            }
        }
        ejected
    };
    assert_eq!(fail(OutlierEjection::default()), 0);
    assert_eq!(fail(OutlierEjection::default().at_least_one()), 1);
}

#[test]
fn new_endpoints_get_their_share_in_a_straight_line() {
    let slow = SlowStart::new(Duration::from_secs(100));
    let load = Load::default();
    let share = |seconds| slow.share(&load, at(seconds));
    assert!((share(5) - 1.0).abs() < f64::EPSILON);
    assert_eq!(slow.begin(&load, at(1_000)), at(1_100));
    for (seconds, wanted) in [(1_000, 0.1), (1_005, 0.1), (1_050, 0.5), (1_100, 1.0), (9_000, 1.0)] {
        assert!((share(seconds) - wanted).abs() < 1e-9, "{seconds}");
    }
}

#[test]
fn sessions_slide_and_end() {
    let affinity = Affinity::new(Duration::from_secs(10));
    let (client, place) = (IpAddr::from([1, 2, 3, 4]), (IpAddr::from([10, 0, 0, 1]), 80));
    assert_eq!(affinity.at(client, at(0)), None);
    affinity.note(client, place, at(0));
    assert_eq!(affinity.at(client, at(9)), Some(place));
    affinity.note(client, place, at(9));
    assert_eq!(affinity.at(client, at(18)), Some(place));
    assert_eq!(affinity.at(client, at(19)), None);
    for n in 0..200_000_u32 {
        affinity.note(IpAddr::from(n.to_be_bytes()), place, at(20));
    }
    assert_eq!(affinity.at(IpAddr::from(199_999_u32.to_be_bytes()), at(20)), Some(place));
}
