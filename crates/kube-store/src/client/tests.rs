//! Tests of what components share.

use super::Backoff;
use kube_core::env::Rng;
use std::time::Duration;

fn millis(backoff: &mut Backoff, rng: &mut Rng, times: usize) -> Vec<u128> {
    (0..times).map(|_| backoff.next(rng).as_millis()).collect()
}

#[test]
fn delays_double_up_to_the_cap_and_begin_again() {
    let mut rng = Rng::new(1);
    let mut backoff = Backoff::new(Duration::from_millis(5), Duration::from_millis(30));
    assert_eq!(millis(&mut backoff, &mut rng, 5), [5, 10, 20, 30, 30]);
    backoff.reset();
    assert_eq!(millis(&mut backoff, &mut rng, 2), [5, 10]);
}

#[test]
fn odd_settings_still_give_delays() {
    let mut rng = Rng::new(1);
    let mut low_cap = Backoff::new(Duration::from_millis(5), Duration::from_millis(3));
    assert_eq!(millis(&mut low_cap, &mut rng, 3), [3, 3, 3]);
    let mut shrinking =
        Backoff::new(Duration::from_millis(5), Duration::from_secs(1)).factor(0.1).jitter(-1.0);
    assert_eq!(millis(&mut shrinking, &mut rng, 3), [5, 5, 5]);
    let mut triple = Backoff::new(Duration::from_millis(5), Duration::from_secs(1)).factor(3.0);
    assert_eq!(millis(&mut triple, &mut rng, 3), [5, 15, 45]);
    let mut endless = Backoff::new(Duration::from_secs(1), Duration::MAX).factor(f64::MAX).jitter(f64::MAX);
    assert!(endless.next(&mut rng) >= Duration::from_secs(1));
    assert!(endless.next(&mut rng) >= Duration::from_secs(1));
}

#[test]
fn jitter_prolongs_by_up_to_its_part() {
    let mut rng = Rng::new(1);
    let base = Duration::from_millis(100);
    let mut backoff = Backoff::new(base, base).jitter(0.5);
    let delays: Vec<Duration> = (0..200).map(|_| backoff.next(&mut rng)).collect();
    assert!(delays.iter().all(|delay| (base..=base.mul_f64(1.5)).contains(delay)));
    assert!(delays.iter().any(|delay| *delay < base.mul_f64(1.1)));
    assert!(delays.iter().any(|delay| *delay > base.mul_f64(1.4)));
}
