//! Adopting and releasing: writing who manages an object.
//!
//! Source: `k8s.io/kubernetes/pkg/controller` (`controller_ref_manager.go`).

use crate::runtime::Context;
use kube_core::error::ApiError;
use kube_core::kinds::meta::v1::OwnerReference;
use kube_core::resource::{KindInfo, ObjectKey, Resource, ResourceExt, ResourceVersion, owner_reference};
use kube_core::view::OwnerRef;
use kube_store::service::Subresource;
use serde_json::json;

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
    let live: K = cx.api::<K>().in_namespace(owner.namespace()).get(owner.name()).await?;
    if live.uid() != owner.uid() || live.is_terminating() {
        let kind = K::kind_info();
        let detail = "it was deleted since it was read, so it can adopt nothing";
        return Err(ApiError::conflict(&kind.group, &kind.plural, owner.name(), detail));
    }
    let mut owners = member.owners.clone();
    owners.push(owner_reference(owner));
    write(cx, &member, &owners).await
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

/// The references of a lean view, in full.
pub(super) fn full_references(owners: &[OwnerRef]) -> Vec<OwnerReference> {
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
