//! Nodes that fall silent, one and then a whole zone, under all faults.

use super::{WEB, among};
use crate::campaign::Sim;
use crate::oracle::{Commit, Oracle, State, Verdict};
use kube_controllers::builtin::node_lifecycle::sight::{LEASES, LeaseSight, NodeSight, Readiness};
use kube_controllers::builtin::node_lifecycle::taints::{NOT_READY, UNREACHABLE};
use kube_core::env::Mono;
use kube_core::taint::Effect;
use kube_node::SimFleet;
use kube_node::fleet::Heartbeats;
use kube_store::storage::Revision;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

const CONTROLLERS: [&str; 7] = [
    "deployment-controller",
    "replicaset-controller",
    "endpointslice-controller",
    "garbage-collector",
    "pod-garbage-collector-controller",
    "node-lifecycle-controller",
    "taint-eviction-controller",
];

/// One node goes away for a while, and whoever watches over it for a moment; then all of one zone, then one of each.
pub fn silence(seeds: Range<u64>) -> Sim {
    let nodes: SimFleet = super::slow_nodes().heartbeats(Heartbeats::Leases(Duration::from_secs(10)));
    let zones = ["a", "b"];
    let sim = among(seeds, 6, &zones, &CONTROLLERS).fleet(nodes, zones).oracle(|| Box::<Silences>::default());
    // Nodes that beat make an hour of silence dear.
    let sim = sim.silent_for(Duration::from_mins(10));
    sim.scenario(|c| async move {
        c.apply(WEB).await;
        c.sleep(Duration::from_secs(30)).await;
        c.crash("node-1", Duration::from_mins(3));
        c.sleep(Duration::from_mins(4)).await;
        c.crash("node-lifecycle-controller", Duration::from_secs(2));
        c.sleep(Duration::from_secs(20)).await;
        for node in ["node-0", "node-2", "node-4"] {
            c.crash(node, Duration::from_mins(4));
        }
        c.sleep(Duration::from_mins(5)).await;
        for node in ["node-0", "node-1"] {
            c.crash(node, Duration::from_mins(2));
        }
    })
}

/// No node is given up that showed a sign of life shortly before, as far as its controller was told, and none is cleared
/// faster than its zone may be.
#[derive(Debug, Default)]
struct Silences {
    /// When the lease of a node changed.
    seen: BTreeMap<Arc<str>, Vec<(Revision, Mono)>>,
    /// When nodes of a zone were cleared.
    cleared: BTreeMap<String, Vec<Mono>>,
}

/// The controller's grace is 50 s by its own clock, which may run fast.
const LEAST_SILENCE: Duration = Duration::from_secs(15);

/// One node of a zone in so long; one more where the controller was started anew.
const INTERVAL: Duration = Duration::from_secs(6);
const MOST: usize = 2;

impl Oracle for Silences {
    fn name(&self) -> &'static str {
        "silences"
    }

    fn after(&mut self, commit: &Commit, _state: &State) -> Verdict {
        let by_controller = &*commit.author == "node-lifecycle-controller";
        for change in &commit.changes {
            let key = change.key.as_str();
            if let Some(node) = key.strip_prefix("/registry/coordination.k8s.io/leases/") {
                let node = node.strip_prefix(LEASES).map(|node| node.trim_start_matches('/'));
                if let Some(node) = node {
                    self.seen.entry(node.into()).or_default().push((commit.revision, commit.at));
                }
            }
            let Some((Some(before), Some(after))) = change.of::<NodeSight>() else { continue };
            if !by_controller {
                continue;
            }
            self.given_up(&before, &after, commit)?;
            self.cleared(&before, &after, commit.at)?;
        }
        Ok(())
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        for node in state.all::<NodeSight>() {
            let name = &node.meta.name;
            if node.readiness() != Some(Readiness::Ready) {
                return Err(format!("node {name} lives and is not ready"));
            }
            if !node.spec.taints.is_empty() {
                return Err(format!("node {name} lives and is tainted: {:?}", node.spec.taints));
            }
        }
        Ok(())
    }
}

impl Silences {
    fn given_up(&self, before: &NodeSight, after: &NodeSight, commit: &Commit) -> Verdict {
        let unknown = Some(Readiness::Unknown);
        if before.readiness() == unknown || after.readiness() != unknown {
            return Ok(());
        }
        // Before it is told of any lease it can know of none.
        let told = commit.known::<LeaseSight>().unwrap_or(Revision::ZERO);
        let seen = self.seen.get(&after.meta.name).into_iter().flatten();
        let last = seen.rev().find(|(revision, _)| *revision <= told);
        match last.map(|(_, seen)| commit.at.since(*seen)) {
            Some(silent) if silent < LEAST_SILENCE => {
                Err(format!("node {} was given up {silent:?} after a sign of life", after.meta.name))
            }
            _ => Ok(()),
        }
    }

    fn cleared(&mut self, before: &NodeSight, after: &NodeSight, now: Mono) -> Verdict {
        let is_cleared = |node: &NodeSight| {
            [NOT_READY, UNREACHABLE].iter().any(|key| node.has_taint(key, Effect::NoExecute))
        };
        if is_cleared(before) || !is_cleared(after) {
            return Ok(());
        }
        let times = self.cleared.entry(after.zone()).or_default();
        times.retain(|time| now.since(*time) < INTERVAL);
        times.push(now);
        if times.len() > MOST {
            return Err(format!("{} nodes of one zone were cleared within {INTERVAL:?}", times.len()));
        }
        Ok(())
    }
}
