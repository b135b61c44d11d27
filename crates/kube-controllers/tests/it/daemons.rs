//! DaemonSets on nodes, over a store.

use crate::world::{World, node_agent};
use kube_controllers::builtin::daemon_set;
use kube_core::env::Env;
use kube_core::kinds::apps::v1::{ControllerRevision, DaemonSet};
use kube_core::kinds::core::v1::{Event, Node, Pod};
use kube_core::resource::ResourceExt;
use kube_core::view::{self, PodView};
use kube_store::api::Api;
use kube_store::service::{DeleteOptions, Patch};
use serde_json::{Value, from_value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn world() -> World {
    World::with(vec![daemon_set::controller(), node_agent()])
}

fn agent(strategy: &Value) -> Value {
    json!({
        "metadata": { "name": "agent" },
        "spec": {
            "selector": { "matchLabels": { "app": "agent" } },
            "updateStrategy": strategy,
            "template": {
                "metadata": { "labels": { "app": "agent" } },
                "spec": { "containers": [{ "name": "agent", "image": "agent:1" }] },
            },
        },
    })
}

fn image(image: &str) -> Patch {
    Patch::Merge(
        json!({ "spec": { "template": { "spec": { "containers": [{ "name": "agent", "image": image }] } } } }),
    )
}

fn image_of(pod: &Pod) -> &str {
    pod.spec.as_ref().and_then(|spec| spec.containers[0].image.as_deref()).unwrap_or_default()
}

async fn nodes(world: &World, names: &[&str]) -> Api<Node> {
    let nodes: Api<Node> = Api::all(world.objects.clone());
    for name in names {
        let node = from_value(json!({ "metadata": { "name": name } })).expect("a node");
        nodes.create(&node).await.expect("created");
    }
    nodes
}

fn node_of(pod: &Pod) -> String {
    let lean: PodView = view::of(pod).expect("a pod");
    daemon_set::nodes::target_of(&lean).map(|node| node.to_string()).unwrap_or_default()
}

fn is_complete(set: &DaemonSet, nodes: i32) -> bool {
    let Some(status) = &set.status else { return false };
    status.observed_generation == set.metadata.generation
        && [status.desired_number_scheduled, status.current_number_scheduled, status.number_ready]
            == [nodes; 3]
        && [status.number_available, status.updated_number_scheduled].iter().all(|n| n.unwrap_or(0) == nodes)
        && status.number_misscheduled == 0
}

async fn until_complete(world: &World, nodes: i32) {
    let complete = |all: &[Arc<DaemonSet>]| all.len() == 1 && is_complete(&all[0], nodes);
    world.until::<DaemonSet>("complete", complete).await;
}

/// Most pods on one node, and fewest available pods, that were ever seen.
fn extremes(world: &World) -> Arc<Mutex<(usize, usize)>> {
    let extremes = Arc::new(Mutex::new((0, usize::MAX)));
    let seen = extremes.clone();
    let pods = world.informers.informer::<Pod>();
    let all = pods.clone();
    pods.on_change(move |_| {
        let mut on: BTreeMap<String, usize> = BTreeMap::new();
        let mut ready = 0;
        for pod in all.all() {
            *on.entry(node_of(&pod)).or_default() += 1;
            let running =
                pod.status.as_ref().is_some_and(|status| status.phase.as_deref() == Some("Running"));
            ready += usize::from(running && !pod.is_terminating());
        }
        let mut seen = seen.lock().expect("no panic");
        *seen = (seen.0.max(on.into_values().max().unwrap_or(0)), seen.1.min(ready));
    });
    extremes
}

#[tokio::test]
async fn nodes_that_come_get_a_pod_and_unfit_ones_lose_it() {
    let world = world();
    let nodes = nodes(&world, &["a", "b"]).await;
    world.create::<DaemonSet>(agent(&json!({}))).await;
    until_complete(&world, 2).await;
    let third = from_value(json!({ "metadata": { "name": "c" } })).expect("a node");
    nodes.create(&third).await.expect("created");
    until_complete(&world, 3).await;
    let taint =
        |effect: &str| Patch::Merge(json!({ "spec": { "taints": [{ "key": "gpu", "effect": effect }] } }));
    nodes.patch("a", &taint("NoSchedule")).await.expect("tainted");
    let misscheduled = |all: &[Arc<DaemonSet>]| {
        all[0].status.as_ref().is_some_and(|s| (s.desired_number_scheduled, s.number_misscheduled) == (2, 1))
    };
    world.until::<DaemonSet>("one is misscheduled and stays", misscheduled).await;
    assert_eq!(world.list::<Pod>().await.len(), 3);
    nodes.patch("a", &taint("NoExecute")).await.expect("tainted");
    until_complete(&world, 2).await;
    world
        .until::<Pod>("two pods", |pods| pods.len() == 2 && pods.iter().all(|pod| node_of(pod) != "a"))
        .await;
    world.settle().await;
    let failures: u64 = world.health.iter().map(|health| health.now().panics).sum();
    assert_eq!(failures, 0);
}

#[tokio::test]
async fn a_rolling_update_replaces_pods_in_place() {
    let world = world();
    nodes(&world, &["a", "b", "c"]).await;
    world.create::<DaemonSet>(agent(&json!({}))).await;
    until_complete(&world, 3).await;
    let extremes = extremes(&world);
    world.api::<DaemonSet>().patch("agent", &image("agent:2")).await.expect("patched");
    until_complete(&world, 3).await;
    let (most, fewest) = *extremes.lock().expect("no panic");
    assert!(most <= 1 && fewest >= 2, "{most} on one node, {fewest} available");
    assert!(world.list::<Pod>().await.iter().all(|pod| image_of(pod) == "agent:2"));
    world.api::<DaemonSet>().patch("agent", &image("agent:1")).await.expect("patched");
    until_complete(&world, 3).await;
    let mut numbers: Vec<i64> = world.list::<ControllerRevision>().await.iter().map(|r| r.revision).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3], "a rollback is the old revision with a new number");
}

#[tokio::test]
async fn a_surging_update_never_lacks_a_pod() {
    let world = world();
    nodes(&world, &["a", "b", "c"]).await;
    let surge = json!({ "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 0, "maxSurge": 1 } });
    world.create::<DaemonSet>(agent(&surge)).await;
    until_complete(&world, 3).await;
    let extremes = extremes(&world);
    world.api::<DaemonSet>().patch("agent", &image("agent:2")).await.expect("patched");
    until_complete(&world, 3).await;
    world.until::<Pod>("the old ones are gone", |pods| pods.len() == 3).await;
    let (most, fewest) = *extremes.lock().expect("no panic");
    assert!(most <= 2 && fewest >= 3, "{most} on one node, {fewest} available");
}

#[tokio::test]
async fn on_delete_waits_for_people() {
    let world = world();
    nodes(&world, &["a", "b"]).await;
    world.create::<DaemonSet>(agent(&json!({ "type": "OnDelete" }))).await;
    until_complete(&world, 2).await;
    world.api::<DaemonSet>().patch("agent", &image("agent:2")).await.expect("patched");
    world.settle().await;
    let pods = world.list::<Pod>().await;
    assert!(pods.iter().all(|pod| image_of(pod) == "agent:1"));
    world.api::<Pod>().delete(pods[0].name(), &DeleteOptions::default()).await.expect("deleted");
    world
        .until::<Pod>("one of each", |pods| {
            pods.len() == 2 && pods.iter().filter(|pod| image_of(pod) == "agent:2").count() == 1
        })
        .await;
}

#[tokio::test]
async fn failed_pods_are_replaced_ever_slower() {
    let (_, clock) = Env::manual(1);
    let world = World::under(clock.clone(), vec![daemon_set::controller()]);
    nodes(&world, &["a"]).await;
    world.create::<DaemonSet>(agent(&json!({}))).await;
    let failed = Patch::Merge(json!({ "status": { "phase": "Failed", "reason": "OutOfcpu" } }));
    let mut before = String::new();
    for seconds in [0, 1, 2] {
        world.until::<Pod>("a pod", |pods| pods.len() == 1 && pods[0].uid().as_str() != before).await;
        let pod = world.list::<Pod>().await.remove(0);
        pod.uid().as_str().clone_into(&mut before);
        world.api::<Pod>().patch_status(pod.name(), &failed).await.expect("patched");
        world.settle().await;
        if seconds > 0 {
            assert_eq!(world.list::<Pod>().await[0].uid().as_str(), before, "it waits {seconds} s");
            clock.advance(Duration::from_secs(seconds));
        }
    }
    world
        .until::<Event>("an event", |events| {
            events.iter().any(|event| event.reason.as_deref() == Some("FailedDaemonPod"))
        })
        .await;
}
