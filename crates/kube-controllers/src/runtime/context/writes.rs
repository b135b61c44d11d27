//! Writes, each noted so that the next reconcile of the key sees it.

use super::Context;
use kube_core::codec::TypedObject;
use kube_core::error::ApiError;
use kube_core::resource::{KindInfo, ObjectKey, Resource, ResourceExt};
use kube_core::view::{RawObject, View};
use kube_store::service::{DeleteOptions, Deleted, Patch, Subresource, WriteOptions};
use serde_json::Value;

impl Context {
    /// Creates an object, in the namespace of the reconciled object if it names none.
    ///
    /// # Errors
    /// As [`ObjectService::create`](kube_store::service::ObjectService::create).
    pub async fn create<K: Resource>(&self, object: &K) -> Result<K, ApiError> {
        let kind = K::kind_info();
        let namespace = self.namespace_of(kind, object.namespace()).to_owned();
        let raw = self.create_typed(kind, &namespace, object.as_typed()).await?;
        K::decode(&raw).map_err(ApiError::internal)
    }

    /// Creates an object of that kind in that namespace, and does not read what was stored.
    pub(crate) async fn create_typed(
        &self,
        kind: &KindInfo,
        namespace: &str,
        object: &dyn TypedObject,
    ) -> Result<RawObject, ApiError> {
        let created = self.service().create_typed(kind, namespace, object, &self.options()).await;
        let raw = created.map_err(|error| self.doubt(error))?;
        self.wrote(kind, raw.meta.key(), raw.version);
        Ok(raw)
    }

    /// Replaces an object as it was read.
    ///
    /// # Errors
    /// As [`ObjectService::update`](kube_store::service::ObjectService::update); 409 when it has changed since.
    pub async fn update<K: Resource>(&self, object: &K) -> Result<K, ApiError> {
        let kind = K::kind_info();
        let key = object.key();
        let (object, options) = (object.as_typed(), self.options());
        let updated = self.service().update_typed(kind, &key, Subresource::Main, object, &options).await;
        let raw = updated.map_err(|error| self.doubt(error))?;
        self.wrote(kind, key, raw.version);
        K::decode(&raw).map_err(ApiError::internal)
    }

    /// Deletes exactly this object, by name and uid. One that is gone already is no error.
    ///
    /// # Errors
    /// As [`ObjectService::delete`](kube_store::service::ObjectService::delete); 409 when another object of that name
    /// stands there now.
    pub async fn delete<K: Resource>(&self, object: &K) -> Result<(), ApiError> {
        let options = DeleteOptions::default().uid(object.uid());
        match self.delete_object(K::kind_info(), &object.key(), &options).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    /// Creates an object given as JSON.
    ///
    /// # Errors
    /// As [`ObjectService::create`](kube_store::service::ObjectService::create).
    pub async fn create_value(
        &self,
        kind: &KindInfo,
        namespace: &str,
        object: Value,
    ) -> Result<RawObject, ApiError> {
        let created = self.service().create(kind, namespace, object, &self.options()).await;
        let raw = created.map_err(|error| self.doubt(error))?;
        self.wrote(kind, raw.meta.key(), raw.version);
        Ok(raw)
    }

    /// Changes an object.
    ///
    /// # Errors
    /// As [`ObjectService::patch`](kube_store::service::ObjectService::patch).
    pub async fn patch_value(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        patch: Value,
    ) -> Result<RawObject, ApiError> {
        let patch = Patch::Merge(patch);
        let patched = self.service().patch(kind, key, subresource, &patch, &self.options()).await;
        let raw = patched.map_err(|error| self.doubt(error))?;
        self.wrote(kind, key.clone(), raw.version);
        Ok(raw)
    }

    /// Deletes an object of any kind.
    ///
    /// # Errors
    /// As [`ObjectService::delete`](kube_store::service::ObjectService::delete).
    pub async fn delete_object(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        options: &DeleteOptions,
    ) -> Result<Deleted, ApiError> {
        let deleted = self.service().delete(kind, key, options).await.map_err(|error| self.doubt(error))?;
        self.wrote(kind, key.clone(), deleted.object().version);
        Ok(deleted)
    }

    pub(super) fn namespace_of<'a>(&'a self, kind: &KindInfo, named: &'a str) -> &'a str {
        if kind.is_namespaced() && named.is_empty() { &self.key().namespace } else { named }
    }

    fn options(&self) -> WriteOptions {
        let mut options = WriteOptions::default();
        options.field_manager = Some(self.shared.name().clone());
        options
    }
}
