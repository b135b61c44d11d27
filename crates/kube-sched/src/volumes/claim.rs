//! Claims of a pod.

use crate::snapshot::Table;
use kube_core::kinds::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube_core::kinds::storage::v1::StorageClass;
use kube_core::resource::ObjectKey;
use kube_core::view::PodView;

/// A claim that a pod uses.
pub(crate) struct ClaimRef {
    pub(crate) key: ObjectKey,
    /// It is made with the pod.
    pub(crate) ephemeral: bool,
}

/// The claims of a pod's volumes, in their order.
pub(crate) fn claims_of(pod: &PodView) -> impl Iterator<Item = ClaimRef> + '_ {
    let namespace = &pod.meta.namespace;
    pod.spec.volumes.iter().filter_map(move |volume| {
        if let Some(claim) = &volume.persistent_volume_claim {
            let key = ObjectKey::new(namespace.clone(), claim.claim_name.clone());
            return Some(ClaimRef { key, ephemeral: false });
        }
        volume.ephemeral.as_ref()?;
        let name = format!("{}-{}", pod.meta.name, volume.name);
        Some(ClaimRef { key: ObjectKey::new(namespace.clone(), name), ephemeral: true })
    })
}

/// The name of a claim's class; empty where it has none.
///
/// Source: `GetPersistentVolumeClaimClass`.
pub(crate) fn class_of(claim: &PersistentVolumeClaim) -> &str {
    let annotated = claim.metadata.annotations.as_ref().and_then(|all| all.get(BETA_CLASS));
    let stated = || claim.spec.as_ref().and_then(|spec| spec.storage_class_name.as_ref());
    annotated.or_else(stated).map(String::as_str).unwrap_or_default()
}

/// The name of a volume's class; empty where it has none.
pub(crate) fn class_of_volume(volume: &PersistentVolume) -> &str {
    let annotated = volume.metadata.annotations.as_ref().and_then(|all| all.get(BETA_CLASS));
    let stated = || volume.spec.as_ref().and_then(|spec| spec.storage_class_name.as_ref());
    annotated.or_else(stated).map(String::as_str).unwrap_or_default()
}

/// Whether the claim has its volume and everybody knows.
pub(crate) fn is_fully_bound(claim: &PersistentVolumeClaim) -> bool {
    let bound = claim.metadata.annotations.as_ref().is_some_and(|all| all.contains_key(BIND_COMPLETED));
    bound && volume_name(claim).is_some()
}

/// The name of the claim's volume, if it has one.
pub(crate) fn volume_name(claim: &PersistentVolumeClaim) -> Option<&str> {
    claim.spec.as_ref()?.volume_name.as_deref().filter(|name| !name.is_empty())
}

/// Whether the claim is bound only once a pod that uses it is placed.
///
/// # Errors
/// The class is not there, or does not say.
pub(crate) fn waits_for_consumer(
    claim: &PersistentVolumeClaim,
    classes: &Table<StorageClass>,
) -> Result<bool, String> {
    let name = class_of(claim);
    if name.is_empty() {
        return Ok(false);
    }
    let class = classes
        .get(&ObjectKey::cluster(name))
        .ok_or_else(|| not_found("storageclass.storage.k8s.io", name))?;
    match class.volume_binding_mode.as_deref() {
        Some(mode) => Ok(mode == WAIT_FOR_CONSUMER),
        None => Err(format!("VolumeBindingMode not set for StorageClass {name:?}")),
    }
}

/// Kubernetes' words for an object that is not there.
pub(crate) fn not_found(resource: &str, name: &str) -> String {
    format!("{resource} {name:?} not found")
}

/// Source: `k8s.io/api/core/v1` (`ClaimLost`).
pub(crate) const CLAIM_LOST: &str = "Lost";
/// Names the node that a claim's volume is to be made for.
pub(crate) const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
pub(crate) const WAIT_FOR_CONSUMER: &str = "WaitForFirstConsumer";
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";
