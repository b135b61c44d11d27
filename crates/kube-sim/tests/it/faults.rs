//! Every kind of fault happens.

use kube_core::kinds::apps::v1::Deployment;
use kube_sim::scenarios::WEB;
use kube_sim::{Faults, Kind, Sim};
use std::time::Duration;

/// Pods come and go, and a controller starts anew, for as long as something may go wrong.
fn busy(kind: Kind) -> Sim {
    let faults = Faults::none().with(kind, 0.95).within(Duration::from_secs(15));
    let sim = Sim::seeds([0]).nodes(2).faults(faults).scenario(|c| async move {
        c.apply(WEB).await;
        for round in 0..6 {
            c.scale::<Deployment>("default/web", 2 + round % 3).await;
            c.sleep(Duration::from_secs(3)).await;
            c.crash("replicaset-controller", Duration::from_millis(200));
        }
        c.settle().await;
    });
    match kind {
        Kind::PowerCut | Kind::DiskError | Kind::DiskFull => sim.on_disk(),
        _ => sim,
    }
}

#[test]
fn every_kind_of_fault_strikes() {
    // A clock that is off does not count who looks at it: the clock has a test of its own.
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Skew) {
        let sim = busy(kind);
        let struck = (0..8).any(|seed| sim.observe(seed).strikes.iter().any(|(_, count)| *count > 0));
        assert!(struck, "{kind:?} had no effect in 8 runs");
    }
}
