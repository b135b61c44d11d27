//! EndpointSlices over a store.

use crate::world::{World, node_agent};
use kube_controllers::builtin::{endpoint_slice, garbage_collector};
use kube_core::kinds::core::v1::{Node, Pod, Service};
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::resource::ResourceExt;
use kube_store::api::Api;
use kube_store::service::{DeleteOptions, Patch};
use serde_json::json;

fn pod(name: &str) -> serde_json::Value {
    json!({
        "metadata": { "name": name, "labels": { "app": "web" } },
        "spec": { "nodeName": "n1", "containers": [{ "name": "web", "image": "web:1" }] },
        "status": { "podIP": "10.0.0.1" },
    })
}

fn addresses(slices: &[std::sync::Arc<EndpointSlice>]) -> Vec<(String, bool)> {
    let endpoints = slices.iter().flat_map(|slice| slice.endpoints.iter().flatten());
    let described = endpoints.map(|endpoint| {
        let ready = endpoint.conditions.as_ref().and_then(|conditions| conditions.ready);
        (endpoint.addresses[0].clone(), ready.unwrap_or(true))
    });
    described.collect()
}

#[tokio::test]
async fn slices_follow_pods_and_go_with_the_service() {
    let world =
        World::with(vec![endpoint_slice::controller(), garbage_collector::controller(), node_agent()]);
    let nodes: Api<Node> = Api::all(world.objects.clone());
    world
        .create::<Service>(json!({
            "metadata": { "name": "web" },
            "spec": {
                "clusterIP": "10.96.0.1",
                "clusterIPs": ["10.96.0.1"],
                "ipFamilies": ["IPv4"],
                "selector": { "app": "web" },
                "ports": [{ "port": 80 }],
            },
        }))
        .await;
    world.create::<Pod>(pod("a")).await;
    let address =
        Patch::Merge(json!({ "status": { "podIP": "10.0.0.1", "podIPs": [{ "ip": "10.0.0.1" }] } }));
    world.api::<Pod>().patch_status("a", &address).await.expect("patched");
    // The node comes late: its pods are not forgotten.
    let node: Node = serde_json::from_value(json!({ "metadata": { "name": "n1" } })).expect("a node");
    nodes.create(&node).await.expect("created");
    world
        .until::<EndpointSlice>("one ready endpoint", |slices| {
            addresses(slices) == [("10.0.0.1".to_owned(), true)]
        })
        .await;
    world.api::<Pod>().delete("a", &DeleteOptions::now()).await.expect("deleted");
    world
        .until::<EndpointSlice>("no endpoint", |slices| slices.len() == 1 && addresses(slices).is_empty())
        .await;
    let service = world.api::<Service>().get("web").await.expect("the service");
    world
        .until::<EndpointSlice>("owned", |slices| {
            let owners = slices[0].metadata.owner_references.iter().flatten();
            owners.map(|owner| owner.uid.as_str()).eq([service.uid().as_str()])
        })
        .await;
    world.api::<Service>().delete("web", &DeleteOptions::default()).await.expect("deleted");
    world.until::<EndpointSlice>("nothing", <[_]>::is_empty).await;
}
