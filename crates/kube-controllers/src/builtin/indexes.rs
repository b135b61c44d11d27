//! Indexes that several controllers use.

use kube_core::resource::{Resource, ResourceExt};
use kube_core::view::PodView;
use kube_store::informer::Index;
use std::sync::Arc;

/// Objects by the uid of their manager.
pub(super) const OWNER: &str = "owner";
/// Objects without a manager, by namespace.
pub(super) const ORPHAN: &str = "orphan";
/// Objects by namespace.
pub(super) const NAMESPACE: &str = "namespace";

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

/// The uid of the manager.
pub(super) fn manager_uid<K: Resource>(object: &K) -> Option<&str> {
    let owners = object.metadata().owner_references.as_deref()?;
    owners.iter().find(|owner| owner.controller == Some(true)).map(|owner| owner.uid.as_str())
}
