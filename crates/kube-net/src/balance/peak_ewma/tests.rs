//! The slow one is left, and tried again.

use super::PeakEwma;
use crate::balance::tests::endpoints;
use crate::balance::{Balancer, PickContext, Use};
use kube_core::env::Env;
use std::time::Duration;

#[test]
fn a_slow_endpoint_is_left_at_once_and_tried_again_later() {
    let (env, clock) = Env::manual(5);
    let all = endpoints(0..3);
    let picker = PeakEwma::new(&env).build(&all, None);
    let count = |rounds: u32| -> usize {
        let mut slow = 0;
        for _ in 0..rounds {
            let at = picker.pick(&PickContext::default()).unwrap();
            slow += usize::from(at == 0);
            let latency = Duration::from_millis(if at == 0 { 200 } else { 10 });
            picker.report(&all[at], &Use::new(true, latency, env.now()));
        }
        slow
    };
    // Until it has answered once it is not known; the others are cheaper by then.
    assert!(count(1_000) <= 1);
    assert_eq!(count(1_000), 0);
    clock.advance(Duration::from_mins(2));
    let again = count(1_000);
    assert!((1..=2).contains(&again), "tried again, and left again: {again}");
}

#[test]
fn failures_are_no_answers() {
    let (env, _clock) = Env::manual(5);
    let all = endpoints(0..2);
    let picker = PeakEwma::new(&env).build(&all, None);
    picker.report(&all[0], &Use::new(false, Duration::from_nanos(1), env.now()));
    assert_eq!(all[0].latency(), None);
    picker.report(&all[0], &Use::new(true, Duration::from_millis(7), env.now()));
    assert_eq!(all[0].latency(), Some(Duration::from_millis(7)));
}
