//! Indexes that several controllers use.

use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::resource::{ObjectKey, Resource, ResourceExt};
use kube_core::view::PodView;
use kube_net::slices::SERVICE_NAME_LABEL;
use kube_store::informer::Index;
use std::sync::Arc;

/// Objects by the uid of their manager.
pub(super) const OWNER: &str = "owner";
/// Objects without a manager, by namespace.
pub(super) const ORPHAN: &str = "orphan";
/// Objects by namespace.
pub(super) const NAMESPACE: &str = "namespace";
/// Slices by `namespace/name` of their Service.
pub(super) const SERVICE: &str = "service";

/// Typed objects, as [`OWNER`].
pub(super) fn by_owner<K: Resource>() -> Index<K> {
    Index::new(OWNER, |object: &K| manager_uid(object).map(Arc::from).into_iter().collect())
}

/// Typed objects, as [`ORPHAN`].
pub(super) fn orphans<K: Resource>() -> Index<K> {
    Index::new(ORPHAN, |object: &K| {
        if manager_uid(object).is_some() { Vec::new() } else { vec![Arc::from(object.namespace())] }
    })
}

/// Typed objects, as [`NAMESPACE`].
pub(super) fn by_namespace<K: Resource>() -> Index<K> {
    Index::new(NAMESPACE, |object: &K| vec![Arc::from(object.namespace())])
}

/// Pods, as [`ORPHAN`].
pub(super) fn orphan_pods() -> Index<PodView> {
    Index::new(ORPHAN, |pod: &PodView| match pod.meta.controller() {
        Some(_) => Vec::new(),
        None => vec![pod.meta.namespace.clone()],
    })
}

/// Slices, as [`SERVICE`].
pub(super) fn slices_by_service() -> Index<EndpointSlice> {
    Index::new(SERVICE, |slice: &EndpointSlice| {
        service_of(slice).map(|key| Arc::from(key.to_string())).into_iter().collect()
    })
}

/// The Service whose name a slice carries.
pub(super) fn service_of(slice: &EndpointSlice) -> Option<ObjectKey> {
    let name = slice.metadata.labels.as_ref()?.get(SERVICE_NAME_LABEL)?;
    Some(ObjectKey::new(slice.namespace(), name.as_str()))
}

/// The uid of the manager.
pub(super) fn manager_uid<K: Resource>(object: &K) -> Option<&str> {
    let owners = object.metadata().owner_references.as_deref()?;
    owners.iter().find(|owner| owner.controller == Some(true)).map(|owner| owner.uid.as_str())
}
