//! The idlest first, equals in turn.

use super::LeastRequests;
use crate::balance::tests::endpoints;
use crate::balance::{Balancer, PickContext};

#[test]
fn the_idlest_is_taken_and_equals_take_turns() {
    let all = endpoints(0..4);
    let picker = LeastRequests.build(&all, None);
    let picks = |count: usize| -> Vec<usize> {
        (0..count).map(|_| picker.pick(&PickContext::default()).unwrap()).collect()
    };
    assert_eq!(picks(5), [0, 1, 2, 3, 0]);
    all[1].load().begin();
    all[2].load().begin();
    assert_eq!(picks(4), [3, 0, 3, 0]);
    all[0].load().begin();
    all[3].load().begin();
    all[3].load().begin();
    assert_eq!(picks(3), [1, 2, 0]);
    all[3].load().end();
    all[3].load().end();
    assert_eq!(picks(2), [3, 3]);
}
