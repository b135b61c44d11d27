//! Objects that a controller keeps for the objects it looks after.

use super::merge::{covers, overlay};
use super::{Context, merge_diff};
use kube_core::error::ApiError;
use kube_core::kinds::meta::v1::{ObjectMeta, OwnerReference};
use kube_core::resource::{ObjectKey, Resource, ResourceExt, owner_reference};
use kube_store::service::Subresource;
use kube_store::storage::ReadAt;
use serde_json::{Value, json};

/// Says who manages an object.
pub trait OwnedBy: Resource {
    /// The same object with `owner` as its controller, in the owner's namespace: it is deleted after its owner.
    #[must_use]
    fn owned_by(mut self, owner: &impl Resource) -> Self {
        let meta = self.metadata_mut();
        if meta.namespace.is_none() && !owner.namespace().is_empty() {
            meta.namespace = Some(owner.namespace().to_owned());
        }
        let owners = meta.owner_references.get_or_insert_default();
        let reference = owner_reference(owner);
        owners.retain(|other| other.uid != reference.uid);
        owners.push(reference);
        self
    }
}

impl<K: Resource> OwnedBy for K {}

/// What [`Context::apply`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The object was as wanted.
    Unchanged,
    /// It was not there.
    Created,
    /// It differed.
    Changed,
}

impl Context {
    /// Makes an object as `wanted`: creates it, or changes the fields that `wanted` sets and that differ. Fields that
    /// it does not set are left alone. Writes nothing when nothing differs. Say who owns it with [`OwnedBy::owned_by`].
    ///
    /// # Errors
    /// 409 when an object of that name is managed by somebody else, or was changed meanwhile; 422 when a field may not
    /// change.
    pub async fn apply<K: Resource>(&self, wanted: K) -> Result<Applied, ApiError> {
        let kind = K::kind_info();
        let key = ObjectKey::new(self.namespace_of(kind, wanted.namespace()), wanted.name());
        let cached = self.listers().find::<K>().and_then(|informer| informer.get(&key));
        if let Some(present) = cached {
            return self.merge(&key, &*present, &wanted).await;
        }
        match self.create_typed(kind, &key.namespace, wanted.as_typed()).await {
            Ok(_) => Ok(Applied::Created),
            Err(error) if error.is_already_exists() => {
                let raw = self.service().get(kind, &key, ReadAt::Latest).await?;
                let present: K = kube_core::view::View::decode(&raw).map_err(ApiError::internal)?;
                self.merge(&key, &present, &wanted).await
            }
            Err(error) => Err(error),
        }
    }

    async fn merge<K: Resource>(
        &self,
        key: &ObjectKey,
        present: &K,
        wanted: &K,
    ) -> Result<Applied, ApiError> {
        let kind = K::kind_info();
        if let Some(owner) = foreign_controller(present.metadata(), wanted.metadata()) {
            let detail = format!("it is managed by {} {:?}", owner.kind, owner.name);
            return Err(ApiError::conflict(&kind.group, &kind.plural, &key.name, &detail));
        }
        let old = present.to_json_value().map_err(ApiError::internal)?;
        let new = wanted.to_json_value().map_err(ApiError::internal)?;
        let Some(mut patch) = difference(&old, &new) else { return Ok(Applied::Unchanged) };
        patch["metadata"]["resourceVersion"] = json!(present.metadata().resource_version);
        self.patch_value(kind, key, Subresource::Main, patch).await?;
        Ok(Applied::Changed)
    }
}

/// The patch that makes `old` have everything that `wanted` says; the status is none of its business.
pub(super) fn difference(old: &Value, wanted: &Value) -> Option<Value> {
    let mut wanted = wanted.clone();
    if let Some(fields) = wanted.as_object_mut() {
        fields.remove("status");
    }
    if covers(old, &wanted) {
        return None;
    }
    let mut new = old.clone();
    overlay(&mut new, &wanted);
    merge_diff(old, &new)
}

fn foreign_controller<'a>(present: &'a ObjectMeta, wanted: &ObjectMeta) -> Option<&'a OwnerReference> {
    let present = controller(present)?;
    let ours = controller(wanted)?;
    (present.uid != ours.uid).then_some(present)
}

fn controller(meta: &ObjectMeta) -> Option<&OwnerReference> {
    meta.owner_references.iter().flatten().find(|owner| owner.controller == Some(true))
}
