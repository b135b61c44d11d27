//! Load balancers over a store, from a cloud in memory.

use crate::world::World;
use jiff::Timestamp;
use kube_controllers::builtin::of_cloud;
use kube_core::env::ManualClock;
use kube_core::kinds::core::v1::{Event, Node, Service};
use kube_core::resource::ResourceExt;
use kube_net::cloud::{EXCLUDE_LABEL, FINALIZER, MemoryCloud};
use kube_store::api::Api;
use kube_store::service::{DeleteOptions, Patch};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

fn cloud() -> MemoryCloud {
    MemoryCloud::new("203.0.113.0/29".parse().expect("a network"))
}

fn service(name: &str, more: Value) -> Value {
    let mut spec = json!({
        "type": "LoadBalancer", "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "ipFamilies": ["IPv4"],
        "ports": [{ "port": 80, "nodePort": 30080 }],
    });
    let Value::Object(more) = more else { panic!("an object") };
    spec.as_object_mut().expect("an object").extend(more);
    json!({ "metadata": { "name": name }, "spec": spec })
}

async fn node(world: &World, name: &str) -> Node {
    let node: Node = serde_json::from_value(json!({ "metadata": { "name": name } })).expect("a node");
    Api::<Node>::all(world.objects.clone()).create(&node).await.expect("created")
}

fn address(service: &Service) -> Option<String> {
    let status = service.status.as_ref()?.load_balancer.as_ref()?;
    status.ingress.as_ref()?.first()?.ip.clone()
}

fn held(service: &Service) -> bool {
    service.metadata.finalizers.iter().flatten().any(|name| name == FINALIZER)
}

async fn until_addressed(world: &World, ip: &str) {
    let ip = Some(ip.to_owned());
    world.until::<Service>("an address", |all| all.iter().any(|service| address(service) == ip)).await;
}

/// Waits for events of these reasons.
async fn until_told(world: &World, reasons: &[&str]) {
    let told =
        |events: &[Arc<Event>], reason: &str| events.iter().any(|e| e.reason.as_deref() == Some(reason));
    world.until::<Event>("events", |events| reasons.iter().all(|reason| told(events, reason))).await;
}

#[tokio::test]
async fn a_balancer_lives_as_long_as_its_service() {
    let cloud = cloud();
    let world = World::with(of_cloud(Arc::new(cloud.clone())));
    node(&world, "n1").await;
    world.create::<Service>(service("web", json!({}))).await;
    until_addressed(&world, "203.0.113.1").await;
    let web = world.api::<Service>().get("web").await.expect("a service");
    assert!(held(&web));
    let made = cloud.balancers().into_values().next().expect("a balancer");
    assert_eq!((made.ports, made.nodes), (vec![("TCP".to_owned(), 80, 30080)], vec!["n1".into()]));
    until_told(&world, &["EnsuringLoadBalancer", "EnsuredLoadBalancer"]).await;

    let ranges = Patch::Merge(json!({ "spec": { "loadBalancerSourceRanges": ["10.0.0.0/8"] } }));
    world.api::<Service>().patch("web", &ranges).await.expect("patched");
    world.settle().await;
    assert_eq!(cloud.balancers().into_values().next().expect("a balancer").sources, ["10.0.0.0/8"]);

    world.api::<Service>().delete("web", &DeleteOptions::default()).await.expect("deleted");
    world.until::<Service>("gone", <[_]>::is_empty).await;
    assert!(cloud.balancers().is_empty(), "the balancer goes before the Service");
    until_told(&world, &["DeletingLoadBalancer", "DeletedLoadBalancer"]).await;
}

#[tokio::test]
async fn nodes_that_come_go_or_are_excluded_change_balancers() {
    let cloud = cloud();
    let world = World::with(of_cloud(Arc::new(cloud.clone())));
    world.create::<Service>(service("web", json!({}))).await;
    until_addressed(&world, "203.0.113.1").await;
    until_told(&world, &["UnAvailableLoadBalancer"]).await;
    let nodes: Api<Node> = Api::all(world.objects.clone());
    let behind = || -> Vec<String> {
        let all = cloud.balancers().into_values().flat_map(|balancer| balancer.nodes);
        all.map(|name| name.to_string()).collect()
    };
    node(&world, "n1").await;
    node(&world, "n2").await;
    world.settle().await;
    assert_eq!(behind(), ["n1", "n2"]);
    until_told(&world, &["UpdatedLoadBalancer"]).await;
    let label =
        |value: Option<&str>| Patch::Merge(json!({ "metadata": { "labels": { EXCLUDE_LABEL: value } } }));
    nodes.patch("n1", &label(Some(""))).await.expect("patched");
    world.settle().await;
    assert_eq!(behind(), ["n2"]);
    nodes.patch("n1", &label(Some("false"))).await.expect("patched");
    nodes.delete("n2", &DeleteOptions::default()).await.expect("deleted");
    world.settle().await;
    assert_eq!(behind(), ["n1"]);
}

#[tokio::test]
async fn a_balancer_goes_with_the_type_and_classes_are_left_to_others() {
    let cloud = cloud();
    let world = World::with(of_cloud(Arc::new(cloud.clone())));
    world.create::<Service>(service("web", json!({}))).await;
    let mut other = service(
        "other",
        json!({ "loadBalancerClass": "example.com/other", "clusterIP": "10.96.0.2",
        "clusterIPs": ["10.96.0.2"], "ports": [{ "port": 80, "nodePort": 30081 }] }),
    );
    other["metadata"]["finalizers"] = json!([FINALIZER]);
    world.create::<Service>(other).await;
    until_addressed(&world, "203.0.113.1").await;
    let plain = json!({ "spec": { "type": "ClusterIP", "ports": [{ "port": 80, "nodePort": null }] } });
    world.api::<Service>().patch("web", &Patch::Merge(plain)).await.expect("patched");
    world
        .until::<Service>("let go", |all| {
            all.iter().any(|service| service.name() == "web" && !held(service) && address(service).is_none())
        })
        .await;
    assert!(cloud.balancers().is_empty());
    world.api::<Service>().delete("other", &DeleteOptions::default()).await.expect("deleted");
    world.settle().await;
    let other = world.api::<Service>().get("other").await.expect("it waits for its own controller");
    assert!(held(&other));
}

#[tokio::test]
async fn a_cloud_that_fails_is_told_of_and_asked_again() {
    let (cloud, clock) = (cloud(), Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH)));
    let world = World::under(clock.clone(), of_cloud(Arc::new(cloud.clone())));
    cloud.fail(1);
    world.create::<Service>(service("web", json!({}))).await;
    until_told(&world, &["SyncLoadBalancerFailed"]).await;
    let web = world.api::<Service>().get("web").await.expect("a service");
    assert!(held(&web) && address(&web).is_none(), "what may be there is held");
    world.settle().await;
    assert!(cloud.balancers().is_empty(), "not before its time");
    clock.advance(Duration::from_secs(5));
    until_addressed(&world, "203.0.113.1").await;
}

/// A controller that starts anew finds its balancers, and removes what it should have removed.
#[tokio::test]
async fn a_new_controller_takes_over() {
    let cloud = cloud();
    let first = World::with(of_cloud(Arc::new(cloud.clone())));
    for (name, ip, port) in [("a", "10.96.0.1", 30080), ("b", "10.96.0.2", 30081)] {
        let more =
            json!({ "clusterIP": ip, "clusterIPs": [ip], "ports": [{ "port": 80, "nodePort": port }] });
        first.create::<Service>(service(name, more)).await;
    }
    until_addressed(&first, "203.0.113.2").await;
    let before = cloud.balancers();
    first.manager.stop();
    first.manager.ended().await.expect("stopped");
    first.api::<Service>().delete("a", &DeleteOptions::default()).await.expect("deleted");
    assert_eq!(cloud.balancers(), before, "nobody acts");

    let second = World::over(first.storage.clone(), of_cloud(Arc::new(cloud.clone())));
    second.until::<Service>("only b", |all| all.iter().map(|service| service.name()).eq(["b"])).await;
    second.settle().await;
    let after = cloud.balancers();
    assert_eq!(after.len(), 1);
    assert!(after.iter().all(|(name, balancer)| before.get(name) == Some(balancer)), "b keeps its own");
}
