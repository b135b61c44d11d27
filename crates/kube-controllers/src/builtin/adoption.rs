//! Adopting and releasing: writing who manages an object.
//!
//! Source: `k8s.io/kubernetes/pkg/controller` (`controller_ref_manager.go`).

use super::claim::{Claim, Claimant};
use crate::runtime::Context;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Pod;
use kube_core::kinds::meta::v1::OwnerReference;
use kube_core::resource::{KindInfo, ObjectKey, Resource, ResourceExt, ResourceVersion, owner_reference};
use kube_core::selector::Selector;
use kube_core::view::{OwnerRef, PodView};
use kube_store::service::Subresource;
use serde_json::json;
use std::sync::Arc;

/// An object whose manager changes, as it was read.
#[derive(Debug)]
pub(super) struct Member<'a> {
    pub(super) kind: &'a KindInfo,
    pub(super) key: ObjectKey,
    pub(super) version: ResourceVersion,
    pub(super) owners: Vec<OwnerReference>,
}

/// Makes `owner` the manager of `member`, after a look whether it still is what it was.
pub(super) async fn adopt<K: Resource>(cx: &Context, owner: &K, member: Member<'_>) -> Result<(), ApiError> {
    may_adopt(cx, owner).await?;
    let mut owners = member.owners.clone();
    owners.push(owner_reference(owner));
    write(cx, &member, &owners).await
}

/// Looks whether `owner` still is what it was, as the store says.
pub(super) async fn may_adopt<K: Resource>(cx: &Context, owner: &K) -> Result<(), ApiError> {
    let live: K = cx.api::<K>().in_namespace(owner.namespace()).get(owner.name()).await?;
    if live.uid() != owner.uid() || live.is_terminating() {
        let kind = K::kind_info();
        let detail = "it was deleted since it was read, so it can adopt nothing";
        return Err(ApiError::conflict(&kind.group, &kind.plural, owner.name(), detail));
    }
    Ok(())
}

/// Ends that the object of `uid` manages `member`. One that is gone needs no release.
pub(super) async fn release(cx: &Context, uid: &str, member: Member<'_>) -> Result<(), ApiError> {
    let mut owners = member.owners.clone();
    owners.retain(|owner| owner.uid != uid);
    match write(cx, &member, &owners).await {
        Err(error) if error.is_not_found() => Ok(()),
        other => other,
    }
}

async fn write(cx: &Context, member: &Member<'_>, owners: &[OwnerReference]) -> Result<(), ApiError> {
    let meta = json!({ "resourceVersion": member.version.to_string(), "ownerReferences": owners });
    let patch = json!({ "metadata": meta });
    cx.patch_value(member.kind, &member.key, Subresource::Main, patch).await?;
    Ok(())
}

/// Adopts and releases `pods`, and gives those that are the owner's then. Pods that `accepts` refuses count as not
/// selected.
pub(super) async fn claim_pods<K: Resource>(
    cx: &Context,
    owner: &K,
    selector: &Selector,
    pods: Vec<Arc<PodView>>,
    accepts: impl Fn(&PodView) -> bool,
) -> Result<Vec<Arc<PodView>>, ApiError> {
    let uid = owner.uid();
    let claimant = Claimant { uid: &uid, selector, terminating: owner.is_terminating() };
    let mut ours = Vec::with_capacity(pods.len());
    for pod in pods {
        let controller = pod.meta.controller().map(|owner| &owner.uid);
        let selected = selector.matches(&pod.meta.labels) && accepts(&pod);
        match claimant.judge_selected(selected, controller, pod.is_terminating()) {
            Claim::Ours => ours.push(pod),
            Claim::Orphan => {
                adopt(cx, owner, member(&pod)).await?;
                ours.push(pod);
            }
            Claim::Stray => release(cx, uid.as_str(), member(&pod)).await?,
            Claim::Foreign => {}
        }
    }
    Ok(ours)
}

/// A pod whose manager changes.
pub(super) fn member(pod: &PodView) -> Member<'static> {
    let owners = full_references(&pod.meta.owner_references);
    Member { kind: Pod::kind_info(), key: pod.meta.key(), version: pod.version, owners }
}

/// The references of a lean view, in full.
fn full_references(owners: &[OwnerRef]) -> Vec<OwnerReference> {
    let full = owners.iter().map(|owner| OwnerReference {
        api_version: owner.api_version.to_string(),
        kind: owner.kind.to_string(),
        name: owner.name.to_string(),
        uid: owner.uid.to_string(),
        controller: owner.controller.then_some(true),
        block_owner_deletion: owner.block_owner_deletion.then_some(true),
    });
    full.collect()
}
