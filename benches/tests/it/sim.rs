//! The bench of the simulator measures what it says.

use kube_benches::sim::{baseline, executor, plan, steady};
use std::time::Duration;

#[test]
fn both_executors_take_the_same_steps() {
    // One for each sleep and one for each start; ours has a main task beside them, which ends the run.
    let steps = baseline::executor(5);
    assert_eq!(steps, 1000 * (5 + 1));
    assert_eq!(executor(5), steps + 2);
}

#[test]
fn a_plan_writes_and_a_steady_cluster_beats() {
    assert!(plan(1) > 100);
    let mut plane = steady(3);
    let before = plane.now();
    plane.advance(Duration::from_mins(1));
    assert_eq!(plane.now().since(before), Duration::from_mins(1));
}
