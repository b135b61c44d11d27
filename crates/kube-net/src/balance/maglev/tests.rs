//! Even shares, few moves.

use super::{Maglev, SLOTS, table};
use crate::balance::draw::mix;
use crate::balance::tests::endpoints;
use crate::balance::{Balancer, PickContext};
use kube_core::env::Env;

#[test]
fn shares_differ_by_one_slot_at_most() {
    for count in [1, 2, 3, 10, 1_000] {
        let table = table(&(0..count).map(mix).collect::<Vec<_>>());
        let mut counts = vec![0_u32; usize::try_from(count).unwrap()];
        for at in &table {
            counts[*at as usize] += 1;
        }
        let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        assert!(most - least <= 1, "{count}: {least}..{most}");
        assert_eq!(counts.iter().sum::<u32>(), SLOTS);
    }
}

#[test]
fn losing_one_of_a_thousand_moves_at_most_two_percent() {
    let all: Vec<u64> = (0..1_000).map(mix).collect();
    let before = table(&all);
    for lost in [0, 1, 500, 999] {
        let mut left = all.clone();
        left.remove(lost);
        let after = table(&left);
        // The places behind the lost one have moved up.
        let same = |old: u32, new: u32| old as usize == new as usize + usize::from(new as usize >= lost);
        let moved = before.iter().zip(&after).filter(|(old, new)| !same(**old, **new)).count();
        let share = moved * 1_000 / before.len();
        assert!(share <= 20, "without endpoint {lost}: {share} per mille of the slots moved");
        assert!(moved >= 65, "its own at least");
    }
}

#[test]
fn a_key_has_one_endpoint_and_no_key_any() {
    let picker = Maglev::new(&Env::manual(1).0).build(&endpoints(0..30), None);
    let of_key = picker.pick(&PickContext::key("tenant-7"));
    assert!((0..50).all(|_| picker.pick(&PickContext::key("tenant-7")) == of_key));
    let any: std::collections::BTreeSet<_> = (0..500).map(|_| picker.pick(&PickContext::default())).collect();
    assert_eq!(any.len(), 30);
}
