//! How many pods the owners of some pods want.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/disruption` (`getExpectedScale` and its finders).

use crate::runtime::Context;
use kube_core::kinds::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use kube_core::kinds::core::v1::ReplicationController;
use kube_core::resource::{ObjectKey, Resource, ResourceExt, Uid};
use kube_core::view::{OwnerRef, PodView};
use kube_store::service::Subresource;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What owners want.
#[derive(Debug)]
pub(super) struct Expected {
    /// Pods in all.
    pub(super) pods: i32,
    /// Whether some pods have no owner.
    pub(super) unmanaged: bool,
}

pub(super) async fn expected(cx: &Context, pods: &[Arc<PodView>]) -> Result<Expected, String> {
    let mut scales: BTreeMap<Uid, i32> = BTreeMap::new();
    let mut looked_at: BTreeSet<&Uid> = BTreeSet::new();
    let mut unmanaged = false;
    for pod in pods {
        let Some(owner) = pod.meta.controller() else {
            unmanaged = true;
            continue;
        };
        if !looked_at.insert(&owner.uid) {
            continue;
        }
        let found = scale_of(cx, &pod.meta.namespace, owner).await?;
        let (uid, replicas) =
            found.ok_or_else(|| format!("found no controllers for pod {:?}", &*pod.meta.name))?;
        scales.insert(uid, replicas);
    }
    Ok(Expected { pods: scales.values().fold(0, |sum, replicas| sum.saturating_add(*replicas)), unmanaged })
}

/// Who decides on the number of pods for `owner`, and how many are wanted.
async fn scale_of(cx: &Context, namespace: &str, owner: &OwnerRef) -> Result<Option<(Uid, i32)>, String> {
    let key = ObjectKey::new(namespace, &*owner.name);
    let cached = match (group(&owner.api_version), &*owner.kind) {
        ("apps" | "extensions", "ReplicaSet") => of_replica_set(cx, &key, &owner.uid),
        ("apps", "StatefulSet") => known::<StatefulSet>(cx, &key, &owner.uid)
            .map(|set| (owner.uid.clone(), set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1))),
        ("", "ReplicationController") => known::<ReplicationController>(cx, &key, &owner.uid)
            .map(|set| (owner.uid.clone(), set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1))),
        _ => None,
    };
    match cached {
        Some(found) => Ok(Some(found)),
        None => of_any_kind(cx, &key, owner).await,
    }
}

fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

fn known<K: Resource>(cx: &Context, key: &ObjectKey, uid: &Uid) -> Option<Arc<K>> {
    cx.get::<K>(key).filter(|object| object.uid() == *uid)
}

/// The Deployment's number where there is one: its ReplicaSets share it.
fn of_replica_set(cx: &Context, key: &ObjectKey, uid: &Uid) -> Option<(Uid, i32)> {
    let set = known::<ReplicaSet>(cx, key, uid)?;
    let owners = set.metadata.owner_references.as_deref().unwrap_or_default();
    match owners.iter().find(|owner| owner.controller == Some(true) && owner.kind == "Deployment") {
        Some(owner) => {
            let key = ObjectKey::new(set.namespace(), owner.name.as_str());
            let deployment = known::<Deployment>(cx, &key, &Uid::new(owner.uid.as_str()))?;
            Some((deployment.uid(), deployment.spec.as_ref()?.replicas.unwrap_or(1)))
        }
        None => Some((uid.clone(), set.spec.as_ref()?.replicas.unwrap_or(1))),
    }
}

/// By the subresource `scale`.
async fn of_any_kind(cx: &Context, key: &ObjectKey, owner: &OwnerRef) -> Result<Option<(Uid, i32)>, String> {
    let group = group(&owner.api_version);
    let kinds = cx.service().kinds();
    let Some(kind) = kinds.iter().find(|kind| kind.group == group && kind.kind == *owner.kind) else {
        return Err(format!("no matches for kind {:?} in version {:?}", &*owner.kind, &*owner.api_version));
    };
    if !kind.subresources.contains("scale") {
        let resource =
            if group.is_empty() { kind.plural.to_string() } else { format!("{}.{group}", kind.plural) };
        return Err(format!("{resource} does not implement the scale subresource"));
    }
    let scale = match cx.service().get_on(kind, key, Subresource::Scale).await {
        Err(error) if error.is_not_found() => return Ok(None),
        other => other.map_err(|error| error.to_string())?,
    };
    let is_it = scale["metadata"]["uid"].as_str() == Some(owner.uid.as_str());
    let replicas =
        scale["spec"]["replicas"].as_i64().and_then(|count| i32::try_from(count).ok()).unwrap_or(0);
    Ok(is_it.then(|| (owner.uid.clone(), replicas)))
}
