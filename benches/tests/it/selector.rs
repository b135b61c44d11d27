//! Matching labels.

use kube_benches::selector::{Compiled, Indexed, World, baseline::Linear};
use kube_core::selector::LabelSet;

#[test]
fn every_way_matches_the_same() {
    let world = World::new(300, 200);
    let (indexed, compiled, linear) = (Indexed::new(&world), Compiled::new(&world), Linear::new(&world));
    let mut hits = 0;
    for (pod, labels) in world.pods.iter().enumerate() {
        let count = linear.selectors_of(pod);
        assert_eq!(indexed.selectors_of(pod), count, "pod {pod}");
        assert_eq!(indexed.selectors_matching(&LabelSet::from(labels)), count, "labels of pod {pod}");
        assert_eq!(compiled.selectors_of(pod), count, "pod {pod}");
        hits += count;
    }
    for (selector, text) in world.selectors.iter().enumerate() {
        let count = linear.pods_of(selector);
        assert_eq!((indexed.pods_of(selector), compiled.pods_of(selector)), (count, count), "{text}");
    }
    assert!(hits > 100, "the world is not empty of matches: {hits}");
}

#[test]
fn both_ways_see_the_same_changes() {
    let world = World::new(120, 200);
    let (mut indexed, mut linear) = (Indexed::new(&world), Linear::new(&world));
    let mut total = 0;
    for pod in 0..world.pods.len() {
        let labels = &world.pods[(pod + 7) % world.pods.len()];
        let changed = linear.relabel(pod, labels.clone());
        assert_eq!(indexed.relabel(pod, &LabelSet::from(labels)), changed, "pod {pod}");
        total += changed;
    }
    assert!(total > 20, "{total}");
}
