//! Matching labels.

use kube_benches::selector::{Compiled, World, baseline::Linear};

#[test]
fn every_way_matches_the_same() {
    let world = World::new(300, 200);
    let (compiled, linear) = (Compiled::new(&world), Linear::new(&world));
    let mut hits = 0;
    for pod in 0..world.pods.len() {
        assert_eq!(compiled.selectors_of(pod), linear.selectors_of(pod), "pod {pod}");
        hits += linear.selectors_of(pod);
    }
    for selector in 0..world.selectors.len() {
        assert_eq!(compiled.pods_of(selector), linear.pods_of(selector), "{}", world.selectors[selector]);
    }
    assert!(hits > 100, "the world is not empty of matches: {hits}");
}
