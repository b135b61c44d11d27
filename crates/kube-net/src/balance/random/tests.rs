//! Each endpoint as likely as another.

use super::Random;
use crate::balance::tests::endpoints;
use crate::balance::{Balancer, PickContext};
use kube_core::env::Env;

#[test]
fn shares_are_even_within_five_deviations() {
    let picker = Random::new(&Env::manual(3).0).build(&endpoints(0..10), None);
    let mut counts = [0_u32; 10];
    for _ in 0..100_000 {
        counts[picker.pick(&PickContext::default()).unwrap()] += 1;
    }
    // Standard deviation: the root of 100,000 * 0.1 * 0.9, 95.
    assert!(counts.iter().all(|count| count.abs_diff(10_000) < 475), "{counts:?}");
}
