//! Objects that own others, in all the ways in which they may go, under all faults.

use super::acts::acting;
use crate::campaign::Sim;
use crate::cluster::Cluster;
use crate::oracle::{State, Verdict};
use kube_core::kinds::core::v1::{ConfigMap, Namespace};
use kube_core::kinds::meta::v1::OwnerReference;
use kube_core::resource::ResourceExt;
use kube_store::service::{DeleteOptions, Propagation};
use serde_json::{Value, json};
use std::ops::Range;
use std::time::Duration;

/// Owners that go before, after and without what they own, chains, a circle, owners that never were, several owners, and
/// one in another namespace.
pub fn owners(seeds: Range<u64>) -> Sim {
    acting(seeds, 0, &["garbage-collector"]).without_scheduler().finally(left).scenario(|c| async move {
        c.create(read::<Namespace>(json!({ "metadata": { "name": "other" } }))).await;
        let [first, last, without, keeper] = made(&c, ["first", "last", "without", "keeper"]).await;
        for (name, owners) in [
            ("first-1", vec![&first]),
            ("last-1", vec![&last]),
            ("without-1", vec![&without]),
            ("keeper-1", vec![&keeper]),
            ("of-two", vec![&first, &keeper]),
        ] {
            own(&c, "default", name, &owners).await;
        }
        let link = own(&c, "default", "last-2", &[&last]).await;
        own(&c, "default", "last-2-1", &[&link]).await;
        circle(&c).await;
        own(&c, "default", "of-nobody", &[&never()]).await;
        // A stranger that claims to be the keeper's: in its namespace there is no such owner.
        own(&c, "other", "stray", &[&keeper]).await;
        own(&c, "default", "keeper-2", &[&keeper]).await;
        c.sleep(Duration::from_secs(4)).await;
        delete(&c, "first", Propagation::Background).await;
        delete(&c, "last", Propagation::Foreground).await;
        delete(&c, "without", Propagation::Orphan).await;
        delete(&c, "circle-1", Propagation::Foreground).await;
        c.sleep(Duration::from_secs(10)).await;
        own(&c, "other", "late", &[&keeper]).await;
    })
}

/// What nobody owns any more is gone, and nothing else is.
fn left(state: &State) -> Verdict {
    let maps = state.all::<ConfigMap>();
    let is_left = |map: &&std::sync::Arc<ConfigMap>| ["default", "other"].contains(&map.namespace());
    let names: Vec<&str> = maps.iter().filter(is_left).map(|map| map.name()).collect();
    if names != ["keeper", "keeper-1", "keeper-2", "of-two", "without-1"] {
        return Err(format!("{names:?} are left"));
    }
    let owners = |name: &str| {
        let map = maps.iter().find(|map| map.name() == name);
        map.and_then(|map| map.metadata.owner_references.as_ref()).map_or(0, Vec::len)
    };
    match (owners("without-1"), owners("of-two")) {
        (0, 1) => Ok(()),
        other => Err(format!("the one that was given up and the one of two have {other:?} owners")),
    }
}

async fn made<const N: usize>(c: &Cluster, names: [&str; N]) -> [ConfigMap; N] {
    let mut all = Vec::with_capacity(N);
    for name in names {
        all.push(own(c, "default", name, &[]).await);
    }
    #[expect(clippy::unwrap_used, reason = "one was made for each name")]
    all.try_into().unwrap()
}

/// An object of these owners.
async fn own(c: &Cluster, namespace: &str, name: &str, owners: &[&ConfigMap]) -> ConfigMap {
    let owners: Vec<Value> = owners.iter().map(|owner| reference(owner)).collect();
    let meta = json!({ "namespace": namespace, "name": name, "ownerReferences": owners });
    c.create(read(json!({ "metadata": meta }))).await
}

/// Two that own each other.
async fn circle(c: &Cluster) {
    let one = own(c, "default", "circle-1", &[]).await;
    let other = own(c, "default", "circle-2", &[&one]).await;
    let back = read::<OwnerReference>(reference(&other));
    c.edit::<ConfigMap>("default/circle-1", |one| {
        one.metadata.owner_references = Some(vec![back.clone()]);
    })
    .await;
}

fn never() -> ConfigMap {
    read(json!({ "metadata": { "name": "never", "uid": "00000000-0000-4000-8000-000000000000" } }))
}

fn reference(owner: &ConfigMap) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "name": owner.name(), "uid": owner.uid().as_str(),
        "blockOwnerDeletion": true,
    })
}

#[expect(clippy::expect_used, reason = "the objects are those above")]
fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a valid object")
}

async fn delete(c: &Cluster, name: &str, propagation: Propagation) {
    let options = DeleteOptions::default().propagation(propagation);
    let answer = c.api::<ConfigMap>().in_namespace("default").delete(name, &options).await;
    assert!(answer.is_ok(), "{answer:?}");
}
