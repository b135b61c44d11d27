//! EndpointSlices over a store.

use crate::world::{World, node_agent};
use kube_controllers::builtin::{endpoint_slice, endpoint_slice_mirroring, garbage_collector};
use kube_core::kinds::core::v1::{Endpoints, Event, Node, Pod, Service};
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

#[tokio::test]
async fn a_port_that_no_pod_has_is_told_once() {
    let world = World::with(vec![endpoint_slice::controller()]);
    let service = |name: &str, target: &str| {
        json!({
            "metadata": { "name": name },
            "spec": {
                "clusterIP": "None", "clusterIPs": ["None"], "ipFamilies": ["IPv4"], "selector": { "app": "web" },
                "ports": [{ "port": 80, "targetPort": target }],
            },
        })
    };
    world.create::<Service>(service("web", "http")).await;
    for name in ["a", "b", "c"] {
        world.create::<Pod>(pod(name)).await;
        let address =
            Patch::Merge(json!({ "status": { "podIP": "10.0.0.1", "podIPs": [{ "ip": "10.0.0.1" }] } }));
        world.api::<Pod>().patch_status(name, &address).await.expect("patched");
        world.settle().await;
    }
    let events = |events: &[std::sync::Arc<Event>]| -> Vec<(String, i32)> {
        let told = events.iter().filter(|event| event.reason.as_deref() == Some("UnresolvedPort"));
        told.map(|event| (event.message.clone().unwrap_or_default(), event.count.unwrap_or(1))).collect()
    };
    let note = "port 80 cannot be resolved: none of the 1 selected pods has a TCP port named \"http\"";
    world.until::<Event>("an event", |all| events(all) == [(note.to_owned(), 1)]).await;
    world.settle().await;
    let all: Vec<_> = world.list::<Event>().await.into_iter().map(std::sync::Arc::new).collect();
    assert_eq!(events(&all), [(note.to_owned(), 1)], "the second and third pod change nothing");
    // It looks for something else that no pod has.
    let other = Patch::Merge(json!({ "spec": { "ports": [{ "port": 80, "targetPort": "web" }] } }));
    world.api::<Service>().patch("web", &other).await.expect("patched");
    world.until::<Event>("another event", |all| events(all).len() == 2).await;
}

#[tokio::test]
async fn endpoints_kept_by_hand_are_mirrored() {
    let world =
        World::with(vec![endpoint_slice::controller(), endpoint_slice_mirroring::controller(), node_agent()]);
    let subset = |ips: &[&str]| {
        let addresses: Vec<_> = ips.iter().map(|ip| json!({ "ip": ip })).collect();
        json!([{ "addresses": addresses, "ports": [{ "port": 5432 }] }])
    };
    world
        .create::<Endpoints>(
            json!({ "metadata": { "name": "db" }, "subsets": subset(&["192.0.2.1", "192.0.2.2"]) }),
        )
        .await;
    world.settle().await;
    assert!(world.list::<EndpointSlice>().await.is_empty(), "there is no Service yet");
    let free = json!({ "clusterIP": "None", "clusterIPs": ["None"], "ipFamilies": ["IPv4"], "ports": [{ "port": 5432 }] });
    world.create::<Service>(json!({ "metadata": { "name": "db" }, "spec": free })).await;
    let pair = |ip: &str| (ip.to_owned(), true);
    world
        .until::<EndpointSlice>("mirrored", |slices| {
            slices.len() == 1 && addresses(slices) == [pair("192.0.2.1"), pair("192.0.2.2")]
        })
        .await;
    let endpoints = world.api::<Endpoints>().get("db").await.expect("endpoints");
    let slice = world.list::<EndpointSlice>().await.remove(0);
    let owner = slice.metadata.owner_references.as_ref().expect("an owner").first().expect("an owner");
    assert_eq!((owner.kind.as_str(), owner.uid.as_str()), ("Endpoints", endpoints.uid().as_str()));

    let changed = Patch::Merge(json!({ "subsets": subset(&["192.0.2.2"]) }));
    world.api::<Endpoints>().patch("db", &changed).await.expect("patched");
    world.until::<EndpointSlice>("changed", |slices| addresses(slices) == [pair("192.0.2.2")]).await;
    assert_eq!(world.list::<EndpointSlice>().await[0].name(), slice.name(), "the slice stays");
    let skip = Patch::Merge(
        json!({ "metadata": { "labels": { "endpointslice.kubernetes.io/skip-mirror": "true" } } }),
    );
    world.api::<Endpoints>().patch("db", &skip).await.expect("patched");
    world.until::<EndpointSlice>("nothing", <[_]>::is_empty).await;
}

/// `service.kubernetes.io/topology-mode: Auto` in a cluster: hints come with capacity, and go with it.
#[tokio::test]
async fn hints_follow_the_capacity_of_zones() {
    let world = World::with(vec![endpoint_slice::controller(), node_agent()]);
    let nodes: Api<Node> = Api::all(world.objects.clone());
    for zone in ["a", "b"] {
        let node = json!({
            "metadata": { "name": format!("n-{zone}"), "labels": { "topology.kubernetes.io/zone": zone } },
            "status": {
                "capacity": { "cpu": "4" }, "allocatable": { "cpu": "4" },
                "conditions": [{ "type": "Ready", "status": "True" }],
            },
        });
        let node: Node = serde_json::from_value(node).expect("a node");
        nodes.create(&node).await.expect("created");
    }
    world
        .create::<Service>(json!({
            "metadata": {
                "name": "web", "annotations": { "service.kubernetes.io/topology-mode": "Auto" },
            },
            "spec": {
                "clusterIP": "None", "clusterIPs": ["None"], "ipFamilies": ["IPv4"], "selector": { "app": "web" },
                "ports": [{ "port": 80 }],
            },
        }))
        .await;
    for n in 0..4 {
        let (name, zone) = (format!("p{n}"), ["a", "b"][n % 2]);
        let mut pod = pod(&name);
        pod["spec"]["nodeName"] = json!(format!("n-{zone}"));
        world.create::<Pod>(pod).await;
        let ip = format!("10.0.0.{n}");
        let address = Patch::Merge(json!({ "status": { "podIP": ip, "podIPs": [{ "ip": ip }] } }));
        world.api::<Pod>().patch_status(&name, &address).await.expect("patched");
    }
    let hinted = |slices: &[std::sync::Arc<EndpointSlice>]| {
        let endpoints = slices.iter().flat_map(|slice| slice.endpoints.iter().flatten());
        endpoints.filter(|endpoint| endpoint.hints.is_some()).count()
    };
    world.until::<EndpointSlice>("all have hints", |slices| hinted(slices) == 4).await;
    let down = Patch::Merge(json!({ "status": { "conditions": [{ "type": "Ready", "status": "False" }] } }));
    nodes.patch_status("n-b", &down).await.expect("patched");
    world.until::<EndpointSlice>("one zone is no share", |slices| hinted(slices) == 0).await;
}
