//! Keys keep their endpoint.

use super::RingHash;
use crate::balance::tests::endpoints;
use crate::balance::{Balancer, PickContext, Picker};
use kube_core::env::Env;
use std::sync::Arc;

const KEYS: u32 = 20_000;

fn ring(ids: std::ops::Range<u16>) -> Arc<dyn Picker> {
    RingHash::new(&Env::manual(1).0).build(&endpoints(ids), None)
}

fn places(picker: &dyn Picker) -> Vec<usize> {
    (0..KEYS).map(|key| picker.pick(&PickContext::key(key.to_le_bytes())).unwrap()).collect()
}

#[test]
fn only_keys_of_the_lost_move() {
    let (before, after) = (places(&*ring(0..20)), places(&*ring(0..19)));
    for (old, new) in before.iter().zip(&after) {
        assert!(*old == 19 || old == new);
    }
    let lost = before.iter().filter(|place| **place == 19).count();
    assert!((500..1_700).contains(&lost), "a twentieth of {KEYS}, more or less: {lost}");
}

#[test]
fn shares_are_within_half_of_the_mean() {
    let mut counts = [0_u32; 20];
    for place in places(&*ring(0..20)) {
        counts[place] += 1;
    }
    assert!(counts.iter().all(|count| (500..1_500).contains(count)), "{counts:?}");
}
