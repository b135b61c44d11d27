//! A Deployment from nothing to every replica running, in virtual time.

use kube_benches::end_to_end::baseline::polling;
use kube_benches::end_to_end::{Report, ours};
use kube_sim::Solo;
use std::time::Duration;

const NODES: usize = 3;
const REPLICAS: usize = 12;

#[test]
fn ours_brings_every_pod_into_a_slice() {
    let run = Solo::new(1).run(|world| ours(world.plane(), NODES, REPLICAS, Duration::from_mins(10)));
    check(&run.expect("it does not hang").value.expect("it ends"));
}

#[test]
fn the_baseline_brings_every_pod_into_a_slice() {
    let run = Solo::new(1).run(|world| polling(world.storage(), world.env().clone(), NODES, REPLICAS));
    check(&run.expect("it does not hang").value.expect("it ends"));
}

fn check(report: &Report) {
    let passed: Vec<_> = report.stages.iter().map(|stage| (stage.name, stage.pods)).collect();
    assert_eq!(
        passed,
        [("create", REPLICAS), ("schedule", REPLICAS), ("run", REPLICAS), ("slices", REPLICAS)]
    );
    assert!(report.total() > Duration::ZERO, "{report:?}");
}
