//! Deltas in any order leave what a rebuild would make.

use super::Snapshot;
use crate::fixtures::{info, node, on, pod, requesting};
use crate::framework::{Amounts, NonZero};
use kube_core::kinds::scheduling::v1alpha2::PodGroup;
use kube_core::resource::ObjectKey;
use kube_core::view::{NodeView, PodView};
use proptest::prelude::{Strategy, prop_oneof, proptest};
use proptest::{collection, prop_assert_eq};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug)]
enum Delta {
    Node(u8, u8),
    NodeGone(u8),
    Pod(u8, u8, u8),
    PodEnded(u8, u8),
    PodGone(u8),
    Assume(u8, u8, u8),
    Forget(u8),
}

fn delta() -> impl Strategy<Value = Delta> {
    prop_oneof![
        (0..8_u8, 0..4_u8).prop_map(|(name, kind)| Delta::Node(name, kind)),
        (0..8_u8).prop_map(Delta::NodeGone),
        (0..12_u8, 0..8_u8, 0..5_u8).prop_map(|(name, node, kind)| Delta::Pod(name, node, kind)),
        (0..12_u8, 0..8_u8).prop_map(|(name, node)| Delta::PodEnded(name, node)),
        (0..12_u8).prop_map(Delta::PodGone),
        (0..12_u8, 0..8_u8, 0..5_u8).prop_map(|(name, node, kind)| Delta::Assume(name, node, kind)),
        (0..12_u8).prop_map(Delta::Forget),
    ]
}

fn a_node(name: u8, kind: u8) -> Arc<NodeView> {
    let images = json!([{"names": ["app:1"], "sizeBytes": 50_000_000 + i64::from(kind)}]);
    let more = match kind {
        0 => json!({}),
        1 => json!({"status": {"images": images}}),
        2 => json!({"status": {"images": images, "allocatable": {"example.com/gpu": "2"}}}),
        _ => json!({"spec": {"unschedulable": true}, "status": {"allocatable": {"cpu": "2"}}}),
    };
    node(&format!("n{name}"), more)
}

fn a_pod(name: u8, kind: u8) -> Arc<PodView> {
    let name = format!("p{name}");
    let port = |port: i32| json!({"containers": [{"name": "c", "ports": [{"hostPort": port}]}]});
    match kind {
        0 => pod(&name, json!({})),
        1 => requesting(&name, "1500m", "1Gi"),
        2 => pod(&name, port(80)),
        3 => pod(&name, port(81)),
        _ => {
            let requests = json!({"example.com/gpu": "1", "ephemeral-storage": "1Gi"});
            pod(&name, json!({"containers": [{"name": "c", "resources": {"requests": requests}}]}))
        }
    }
}

/// The same cluster as plain maps, and the snapshot made from scratch.
#[derive(Default)]
struct Model {
    nodes: BTreeMap<String, Arc<NodeView>>,
    /// Pod, node, whether it is assumed.
    pods: BTreeMap<ObjectKey, (Arc<PodView>, String, bool)>,
}

impl Model {
    fn apply(&mut self, delta: &Delta, snapshot: &mut Snapshot) {
        match *delta {
            Delta::Node(name, kind) => {
                let node = a_node(name, kind);
                snapshot.upsert_node(&node);
                self.nodes.insert(node.meta.name.to_string(), node);
            }
            Delta::NodeGone(name) => {
                snapshot.remove_node(&format!("n{name}"));
                self.nodes.remove(&format!("n{name}"));
            }
            Delta::Pod(name, node, kind) => {
                let (pod, node) = (a_pod(name, kind), format!("n{node}"));
                snapshot.upsert_pod(&on(&node, &pod));
                self.pods.insert(pod.meta.key(), (on(&node, &pod), node, false));
            }
            Delta::PodEnded(name, node) => {
                let mut ended = on(&format!("n{node}"), &a_pod(name, 0)).as_ref().clone();
                ended.status.phase = kube_core::view::PodPhase::Succeeded;
                self.pods.remove(&ended.meta.key());
                snapshot.upsert_pod(&Arc::new(ended));
            }
            Delta::PodGone(name) => {
                let key = ObjectKey::new("default", format!("p{name}"));
                snapshot.remove_pod(&key);
                self.pods.remove(&key);
            }
            Delta::Assume(name, node, kind) => {
                let (pod, node) = (a_pod(name, kind), format!("n{node}"));
                snapshot.assume(&info(&pod), &node);
                self.pods.insert(pod.meta.key(), (pod, node, true));
            }
            Delta::Forget(name) => {
                let key = ObjectKey::new("default", format!("p{name}"));
                let assumed = self.pods.get(&key).is_some_and(|(_, _, assumed)| *assumed);
                assert_eq!(snapshot.forget(&key), assumed);
                if assumed {
                    self.pods.remove(&key);
                }
            }
        }
    }

    fn rebuilt(&self) -> Snapshot {
        let mut snapshot = Snapshot::new();
        self.nodes.values().for_each(|node| snapshot.upsert_node(node));
        for (pod, node, assumed) in self.pods.values() {
            if *assumed { snapshot.assume(&info(pod), node) } else { snapshot.upsert_pod(pod) }
        }
        snapshot
    }
}

/// Everything that a plugin can read, by name.
fn readable(snapshot: &Snapshot) -> BTreeMap<String, Value> {
    let nodes = snapshot.nodes().map(|node| {
        let pods: Vec<String> =
            node.pods().iter().map(|pod| format!("{}{}", pod.key(), pod.is_assumed())).collect();
        let ports: Vec<String> = node.ports().iter().map(ToString::to_string).collect();
        let all = json!([
            format!("{:?} {:?} {:?}", node.allocatable(), node.requested(), node.non_zero_requested()),
            [node.pod_limit(), node.pod_count(), node.requested_scalar("example.com/gpu")],
            node.allocatable_scalar("example.com/gpu"),
            node.unschedulable(),
            format!("{:?}", node.image("app:1")),
            pods,
            ports,
        ]);
        (node.name().to_string(), all)
    });
    let mut all: BTreeMap<String, Value> = nodes.collect();
    all.insert("(counts)".to_owned(), json!([snapshot.node_count(), snapshot.pod_count()]));
    all
}

proptest! {
    #[test]
    fn incremental_equals_rebuilt(deltas in collection::vec(delta(), 1..60), fork_at in 0..60_usize) {
        let (mut snapshot, mut model) = (Snapshot::new(), Model::default());
        let mut fork = None;
        for (index, delta) in deltas.iter().enumerate() {
            if index == fork_at {
                fork = Some((snapshot.clone(), readable(&snapshot)));
            }
            model.apply(delta, &mut snapshot);
        }
        prop_assert_eq!(readable(&snapshot), readable(&model.rebuilt()));
        for (key, (_, node, assumed)) in &model.pods {
            prop_assert_eq!(snapshot.node_of(key).map(AsRef::as_ref), Some(node.as_str()));
            prop_assert_eq!(snapshot.is_assumed(key), *assumed);
        }
        // What happened after the fork is not in it.
        if let Some((fork, then)) = fork {
            prop_assert_eq!(readable(&fork), then);
        }
    }
}

#[test]
fn nodes_stand_in_the_order_of_their_coming_and_reuse_places() {
    let mut snapshot = Snapshot::new();
    for name in ["c", "a", "b"] {
        snapshot.upsert_node(&node(name, json!({})));
    }
    snapshot.remove_node("a");
    snapshot.upsert_node(&node("d", json!({})));
    let names: Vec<&str> = snapshot.nodes().map(|node| &**node.name()).collect();
    assert_eq!(names, ["c", "d", "b"]);
}

#[test]
fn more_nodes_than_a_chunk_holds() {
    let mut snapshot = Snapshot::new();
    for number in 0..1000 {
        snapshot.upsert_node(&node(&format!("n{number}"), json!({})));
    }
    assert_eq!(snapshot.nodes().count(), 1000);
    let fork = snapshot.clone();
    snapshot.upsert_pod(&on("n777", &requesting("p", "1", "1Gi")));
    assert_eq!(snapshot.node("n777").unwrap().requested().milli_cpu, 1000);
    assert_eq!(fork.node("n777").unwrap().requested().milli_cpu, 0);
}

#[test]
fn pods_of_a_node_that_is_not_there_yet_count_once_it_comes() {
    let mut snapshot = Snapshot::new();
    snapshot.upsert_pod(&on("n", &requesting("p", "1", "1Gi")));
    assert_eq!((snapshot.node_count(), snapshot.pod_count()), (0, 1));
    snapshot.upsert_node(&node("n", json!({})));
    assert_eq!(snapshot.node("n").unwrap().requested().milli_cpu, 1000);
}

#[test]
fn an_assumed_pod_stays_while_the_store_has_not_bound_it() {
    let mut snapshot = Snapshot::new();
    snapshot.upsert_node(&node("n", json!({})));
    let pod = requesting("p", "1", "1Gi");
    snapshot.assume(&info(&pod), "n");
    snapshot.upsert_pod(&pod);
    assert!(snapshot.is_assumed(&pod.meta.key()));
    snapshot.upsert_pod(&on("n", &pod));
    assert!(!snapshot.is_assumed(&pod.meta.key()));
    assert!(!snapshot.forget(&pod.meta.key()), "what is confirmed stays");
}

#[test]
fn what_a_pod_counts_for_is_told_together_with_what_it_holds() {
    let full = json!({"requests": {"cpu": "1", "memory": "1Gi"}});
    let container = |resources: &Value| json!([{"name": "c", "resources": resources}]);
    let status = |conditions: Value| {
        let statuses =
            json!([{"name": "c", "allocatedResources": {"cpu": "2"}, "resources": {"requests": {}}}]);
        json!({"conditions": conditions, "containerStatuses": statuses})
    };
    let infeasible = json!([{"type": "PodResizePending", "status": "True", "reason": "Infeasible"}]);
    let specs = [
        (json!({"containers": container(&full)}), json!({})),
        (json!({"containers": container(&json!({"requests": {"cpu": "1"}}))}), json!({})),
        (json!({"containers": container(&json!({}))}), json!({})),
        (json!({"containers": container(&full), "initContainers": container(&json!({}))}), json!({})),
        (json!({"containers": container(&full), "initContainers": container(&full)}), json!({})),
        (json!({"containers": container(&full), "overhead": {"memory": "5Mi"}}), json!({})),
        (json!({"containers": container(&json!({})), "resources": full}), json!({})),
        (json!({"containers": container(&full), "resources": {"requests": {"cpu": "3"}}}), json!({})),
        (json!({"containers": container(&full)}), status(json!([]))),
        (json!({"containers": container(&full)}), status(infeasible)),
    ];
    for (spec, status) in specs {
        let pod: PodView =
            kube_core::view::from_value(json!({"metadata": {"name": "p"}, "spec": spec, "status": status}))
                .unwrap();
        let wanted = (Amounts::of_bound(&pod), NonZero::of(&pod));
        assert_eq!(NonZero::with_requests(&pod), wanted, "{spec}");
    }
}

#[test]
fn the_priority_of_a_group_counts_whenever_it_comes() {
    let group = |priority: Option<i32>| {
        let spec = json!({"priority": priority, "schedulingPolicy": {"basic": {}}});
        let group = json!({"metadata": {"name": "g", "namespace": "default"}, "spec": spec});
        Arc::new(serde_json::from_value::<PodGroup>(group).unwrap())
    };
    let member =
        |name: &str| on("n", &pod(name, json!({"schedulingGroup": {"podGroupName": "g"}, "priority": 3})));
    let mut world = Snapshot::new();
    world.upsert_node(&node("n", json!({})));
    world.upsert_pod(&member("before"));
    world.upsert_pod(&on("n", &pod("other", json!({"priority": 3}))));
    let priorities = |world: &Snapshot| {
        let node = world.node("n").unwrap();
        let held: Vec<i32> = node.holdings().iter().map(super::holding::Holding::priority).collect();
        assert_eq!(held, node.pods().iter().map(|pod| pod.priority()).collect::<Vec<_>>());
        held
    };
    assert_eq!(priorities(&world), [3, 3]);
    world.upsert(group(Some(9)));
    world.upsert_pod(&member("after"));
    assert_eq!(priorities(&world), [9, 9, 3]);
    world.upsert(group(None));
    assert_eq!(priorities(&world), [3, 3, 3]);
    world.upsert(group(Some(7)));
    world.remove::<PodGroup>(&ObjectKey::new("default", "g"));
    assert_eq!(priorities(&world), [3, 3, 3]);
}
