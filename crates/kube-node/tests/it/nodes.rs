//! Nodes over a store, and nothing else.

use futures::StreamExt;
use kube_core::kinds::coordination::v1::Lease;
use kube_core::kinds::core::v1::{Node, Pod};
use kube_core::resource::ResourceExt;
use kube_node::behavior::Delays;
use kube_node::fleet::{Cables, HEARTBEATS, Heartbeats};
use kube_node::{FleetDriver, SimFleet};
use kube_store::api::{Api, Event};
use kube_store::client::Running;
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::rt;
use kube_store::service::{DeleteOptions, ListQuery, ObjectService, WatchQuery};
use kube_store::storage::MemoryStorage;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

struct Cluster {
    objects: Arc<Objects>,
    pods: Api<Pod>,
    fleet: Running,
}

fn cluster(fleet: SimFleet) -> Cluster {
    let env = rt::env();
    let objects = Objects::new(Arc::new(MemoryStorage::with_env(&env)), env.clone());
    let informers = Informers::new(objects.clone());
    let running = Running::start(&env, Box::new(FleetDriver::new(fleet, &informers)));
    Cluster { pods: Api::namespaced(objects.clone(), "default"), objects, fleet: running }
}

fn pod(name: &str) -> Pod {
    let object = json!({
        "metadata": { "name": name, "namespace": "default" },
        "spec": { "containers": [{ "name": "c", "image": "example.org/c:1" }] },
    });
    serde_json::from_value(object).unwrap()
}

/// Waits until the pod is as `condition` wants it; deletions are told as `None`.
async fn until(pods: &Api<Pod>, name: &str, condition: impl Fn(Option<&Pod>) -> bool) {
    let mut events = pods.watch(&WatchQuery::all().namespaced("default")).await.unwrap();
    while let Some(event) = events.next().await {
        let met = match event.unwrap() {
            Event::Added(pod) | Event::Modified(pod) => pod.name() == name && condition(Some(&pod)),
            Event::Deleted(pod) => pod.name() == name && condition(None),
            Event::Bookmark(_) => false,
        };
        if met {
            return;
        }
    }
    panic!("the watch ended");
}

fn phase(pod: Option<&Pod>) -> &str {
    pod.and_then(|pod| pod.status.as_ref()?.phase.as_deref()).unwrap_or_default()
}

#[tokio::test]
async fn a_bound_pod_runs_on_its_node_and_leaves_when_deleted() {
    let stop = Duration::from_millis(5);
    let delays = Delays { stop: stop..=stop, ..Delays::NONE };
    let cluster = cluster(SimFleet::new(2).behavior(delays));
    cluster.pods.create(&pod("web")).await.unwrap();
    cluster.pods.bind("web", "node-1").await.unwrap();
    until(&cluster.pods, "web", |pod| phase(pod) == "Running").await;

    let running = cluster.pods.get("web").await.unwrap().status.unwrap();
    assert_eq!(running.pod_ip.as_deref(), Some("10.0.1.2"));
    let conditions = running.conditions.unwrap();
    assert!(conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True"), "{conditions:?}");

    cluster.pods.delete("web", &DeleteOptions::default()).await.unwrap();
    until(&cluster.pods, "web", |pod| pod.is_none()).await;
    assert!(cluster.pods.find("web").await.unwrap().is_none());
    cluster.fleet.stop();
    cluster.fleet.ended().await.unwrap();
}

#[tokio::test]
async fn nodes_register_with_their_resources_and_show_that_they_live() {
    let cluster = cluster(SimFleet::new(3).cpu("8").zones(["a", "b"]));
    cluster.pods.create(&pod("web")).await.unwrap();
    cluster.pods.bind("web", "node-2").await.unwrap();
    until(&cluster.pods, "web", |pod| phase(pod) == "Running").await;

    let nodes = Api::<Node>::all(cluster.objects.clone());
    let node = nodes.get("node-2").await.unwrap();
    let labels = node.metadata.labels.unwrap();
    assert_eq!(labels["topology.kubernetes.io/zone"], "a");
    assert_eq!(node.status.unwrap().allocatable.unwrap()["cpu"].0, "8");
    let leases = Api::<Lease>::namespaced(cluster.objects.clone(), "kube-node-lease");
    assert_eq!(leases.get("node-0").await.unwrap().spec.unwrap().lease_duration_seconds, Some(40));
}

/// A fleet of more nodes than one transaction takes is registered with few revisions; the same fleet started again finds
/// its nodes and changes nothing but their status.
#[tokio::test]
async fn many_nodes_register_in_few_writes_and_are_found_again() {
    const NODES: usize = 100;
    let first = cluster(SimFleet::new(NODES).heartbeats(Heartbeats::Off));
    let nodes = Api::<Node>::all(first.objects.clone());
    let all = || async { nodes.list(&ListQuery::all()).await.unwrap().items };
    while all().await.len() < NODES {
        tokio::task::yield_now().await;
    }
    let revision = first.objects.current().await.unwrap().get();
    assert!(revision <= 4, "{NODES} nodes took {revision} revisions");
    first.fleet.stop();
    first.fleet.ended().await.unwrap();

    let cordon = |node: &mut Node| node.spec.get_or_insert_default().unschedulable = Some(true);
    nodes.edit("node-7", cordon).await.unwrap();
    let uid = nodes.get("node-7").await.unwrap().uid();
    let informers = Informers::new(first.objects.clone());
    let fleet = SimFleet::new(NODES).cpu("16").heartbeats(Heartbeats::Off);
    let again = Running::start(first.objects.env(), Box::new(FleetDriver::new(fleet, &informers)));
    let cpu = |node: &Node| node.status.clone()?.capacity?.get("cpu").cloned();
    while !all().await.iter().all(|node| cpu(node).is_some_and(|cpu| cpu.0 == "16")) {
        tokio::task::yield_now().await;
    }
    let node = nodes.get("node-7").await.unwrap();
    assert_eq!((node.uid(), node.spec.unwrap().unschedulable), (uid, Some(true)));
    again.stop();
    again.ended().await.unwrap();
}

#[tokio::test]
async fn a_closed_store_ends_the_fleet_with_that_cause() {
    let cluster = cluster(SimFleet::new(1));
    cluster.pods.create(&pod("web")).await.unwrap();
    cluster.pods.bind("web", "node-0").await.unwrap();
    until(&cluster.pods, "web", |pod| phase(pod) == "Running").await;
    cluster.objects.storage().close();
    let cause = cluster.fleet.ended().await.unwrap_err();
    assert!(cause.is_closed(), "{cause}");
}

/// A container whose environment cannot be made says so, and starts once it can.
#[tokio::test]
async fn a_missing_config_map_holds_a_container_up_until_it_is_there() {
    let cluster = cluster(SimFleet::new(1).environments());
    let mut waiting = pod("web");
    let from = json!([{ "name": "LEVEL", "valueFrom": { "configMapKeyRef": { "name": "settings", "key": "level" } } }]);
    waiting.spec.as_mut().unwrap().containers[0].env = Some(serde_json::from_value(from).unwrap());
    cluster.pods.create(&waiting).await.unwrap();
    cluster.pods.bind("web", "node-0").await.unwrap();
    let reason = |pod: Option<&Pod>| {
        let status = pod?.status.as_ref()?.container_statuses.as_ref()?.first()?.state.as_ref()?;
        status.waiting.as_ref()?.message.clone()
    };
    let missing = "configmap \"settings\" not found";
    until(&cluster.pods, "web", |pod| reason(pod).is_some_and(|message| message == missing)).await;
    let held = cluster.pods.get("web").await.unwrap().status.unwrap();
    assert_eq!(held.phase.as_deref(), Some("Pending"));
    assert_eq!(held.container_statuses.unwrap()[0].restart_count, 0);
    cluster.fleet.stop();
    cluster.fleet.ended().await.unwrap();
}

/// Conditions that others own are kept, and pods that wait for them become ready by them.
#[tokio::test]
async fn a_readiness_gate_opens_by_somebody_elses_condition() {
    let cluster = cluster(SimFleet::new(1));
    let mut waiting = pod("web");
    let gates = json!([{ "conditionType": "example.org/lb" }]);
    waiting.spec.as_mut().unwrap().readiness_gates = Some(serde_json::from_value(gates).unwrap());
    cluster.pods.create(&waiting).await.unwrap();
    cluster.pods.bind("web", "node-0").await.unwrap();
    let condition = |pod: Option<&Pod>, kind: &str| {
        let conditions = pod?.status.as_ref()?.conditions.as_ref()?;
        Some(conditions.iter().find(|condition| condition.type_ == kind)?.status.clone())
    };
    until(&cluster.pods, "web", |pod| condition(pod, "ContainersReady").as_deref() == Some("True")).await;
    let unready = cluster.pods.get("web").await.unwrap();
    assert_eq!(condition(Some(&unready), "Ready").as_deref(), Some("False"));
    let open = json!({ "type": "example.org/lb", "status": "True" });
    let open = serde_json::from_value(open).unwrap();
    let edit =
        |pod: &mut Pod| pod.status.get_or_insert_default().conditions.get_or_insert_default().push(open);
    let mut edited = unready.clone();
    edit(&mut edited);
    cluster.pods.update_status(&edited).await.unwrap();
    until(&cluster.pods, "web", |pod| condition(pod, "Ready").as_deref() == Some("True")).await;
    let ready = cluster.pods.get("web").await.unwrap();
    assert_eq!(condition(Some(&ready), "example.org/lb").as_deref(), Some("True"));
    cluster.fleet.stop();
    cluster.fleet.ended().await.unwrap();
}

/// Virtual leases: as long as a node lives nothing is written of that; of one that falls silent a lease is left, and its
/// silence counts until it is back.
#[tokio::test]
async fn virtual_leases_are_written_of_nodes_that_fall_silent() {
    let cables = Cables::default();
    let beats = Heartbeats::Virtual(Duration::from_millis(5));
    let cluster = cluster(SimFleet::new(2).cables(&cables).heartbeats(beats));
    let nodes = Api::<Node>::all(cluster.objects.clone());
    let leases = Api::<Lease>::namespaced(cluster.objects.clone(), "kube-node-lease");
    let is_excused = |node: Option<Node>| {
        let annotations = node.and_then(|node| node.metadata.annotations).unwrap_or_default();
        annotations.get(HEARTBEATS).map(String::as_str) == Some("off")
    };
    let excused = async |expected: bool| {
        while is_excused(nodes.find("node-1").await.unwrap()) != expected {
            tokio::task::yield_now().await;
        }
    };
    excused(true).await;
    assert!(leases.find("node-1").await.unwrap().is_none());
    cables.pull("node-1");
    excused(false).await;
    assert!(leases.find("node-1").await.unwrap().is_some(), "its last sign of life");
    assert!(leases.find("node-0").await.unwrap().is_none());
    assert!(is_excused(nodes.find("node-0").await.unwrap()));
    cables.plug_in("node-1");
    excused(true).await;
    cluster.fleet.stop();
    cluster.fleet.ended().await.unwrap();
}
