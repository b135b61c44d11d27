//! The handle of a kind known at run time.

use super::EventStream;
use super::handle::{Edited, Handle, List, decode};
use crate::service::{
    DeleteOptions, Deleted, Fence, FieldValidation, ListQuery, ObjectService, Patch, Subresource, Warnings,
    WatchQuery,
};
use kube_core::dynamic::DynamicObject;
use kube_core::error::ApiError;
use kube_core::kinds::autoscaling::v1::Scale;
use kube_core::rbac::User;
use kube_core::resource::KindInfo;
use kube_core::table::TableOptions;
use serde_json::Value;
use std::sync::Arc;

/// The objects of one kind that is known at run time only, in one namespace or in all.
///
/// Cheap to clone. In a handle for all namespaces a name is `namespace/name`, and objects bring their namespace.
///
/// ```
/// use kube_store::service::{ListQuery, ObjectService};
/// use kube_store::{api::DynamicApi, objects::Objects, rt, storage::MemoryStorage};
/// use serde_json::{from_value, json};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let objects = Objects::new(std::sync::Arc::new(MemoryStorage::new()), rt::env());
/// let kind = objects.find_kind("apps/v1", "Deployment").ok_or("not served")?;
/// let deployments = DynamicApi::namespaced(objects, kind, "shop");
/// let web = from_value(json!({
///     "metadata": {"name": "web"},
///     "spec": {
///         "selector": {"matchLabels": {"app": "web"}},
///         "template": {
///             "metadata": {"labels": {"app": "web"}},
///             "spec": {"containers": [{"name": "web", "image": "web:1"}]},
///         },
///     },
/// }))?;
/// assert_eq!(deployments.create(&web).await?.data["spec"]["replicas"], 1, "defaults are filled in");
/// assert_eq!(deployments.scale("web", 3).await?.data["spec"]["replicas"], 3);
/// assert_eq!(deployments.list(&ListQuery::all()).await?.items.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct DynamicApi {
    handle: Handle,
    kind: Arc<KindInfo>,
}

impl DynamicApi {
    /// The objects of all namespaces, or of a cluster-scoped kind.
    pub fn all(service: Arc<dyn ObjectService>, kind: Arc<KindInfo>) -> Self {
        Self { handle: Handle::new(service, None), kind }
    }

    /// The objects of one namespace.
    pub fn namespaced(service: Arc<dyn ObjectService>, kind: Arc<KindInfo>, namespace: &str) -> Self {
        Self { handle: Handle::new(service, Some(namespace)), kind }
    }

    fn with(&self, handle: Handle) -> Self {
        Self { handle, kind: self.kind.clone() }
    }

    /// The kind.
    pub fn kind(&self) -> &Arc<KindInfo> {
        &self.kind
    }

    /// The same kind in one namespace.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> Self {
        let mut handle = self.handle.clone();
        handle.namespace = Some(namespace.into());
        self.with(handle)
    }

    /// The same, but every write is refused unless this election is still won.
    #[must_use]
    pub fn fenced(&self, fence: Fence) -> Self {
        self.with(self.handle.clone().fenced(fence))
    }

    /// The same, writing in the name of this field manager.
    #[must_use]
    pub fn managed_by(&self, name: &str) -> Self {
        self.with(self.handle.clone().managed_by(name))
    }

    /// The same, treating fields that the kind does not know so.
    #[must_use]
    pub fn validated(&self, how: FieldValidation) -> Self {
        self.with(self.handle.clone().validated(how))
    }

    /// The same; what is told beside the results of writes is collected there.
    #[must_use]
    pub fn warned(&self, warnings: &Warnings) -> Self {
        self.with(self.handle.clone().warned(warnings))
    }

    /// The same in the name of `user`, as [`Api::as_user`](super::Api::as_user).
    #[must_use]
    pub fn as_user(&self, user: User) -> Self {
        self.with(self.handle.as_user(user))
    }

    /// The service behind.
    pub fn service(&self) -> &Arc<dyn ObjectService> {
        &self.handle.service
    }

    /// The object of that name.
    ///
    /// # Errors
    /// 404.
    pub async fn get(&self, name: &str) -> Result<DynamicObject, ApiError> {
        decode(&self.handle.get(&self.kind, name).await?)
    }

    /// The object of that name, if there is one.
    ///
    /// # Errors
    /// As [`ObjectService::get`], but for 404.
    pub async fn find(&self, name: &str) -> Result<Option<DynamicObject>, ApiError> {
        self.handle.find(&self.kind, name).await?.as_ref().map(decode).transpose()
    }

    /// The objects that `query` selects.
    ///
    /// # Errors
    /// As [`ObjectService::list`].
    pub async fn list(&self, query: &ListQuery) -> Result<List<DynamicObject>, ApiError> {
        self.handle.list(&self.kind, query).await
    }

    /// The objects that `query` selects as a `meta.k8s.io/v1` `Table`: what `kubectl get` shows.
    ///
    /// # Errors
    /// As [`ObjectService::list`].
    pub async fn table(&self, query: &ListQuery, options: &TableOptions) -> Result<Value, ApiError> {
        self.handle.table(&self.kind, query, options).await
    }

    /// The object of that name as a `Table` of one row.
    ///
    /// # Errors
    /// 404.
    pub async fn table_of(&self, name: &str, options: &TableOptions) -> Result<Value, ApiError> {
        self.handle.table_of(&self.kind, name, options).await
    }

    /// Creates the object and returns what was stored.
    ///
    /// # Errors
    /// As [`ObjectService::create`].
    pub async fn create(&self, object: &DynamicObject) -> Result<DynamicObject, ApiError> {
        decode(&self.handle.create(&self.kind, encode(object)?).await?)
    }

    /// Replaces the object but for its status, and returns what was stored.
    ///
    /// # Errors
    /// As [`ObjectService::update`].
    pub async fn update(&self, object: &DynamicObject) -> Result<DynamicObject, ApiError> {
        decode(&self.handle.update(&self.kind, Subresource::Main, encode(object)?).await?)
    }

    /// Replaces the object's status, and returns what was stored.
    ///
    /// # Errors
    /// As [`ObjectService::update`].
    pub async fn update_status(&self, object: &DynamicObject) -> Result<DynamicObject, ApiError> {
        decode(&self.handle.update(&self.kind, Subresource::Status, encode(object)?).await?)
    }

    /// Changes the object but for its status.
    ///
    /// # Errors
    /// As [`ObjectService::patch`].
    pub async fn patch(&self, name: &str, patch: &Patch) -> Result<DynamicObject, ApiError> {
        decode(&self.handle.patch(&self.kind, name, Subresource::Main, patch).await?)
    }

    /// Changes the object's status.
    ///
    /// # Errors
    /// As [`ObjectService::patch`].
    pub async fn patch_status(&self, name: &str, patch: &Patch) -> Result<DynamicObject, ApiError> {
        decode(&self.handle.patch(&self.kind, name, Subresource::Status, patch).await?)
    }

    /// Reads the object, lets `change` change it and writes it back; again whenever another write came between.
    ///
    /// # Errors
    /// As [`ObjectService::get`] and [`ObjectService::update`].
    pub async fn edit(
        &self,
        name: &str,
        change: impl FnMut(&mut DynamicObject) + Send,
    ) -> Result<DynamicObject, ApiError> {
        self.edit_part(name, Subresource::Main, change).await
    }

    /// The same for the object's status.
    ///
    /// # Errors
    /// As [`ObjectService::get`] and [`ObjectService::update`].
    pub async fn edit_status(
        &self,
        name: &str,
        change: impl FnMut(&mut DynamicObject) + Send,
    ) -> Result<DynamicObject, ApiError> {
        self.edit_part(name, Subresource::Status, change).await
    }

    async fn edit_part(
        &self,
        name: &str,
        part: Subresource,
        mut change: impl FnMut(&mut DynamicObject) + Send,
    ) -> Result<DynamicObject, ApiError> {
        let mut changed = |raw: &_| {
            let mut object: DynamicObject = decode(raw)?;
            change(&mut object);
            encode(&object).map(Edited::Json)
        };
        decode(&self.handle.edit(&self.kind, name, part, &mut changed).await?)
    }

    /// Sets the replica count through the `scale` subresource.
    ///
    /// # Errors
    /// As [`ObjectService::patch`]; 404 for a kind without `scale`.
    pub async fn scale(&self, name: &str, replicas: i32) -> Result<DynamicObject, ApiError> {
        decode(&self.handle.scale(&self.kind, name, replicas).await?)
    }

    /// The wanted and the actual replica count, and the selector of what is counted.
    ///
    /// # Errors
    /// 404 for the object, and for a kind without `scale`.
    pub async fn scale_of(&self, name: &str) -> Result<Scale, ApiError> {
        self.handle.scale_of(&self.kind, name).await
    }

    /// Deletes the object, or begins its deletion.
    ///
    /// # Errors
    /// As [`ObjectService::delete`].
    pub async fn delete(&self, name: &str, options: &DeleteOptions) -> Result<Deleted, ApiError> {
        self.handle.delete(&self.kind, name, options).await
    }

    /// Deletes every object that `query` selects, and returns what stood there.
    ///
    /// # Errors
    /// As [`ObjectService::delete_collection`].
    pub async fn delete_collection(
        &self,
        query: &ListQuery,
        options: &DeleteOptions,
    ) -> Result<Vec<DynamicObject>, ApiError> {
        let deleted = self.handle.delete_collection(&self.kind, query, options).await?;
        deleted.iter().map(decode).collect()
    }

    /// The changes of the objects that `query` selects.
    ///
    /// # Errors
    /// As [`ObjectService::watch`].
    pub async fn watch(&self, query: &WatchQuery) -> Result<EventStream<DynamicObject>, ApiError> {
        self.handle.watch(&self.kind, query).await
    }
}

fn encode(object: &DynamicObject) -> Result<Value, ApiError> {
    serde_json::to_value(object).map_err(ApiError::internal)
}
