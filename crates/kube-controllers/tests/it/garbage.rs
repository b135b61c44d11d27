//! The garbage collector over a store.

use crate::world::World;
use kube_controllers::builtin::garbage_collector;
use kube_core::kinds::core::v1::{ConfigMap, Event, Node};
use kube_core::resource::{Resource, ResourceExt, owner_reference};
use kube_store::api::Api;
use kube_store::service::{DeleteOptions, Patch, Propagation};
use serde_json::{Value, json};

fn world() -> World {
    World::with(vec![garbage_collector::controller()])
}

fn map(name: &str, owners: &[Value]) -> Value {
    json!({ "metadata": { "name": name, "ownerReferences": owners } })
}

fn owner(object: &impl Resource) -> Value {
    serde_json::to_value(owner_reference(object)).expect("JSON")
}

fn absent(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": format!("uid-of-{name}") })
}

async fn create(world: &World, name: &str, owners: &[Value]) -> ConfigMap {
    world.create(map(name, owners)).await
}

async fn until_left(world: &World, names: &[&str]) {
    let what = format!("{names:?} are left");
    world.until::<ConfigMap>(&what, |all| all.iter().map(|map| map.name()).eq(names.iter().copied())).await;
}

async fn delete(world: &World, name: &str, propagation: Propagation) {
    let options = DeleteOptions::default().propagation(propagation);
    world.api::<ConfigMap>().delete(name, &options).await.expect("deleted");
}

#[tokio::test]
async fn dependents_go_after_their_owner_generation_by_generation() {
    let world = world();
    let top = create(&world, "a-top", &[]).await;
    let middle = create(&world, "b-middle", &[owner(&top)]).await;
    create(&world, "c-leaf", &[owner(&middle)]).await;
    create(&world, "d-stranger", &[]).await;
    delete(&world, "a-top", Propagation::Background).await;
    until_left(&world, &["d-stranger"]).await;
}

#[tokio::test]
async fn what_names_an_owner_that_never_was_goes() {
    let world = world();
    create(&world, "dangling", &[absent("nobody")]).await;
    create(&world, "free", &[]).await;
    until_left(&world, &["free"]).await;
}

#[tokio::test]
async fn another_object_of_the_owners_name_is_not_the_owner() {
    let world = world();
    create(&world, "a", &[]).await;
    create(&world, "b", &[absent("a")]).await;
    until_left(&world, &["a"]).await;
}

#[tokio::test]
async fn one_owner_of_several_keeps_the_object_and_loses_the_company() {
    let world = world();
    let owned_by = create(&world, "a", &[]).await;
    create(&world, "b", &[owner(&owned_by), absent("nobody")]).await;
    world
        .until::<ConfigMap>("b has one owner", |all| {
            let b = all.iter().find(|map| map.name() == "b");
            b.and_then(|b| b.metadata.owner_references.as_ref()).is_some_and(|owners| owners.len() == 1)
        })
        .await;
    until_left(&world, &["a", "b"]).await;
}

#[tokio::test]
async fn a_circle_lives_until_one_of_it_is_deleted() {
    let world = world();
    let a = create(&world, "a", &[]).await;
    let b = create(&world, "b", &[owner(&a)]).await;
    let circle = Patch::Merge(json!({ "metadata": { "ownerReferences": [owner(&b)] } }));
    world.api::<ConfigMap>().patch("a", &circle).await.expect("patched");
    create(&world, "self", &[]).await;
    world.settle().await;
    until_left(&world, &["a", "b", "self"]).await;
    delete(&world, "a", Propagation::Background).await;
    until_left(&world, &["self"]).await;
}

#[tokio::test]
async fn foreground_deletion_ends_also_in_a_circle() {
    let world = world();
    let a = create(&world, "a", &[]).await;
    let b = create(&world, "b", &[owner(&a)]).await;
    let circle = Patch::Merge(json!({ "metadata": { "ownerReferences": [owner(&b)] } }));
    world.api::<ConfigMap>().patch("a", &circle).await.expect("patched");
    delete(&world, "a", Propagation::Foreground).await;
    until_left(&world, &[]).await;
}

#[tokio::test]
async fn foreground_deletion_waits_for_those_that_block() {
    let world = world();
    let a = create(&world, "a", &[]).await;
    create(&world, "b", &[owner(&a)]).await;
    let held = Patch::Merge(json!({ "metadata": { "finalizers": ["example.com/hold"] } }));
    world.api::<ConfigMap>().patch("b", &held).await.expect("patched");
    delete(&world, "a", Propagation::Foreground).await;
    world
        .until::<ConfigMap>("both going", |all| all.len() == 2 && all.iter().all(|map| map.is_terminating()))
        .await;
    world.settle().await;
    until_left(&world, &["a", "b"]).await;
    let free = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
    world.api::<ConfigMap>().patch("b", &free).await.expect("patched");
    until_left(&world, &[]).await;
}

#[tokio::test]
async fn orphaning_leaves_dependents_without_the_reference() {
    let world = world();
    let a = create(&world, "a", &[]).await;
    create(&world, "b", &[owner(&a)]).await;
    world.until::<ConfigMap>("both", |all| all.len() == 2).await;
    world.settle().await;
    delete(&world, "a", Propagation::Orphan).await;
    until_left(&world, &["b"]).await;
    world
        .until::<ConfigMap>("b is nobody's", |all| {
            all.iter().all(|map| map.metadata.owner_references.as_ref().is_none_or(Vec::is_empty))
        })
        .await;
}

#[tokio::test]
async fn an_owner_in_another_namespace_is_no_owner() {
    let world = world();
    let elsewhere: Api<ConfigMap> = Api::namespaced(world.objects.clone(), "other");
    let a: ConfigMap = serde_json::from_value(map("a", &[])).expect("a map");
    let a = elsewhere.create(&a).await.expect("created");
    create(&world, "b", &[owner(&a)]).await;
    world
        .until::<ConfigMap>("only the owner is left", |all| {
            all.iter().map(|map| map.namespace()).eq(["other"])
        })
        .await;
    world
        .until::<Event>("people are told", |events| {
            events.iter().any(|event| event.reason.as_deref() == Some("OwnerRefInvalidNamespace"))
        })
        .await;
}

#[tokio::test]
async fn a_cluster_scoped_object_with_a_namespaced_owner_is_left_alone() {
    let world = world();
    let nodes: Api<Node> = Api::all(world.objects.clone());
    let node: Node = serde_json::from_value(map("node", &[absent("nobody")])).expect("a node");
    nodes.create(&node).await.expect("created");
    create(&world, "dangling", &[absent("nobody")]).await;
    until_left(&world, &[]).await;
    world.settle().await;
    assert!(nodes.find("node").await.expect("an answer").is_some());
}

#[tokio::test]
async fn the_graph_can_be_drawn() {
    let (controller, ownership) = garbage_collector::controller_and_graph();
    let world = World::with(vec![controller]);
    let a = create(&world, "a", &[]).await;
    create(&world, "b", &[owner(&a)]).await;
    world.until::<ConfigMap>("both", |all| all.len() == 2).await;
    world.settle().await;
    let graph = ownership.graph();
    assert_eq!(graph.dependents(&a.uid()).len(), 1);
    assert!(graph.to_dot().contains("ConfigMap\\ndefault/b"));
}
