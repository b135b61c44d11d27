//! What pods are told to trust, in every namespace.

use crate::world::World;
use kube_controllers::builtin::root_ca::{
    self,
    plan::{ENTRY, NAME},
};
use kube_core::kinds::core::v1::{ConfigMap, Namespace};
use kube_core::resource::ResourceExt;
use kube_store::api::Api;
use kube_store::service::{DeleteOptions, Patch};
use serde_json::{from_value, json};
use std::sync::Arc;

#[tokio::test]
async fn every_namespace_gets_it_and_gets_it_back() {
    let world = World::with(vec![root_ca::publishing("PEM")]);
    let namespaces: Api<Namespace> = Api::all(world.objects.clone());
    for name in ["default", "shop"] {
        let namespace = from_value(json!({ "metadata": { "name": name } })).expect("a namespace");
        namespaces.create(&namespace).await.expect("created");
    }
    let published = |all: &[Arc<ConfigMap>]| {
        let own = all.iter().filter(|map| map.name() == NAME);
        own.filter(|map| map.data.as_ref().is_some_and(|data| data.len() == 1 && data[ENTRY] == "PEM"))
            .count()
            == 2
    };
    world.until::<ConfigMap>("one in each", published).await;
    let maps: Api<ConfigMap> = Api::namespaced(world.objects.clone(), "shop");
    let edit = json!({ "data": { ENTRY: "other", "more": "x" } });
    maps.patch(NAME, &Patch::Merge(edit)).await.expect("patched");
    world.until::<ConfigMap>("put right", published).await;
    maps.delete(NAME, &DeleteOptions::default()).await.expect("deleted");
    world.until::<ConfigMap>("made again", published).await;
    world.settle().await;
    let failures: u64 = world.health.iter().map(|health| health.now().panics).sum();
    assert_eq!(failures, 0);
}
