//! Nodes that fall silent, over a store and a clock that is turned by hand.

use crate::world::World;
use kube_controllers::builtin::node_lifecycle::taints::{NOT_READY, UNREACHABLE};
use kube_controllers::builtin::{node_lifecycle, taint_eviction};
use kube_core::env::{Env, ManualClock};
use kube_core::kinds::coordination::v1::Lease;
use kube_core::kinds::core::v1::{Event, Node, Pod};
use kube_core::resource::ResourceExt;
use kube_store::api::Api;
use kube_store::service::{ObjectService, Patch};
use serde_json::{Value, from_value, json};
use std::sync::Arc;
use std::time::Duration;

/// Nodes whose leases a test renews, and the pods on them.
struct Cluster {
    world: World,
    clock: Arc<ManualClock>,
    nodes: Api<Node>,
    leases: Api<Lease>,
}

impl Cluster {
    async fn new(names: &[&str]) -> Self {
        let (_, clock) = Env::manual(1);
        let controllers = vec![node_lifecycle::controller(), taint_eviction::controller()];
        let world = World::under(clock.clone(), controllers);
        let nodes: Api<Node> = Api::all(world.objects.clone());
        let leases: Api<Lease> = Api::namespaced(world.objects.clone(), "kube-node-lease");
        for name in names {
            let labels = json!({ "kubernetes.io/os": "linux", "topology.kubernetes.io/zone": "z" });
            let node = from_value(json!({ "metadata": { "name": name, "labels": labels } })).expect("a node");
            nodes.create(&node).await.expect("created");
            nodes.patch_status(name, &ready("True")).await.expect("reported");
            let lease = from_value(
                json!({ "metadata": { "name": name }, "spec": { "renewTime": "1970-01-01T00:00:00.000000Z" } }),
            );
            leases.create(&lease.expect("a lease")).await.expect("created");
        }
        Self { world, clock, nodes, leases }
    }

    /// A ready pod on a node.
    async fn pod(&self, name: &str, node: &str, tolerations: &Value) {
        let spec = json!({ "nodeName": node, "tolerations": tolerations, "containers": [{ "name": "c", "image": "i" }] });
        self.world.create::<Pod>(json!({ "metadata": { "name": name }, "spec": spec })).await;
        let status = json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] });
        self.world
            .api::<Pod>()
            .patch_status(name, &Patch::Merge(json!({ "status": status })))
            .await
            .expect("reported");
    }

    /// Lets time pass, in steps of five seconds, while these nodes renew their leases.
    async fn pass(&self, seconds: u64, alive: &[&str]) {
        for _ in 0..seconds / 5 {
            self.clock.advance(Duration::from_secs(5));
            let now = self.world.objects.env().wall();
            for name in alive {
                let renew = json!({ "spec": { "renewTime": format!("{now:.6}") } });
                self.leases.patch(name, &Patch::Merge(renew)).await.expect("renewed");
            }
            self.world.settle().await;
        }
    }

    async fn node(&self, name: &str) -> Node {
        self.nodes.get(name).await.expect("a node")
    }
}

fn ready(status: &str) -> Patch {
    Patch::Merge(
        json!({ "status": { "conditions": [{ "type": "Ready", "status": status, "reason": "KubeletReady" }] } }),
    )
}

fn taints(node: &Node) -> Vec<String> {
    let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    taints.map(|taint| format!("{}:{}", taint.key, taint.effect)).collect()
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.filter(|condition| condition.type_ == "Ready").all(|condition| condition.status == "True")
}

fn bears(key: &str, seconds: u64) -> Value {
    json!([{ "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds }])
}

#[tokio::test]
async fn a_silent_node_loses_its_pods_in_order() {
    let cluster = Cluster::new(&["a", "b", "c"]).await;
    cluster.pod("patient", "a", &bears(UNREACHABLE, 60)).await;
    cluster.pod("hasty", "a", &json!([])).await;
    cluster.pod("stays", "b", &json!([])).await;
    cluster.pass(100, &["a", "b", "c"]).await;
    assert!(taints(&cluster.node("a").await).is_empty());
    let labels = cluster.node("a").await.metadata.labels.expect("labels");
    assert_eq!(labels["beta.kubernetes.io/os"], "linux");

    cluster.pass(50, &["b", "c"]).await;
    assert!(taints(&cluster.node("a").await).is_empty(), "it has its grace");
    cluster.pass(10, &["b", "c"]).await;
    let node = cluster.node("a").await;
    let conditions = node.status.as_ref().and_then(|status| status.conditions.clone()).expect("conditions");
    assert!(conditions.iter().all(|condition| condition.status == "Unknown"), "{conditions:?}");
    assert_eq!(conditions.len(), 4);
    let [schedule, execute] = [format!("{UNREACHABLE}:NoSchedule"), format!("{UNREACHABLE}:NoExecute")];
    assert_eq!(taints(&node), [schedule, execute]);
    let pods = cluster.world.list::<Pod>().await;
    let left: Vec<&str> = pods.iter().filter(|pod| !pod.is_terminating()).map(ResourceExt::name).collect();
    assert_eq!(left, ["patient", "stays"]);
    assert!(pods.iter().all(|pod| is_ready(pod) == (pod.name() == "stays")));

    cluster.pass(55, &["b", "c"]).await;
    assert!(!cluster.world.api::<Pod>().get("patient").await.expect("a pod").is_terminating());
    cluster.pass(10, &["b", "c"]).await;
    let patient = cluster.world.api::<Pod>().get("patient").await.expect("a pod");
    assert!(patient.is_terminating(), "its time is up");
    let target = patient.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let target = target.filter(|condition| condition.type_ == "DisruptionTarget").count();
    assert_eq!(target, 1);
    cluster
        .world
        .until::<Event>("events", |events| {
            let has = |reason: &str| events.iter().any(|event| event.reason.as_deref() == Some(reason));
            ["RegisteredNode", "NodeNotReady", "TaintManagerEviction"].into_iter().all(has)
        })
        .await;
}

#[tokio::test]
async fn a_node_that_speaks_up_in_time_keeps_its_pods() {
    let cluster = Cluster::new(&["a", "b"]).await;
    cluster.pod("patient", "a", &bears(UNREACHABLE, 60)).await;
    cluster.pass(20, &["a", "b"]).await;
    cluster.pass(80, &["b"]).await;
    assert_eq!(taints(&cluster.node("a").await).len(), 2);
    cluster.nodes.patch_status("a", &ready("True")).await.expect("reported");
    cluster.pass(100, &["a", "b"]).await;
    assert!(taints(&cluster.node("a").await).is_empty());
    assert!(!cluster.world.api::<Pod>().get("patient").await.expect("a pod").is_terminating());
    cluster
        .world
        .until::<Event>("an event", |events| {
            events
                .iter()
                .any(|event| event.message.as_deref() == Some("Cancelling deletion of Pod default/patient"))
        })
        .await;
}

#[tokio::test]
async fn where_all_nodes_are_silent_no_pod_goes() {
    let cluster = Cluster::new(&["a", "b"]).await;
    cluster.pod("p", "a", &json!([])).await;
    cluster.pass(20, &["a", "b"]).await;
    cluster.pass(300, &[]).await;
    for name in ["a", "b"] {
        assert_eq!(taints(&cluster.node(name).await), [format!("{UNREACHABLE}:NoSchedule")]);
    }
    assert!(!cluster.world.api::<Pod>().get("p").await.expect("a pod").is_terminating());
}

#[tokio::test]
async fn a_new_controller_does_not_take_old_leases_for_failures() {
    let cluster = Cluster::new(&["a", "b", "c"]).await;
    cluster.pass(20, &["a", "b", "c"]).await;
    cluster.world.manager.stop();
    cluster.world.manager.ended().await.expect("a clean stop");
    cluster.clock.advance(Duration::from_hours(5));
    let env = kube_store::rt::env().with_clock(cluster.clock.clone());
    let world = World::again(cluster.world.storage.clone(), &env, vec![node_lifecycle::controller()]);
    let cluster = Cluster { world, ..cluster };
    cluster.pass(20, &[]).await;
    for name in ["a", "b", "c"] {
        assert!(taints(&cluster.node(name).await).is_empty(), "nobody looked for five hours");
    }
    cluster.pass(100, &["a", "b"]).await;
    assert!(taints(&cluster.node("a").await).is_empty());
    assert_eq!(taints(&cluster.node("c").await).len(), 2, "this one was watched for long enough");
}

#[tokio::test]
async fn a_node_that_is_not_ready_is_tainted_for_that() {
    let cluster = Cluster::new(&["a", "b"]).await;
    cluster.pass(10, &["a", "b"]).await;
    cluster.nodes.patch_status("a", &ready("False")).await.expect("reported");
    cluster.world.settle().await;
    assert_eq!(taints(&cluster.node("a").await), [format!("{NOT_READY}:NoSchedule")], "at once");
    cluster.pass(10, &["a", "b"]).await;
    let [schedule, execute] = [format!("{NOT_READY}:NoSchedule"), format!("{NOT_READY}:NoExecute")];
    assert_eq!(taints(&cluster.node("a").await), [schedule, execute]);
}
