//! The better of two.

use super::TwoChoices;
use crate::balance::tests::endpoints;
use crate::balance::{Balancer, PickContext};
use kube_core::env::Env;

#[test]
fn the_busiest_of_many_is_never_taken() {
    let all = endpoints(0..5);
    (0..3).for_each(|_| all[2].load().begin());
    let picker = TwoChoices::new(&Env::manual(5).0).build(&all, None);
    let mut counts = [0; 5];
    for _ in 0..10_000 {
        counts[picker.pick(&PickContext::default()).unwrap()] += 1;
    }
    assert_eq!(counts[2], 0);
    assert!(counts.iter().enumerate().all(|(at, count)| at == 2 || *count > 2_200), "{counts:?}");
}

#[test]
fn held_requests_stay_level() {
    let all = endpoints(0..50);
    let picker = TwoChoices::new(&Env::manual(5).0).build(&all, None);
    for _ in 0..5_000 {
        all[picker.pick(&PickContext::default()).unwrap()].load().begin();
    }
    let most = all.iter().map(|endpoint| endpoint.in_flight()).max();
    assert!(most.is_some_and(|most| most <= 104), "{most:?}: log log n above the mean of 100");
}
