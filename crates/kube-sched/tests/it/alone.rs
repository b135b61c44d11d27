//! Something useful from this crate alone: how many more pods does a cluster take, and on which nodes?

use kube_core::env::Rng;
use kube_core::view::{NodeView, PodView, from_value};
use kube_sched::framework::PodInfo;
use kube_sched::{Decision, Engine, Profile, Snapshot};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

fn node(name: &str, cpu: &str, pods: &str) -> Arc<NodeView> {
    let allocatable = json!({"cpu": cpu, "memory": "64Gi", "pods": pods});
    Arc::new(from_value(json!({"metadata": {"name": name}, "status": {"allocatable": allocatable}})).unwrap())
}

fn replica(number: usize) -> PodInfo {
    let requests = json!({"cpu": "500m", "memory": "1Gi"});
    let pod: PodView = from_value(json!({
        "metadata": {"name": format!("web-{number}"), "namespace": "default"},
        "spec": {"containers": [{"name": "web", "resources": {"requests": requests}}]}
    }))
    .unwrap();
    PodInfo::new(pod)
}

/// Places replicas on a fork until none fits; gives the number per node and the reason of the first that did not fit.
fn fill(cluster: &Snapshot, seed: u64) -> (BTreeMap<String, usize>, String) {
    let engine = Engine::new(&Profile::default()).unwrap();
    let (mut fork, mut rng) = (cluster.clone(), Rng::new(seed));
    let mut counts = BTreeMap::new();
    for number in 0.. {
        let pod = replica(number);
        match engine.schedule_with(&fork, &pod, &mut rng) {
            Decision::Place { node, .. } => {
                fork.assume(&pod, &node);
                *counts.entry(node.to_string()).or_default() += 1;
            }
            Decision::Unschedulable(why) => return (counts, why.to_string()),
            Decision::Failed(error) => panic!("{error}"),
        }
    }
    unreachable!("nodes are finite")
}

#[test]
fn a_scheduler_over_hand_made_nodes_fills_them_evenly_and_says_why_it_stops() {
    let mut cluster = Snapshot::new();
    for (name, cpu, pods) in [("a", "4", "110"), ("b", "4", "110"), ("few", "32", "3")] {
        cluster.upsert_node(&node(name, cpu, pods));
    }
    let (counts, why) = fill(&cluster, 1);
    let want = [("a", 8), ("b", 8), ("few", 3)].map(|(name, count)| (name.to_owned(), count));
    assert_eq!(counts, BTreeMap::from(want));
    assert_eq!(
        why,
        "0/3 nodes are available: 1 Too many pods, 2 Insufficient cpu. \
         preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."
    );
    assert_eq!(cluster.pod_count(), 0, "a fork leaves its origin alone");
    assert_eq!(fill(&cluster, 1), fill(&cluster, 1));
}
