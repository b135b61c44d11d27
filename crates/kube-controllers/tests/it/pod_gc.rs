//! Pods without a node, over a store and a clock that is turned by hand.

use crate::world::World;
use kube_controllers::builtin::pod_gc;
use kube_core::env::Env;
use kube_core::kinds::core::v1::{Node, Pod};
use kube_core::resource::ResourceExt;
use kube_store::api::Api;
use kube_store::service::{DeleteOptions, Patch};
use serde_json::{Value, from_value, json};
use std::time::Duration;

fn pod(name: &str, node: Option<&str>) -> Value {
    json!({ "metadata": { "name": name }, "spec": { "nodeName": node, "containers": [{ "name": "c", "image": "i" }] } })
}

async fn nodes(world: &World, names: &[&str]) -> Api<Node> {
    let nodes: Api<Node> = Api::all(world.objects.clone());
    for name in names {
        let node = from_value(json!({ "metadata": { "name": name } })).expect("a node");
        nodes.create(&node).await.expect("created");
    }
    nodes
}

async fn until_left(world: &World, names: &[&str]) {
    let what = format!("{names:?} are left");
    world.until::<Pod>(&what, |all| all.iter().map(|pod| pod.name()).eq(names.iter().copied())).await;
}

#[tokio::test]
async fn a_deleted_pod_on_a_node_out_of_service_goes() {
    let world = World::with(vec![pod_gc::controller()]);
    let nodes = nodes(&world, &["dead", "fine"]).await;
    for (name, node) in [("a", "dead"), ("b", "fine"), ("c", "dead")] {
        world.create::<Pod>(pod(name, Some(node))).await;
    }
    for name in ["a", "b"] {
        world.api::<Pod>().delete(name, &DeleteOptions::default()).await.expect("terminating");
    }
    world.settle().await;
    until_left(&world, &["a", "b", "c"]).await;
    let taint = json!({ "key": pod_gc::plan::OUT_OF_SERVICE, "effect": "NoExecute" });
    let taint = Patch::Merge(json!({ "spec": { "taints": [taint] } }));
    nodes.patch("dead", &taint).await.expect("tainted");
    until_left(&world, &["b", "c"]).await;
}

#[tokio::test]
async fn pods_of_a_node_that_is_gone_go_after_a_while() {
    let (_, clock) = Env::manual(1);
    let world = World::under(clock.clone(), vec![pod_gc::controller()]);
    let nodes = nodes(&world, &["gone", "here"]).await;
    world.create::<Pod>(pod("a", Some("gone"))).await;
    world.create::<Pod>(pod("b", Some("here"))).await;
    nodes.delete("gone", &DeleteOptions::default()).await.expect("deleted");
    world.settle().await;
    clock.advance(Duration::from_secs(39));
    world.settle().await;
    until_left(&world, &["a", "b"]).await;
    clock.advance(Duration::from_secs(1));
    until_left(&world, &["b"]).await;
}

#[tokio::test]
async fn a_node_that_comes_back_in_time_keeps_its_pods() {
    let (_, clock) = Env::manual(1);
    let world = World::under(clock.clone(), vec![pod_gc::controller()]);
    world.create::<Pod>(pod("a", Some("late"))).await;
    world.settle().await;
    clock.advance(Duration::from_secs(30));
    nodes(&world, &["late"]).await;
    world.settle().await;
    clock.advance(Duration::from_mins(2));
    world.settle().await;
    until_left(&world, &["a"]).await;
}

#[tokio::test]
async fn ended_pods_beyond_the_threshold_go() {
    let world = World::with(vec![pod_gc::keeping(2)]);
    let phase = |phase: &str| Patch::Merge(json!({ "status": { "phase": phase } }));
    for name in ["a", "b", "c", "d"] {
        world.create::<Pod>(pod(name, None)).await;
    }
    // The first pass comes with the first of them; the next one is twenty seconds away.
    let world = World::over(world.storage.clone(), Vec::new());
    for name in ["a", "b", "c"] {
        world.api::<Pod>().patch_status(name, &phase("Succeeded")).await.expect("patched");
    }
    let world = World::over(world.storage.clone(), vec![pod_gc::keeping(2)]);
    until_left(&world, &["b", "c", "d"]).await;
}
