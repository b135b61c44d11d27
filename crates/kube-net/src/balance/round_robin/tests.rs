//! Fairness, and whose turn it is after a change.

use super::RoundRobin;
use crate::balance::{Balancer, Before, PickContext, Picker};
use crate::resolve::Endpoint;
use std::sync::Arc;

fn endpoints(ids: &[u8]) -> Vec<Arc<Endpoint>> {
    ids.iter().map(|id| Arc::new(Endpoint::new([10, 0, 0, *id].into(), 80))).collect()
}

fn picks(picker: &dyn Picker, count: usize) -> Vec<usize> {
    (0..count).filter_map(|_| picker.pick(&PickContext::default())).collect()
}

#[test]
fn everybody_gets_a_turn() {
    let all = endpoints(&[1, 2, 3]);
    let picker = RoundRobin.build(&all, None);
    assert_eq!(picker.peek(&PickContext::default()), Some(0));
    assert_eq!(picks(&*picker, 7), [0, 1, 2, 0, 1, 2, 0]);
    assert_eq!(RoundRobin.build(&[], None).pick(&PickContext::default()), None);
}

#[test]
fn a_change_neither_skips_nor_starts_over() {
    let old = endpoints(&[2, 4, 6, 8]);
    for (taken, new, next) in [
        (2, &[2, 4, 6, 8][..], 6),
        (2, &[2, 4, 5, 6, 8], 6),
        (2, &[1, 2, 4, 8], 8),
        (3, &[2, 4, 6], 2),
        (0, &[1, 2], 2),
    ] {
        let picker = RoundRobin.build(&old, None);
        picks(&*picker, taken);
        let new = endpoints(new);
        let after = RoundRobin.build(&new, Some(Before { endpoints: &old, picker: &*picker }));
        let at = after.pick(&PickContext::default()).expect("endpoints");
        assert_eq!(new[at].address, std::net::IpAddr::from([10, 0, 0, next]));
    }
}
