//! Namespaces and their ServiceAccounts over a store.

use crate::world::{World, node_agent};
use kube_controllers::builtin::{namespace, service_account};
use kube_core::kinds::core::v1::{ConfigMap, Namespace, Pod, ServiceAccount};
use kube_core::resource::ResourceExt;
use kube_store::api::Api;
use kube_store::service::{DeleteOptions, Patch};
use serde_json::{from_value, json};
use std::sync::Arc;

async fn team(world: &World) -> Api<Namespace> {
    let namespaces: Api<Namespace> = Api::all(world.objects.clone());
    let object = from_value(json!({ "metadata": { "name": "team" } })).expect("a namespace");
    namespaces.create(&object).await.expect("created");
    namespaces
}

fn within<K: kube_core::resource::Resource>(world: &World) -> Api<K> {
    Api::namespaced(world.objects.clone(), "team")
}

#[tokio::test]
async fn a_deleted_namespace_goes_with_all_that_is_in_it() {
    let world = World::with(vec![namespace::controller(), service_account::controller(), node_agent()]);
    let namespaces = team(&world).await;
    world
        .until::<ServiceAccount>("it has a ServiceAccount", |all| all.iter().any(|a| a.namespace() == "team"))
        .await;
    let pod = json!({
        "metadata": { "name": "web" },
        "spec": { "containers": [{ "name": "main", "image": "ok" }] },
    });
    within::<Pod>(&world).create(&from_value(pod).expect("a pod")).await.expect("created");
    let held = json!({ "metadata": { "name": "held", "finalizers": ["example.com/hold"] } });
    within::<ConfigMap>(&world).create(&from_value(held).expect("a map")).await.expect("created");

    namespaces.delete("team", &DeleteOptions::default()).await.expect("deleted");
    world
        .until::<Namespace>("it tells what holds it", |all| {
            let team = all.iter().find(|namespace| namespace.name() == "team");
            let conditions = team.and_then(|team| team.status.as_ref()?.conditions.clone()).unwrap_or_default();
            let message = "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances";
            conditions.iter().any(|c| c.status == "True" && c.message.as_deref() == Some(message))
        })
        .await;
    assert!(within::<Pod>(&world).find("web").await.expect("an answer").is_none());

    let free = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
    within::<ConfigMap>(&world).patch("held", &free).await.expect("patched");
    world.until::<Namespace>("it is gone", |all| all.iter().all(|n| n.name() != "team")).await;
    world.settle().await;
    let accounts = world.list_all::<ServiceAccount>().await;
    assert!(accounts.iter().all(|account| account.namespace() != "team"), "{accounts:?}");
}

#[tokio::test]
async fn the_default_service_account_comes_back() {
    let world = World::with(vec![service_account::controller()]);
    team(&world).await;
    let uid = |all: &[Arc<ServiceAccount>]| {
        all.iter().find(|a| a.namespace() == "team" && a.name() == "default").map(|a| a.uid())
    };
    world.until::<ServiceAccount>("it is there", |all| uid(all).is_some()).await;
    let accounts = within::<ServiceAccount>(&world);
    let first = accounts.get("default").await.expect("there").uid();
    accounts.delete("default", &DeleteOptions::default()).await.expect("deleted");
    world.until::<ServiceAccount>("another is there", |all| uid(all).is_some_and(|uid| uid != first)).await;
}
