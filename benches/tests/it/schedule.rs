//! Placing pods.

use kube_benches::schedule::baseline::{Loop, Sums};
use kube_benches::schedule::hard::{Crowd, PerNode, Wish};
use kube_benches::schedule::room::{Full, Greedy, demanding};
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

#[test]
fn pods_that_look_at_others_all_get_a_node() {
    for (name, wish) in Wish::ALL {
        let crowd = Crowd::new(wish, 40, 20).expect("the objects decode");
        let ours = crowd.ours().expect("the profile resolves").place_all(&crowd.pending);
        let naive = PerNode::new(&crowd).place(wish, 20);
        assert!(ours.iter().all(Option::is_some) && naive.iter().all(Option::is_some), "{name}");
        if wish == Wish::Apart {
            assert_eq!(ours.iter().collect::<BTreeSet<_>>().len(), 20, "one on each");
            assert_eq!(naive.iter().collect::<BTreeSet<_>>().len(), 20, "one on each");
        }
    }
}

#[test]
fn room_is_made_on_the_same_node_by_both() {
    let full = Full::new(50).expect("the objects decode");
    let (index, gone) = Greedy::new(50).make_room().expect("room can be made");
    assert_eq!(full.make_room(), Some((format!("node-{index}").into(), gone)));
}

#[test]
fn the_demanding_pod_fits_somewhere() {
    let crowd = Crowd::new(Wish::Spread, 50, 0).expect("the objects decode");
    let node = crowd.ours().expect("the profile resolves").decide(&demanding().expect("it decodes"));
    assert!(node.is_some());
}
