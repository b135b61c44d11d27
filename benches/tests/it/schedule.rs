//! Placing pods.

use kube_benches::schedule::baseline::{Loop, Sums};
use kube_benches::schedule::{Ours, World};
use std::collections::BTreeSet;

#[test]
fn every_way_takes_the_same_nodes() {
    let world = World::new(40, 120).expect("the objects decode");
    let ours = Ours::new(&world).expect("the profile resolves").place(&world);
    assert_eq!(ours, Loop::new(&world, Sums::Recomputed).place(&world));
    assert_eq!(ours, Loop::new(&world, Sums::Kept).place(&world));
    let used: BTreeSet<_> = ours.iter().flatten().collect();
    assert!(used.len() > 10, "{used:?}");
}
