//! The handle of one type.

use super::EventStream;
use super::handle::{Edited, Handle, List, decode};
use crate::service::{
    DeleteOptions, Deleted, Fence, FieldValidation, ListQuery, ObjectService, Patch, Subresource, Warnings,
    WatchQuery,
};
use kube_core::error::ApiError;
use kube_core::kinds::autoscaling::v1::Scale;
use kube_core::kinds::core::v1::Pod;
use kube_core::rbac::User;
use kube_core::resource::Resource;
use kube_core::table::TableOptions;
use kube_core::view::View;
use serde_json::{Value, json};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// The objects of one type, in one namespace or in all.
///
/// Cheap to clone. In a handle for all namespaces a name is `namespace/name`, and objects bring their namespace.
///
/// ```
/// use kube_core::kinds::core::v1::ConfigMap;
/// use kube_store::{api::Api, objects::Objects, rt, service::ListQuery, storage::MemoryStorage};
/// use serde_json::{from_value, json};
/// use std::sync::Arc;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let objects = Objects::new(Arc::new(MemoryStorage::new()), rt::env());
/// let maps: Api<ConfigMap> = Api::namespaced(objects.clone(), "shop");
/// let colors: ConfigMap = from_value(json!({"metadata": {"name": "colors"}, "data": {"door": "red"}}))?;
/// let stored = maps.create(&colors).await?;
/// maps.edit("colors", |map| {
///     map.data.get_or_insert_default().insert("wall".to_owned(), "white".to_owned());
/// })
/// .await?;
///
/// // Who writes an older version loses.
/// assert_eq!(maps.update(&stored).await.unwrap_err().code, 409);
/// let everywhere: Api<ConfigMap> = Api::all(objects);
/// let all = everywhere.list(&ListQuery::default()).await?;
/// assert_eq!(all.items[0].data.as_ref().unwrap().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct Api<K> {
    handle: Handle,
    typed: PhantomData<fn() -> K>,
}

impl<K: Resource> Api<K> {
    /// The objects of all namespaces, or of a cluster-scoped kind.
    pub fn all(service: Arc<dyn ObjectService>) -> Self {
        Self::of(Handle::new(service, None))
    }

    /// The objects of one namespace.
    pub fn namespaced(service: Arc<dyn ObjectService>, namespace: &str) -> Self {
        Self::of(Handle::new(service, Some(namespace)))
    }

    fn of(handle: Handle) -> Self {
        Self { handle, typed: PhantomData }
    }

    /// The same kind in one namespace.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> Self {
        let mut handle = self.handle.clone();
        handle.namespace = Some(namespace.into());
        Self::of(handle)
    }

    /// The same, but every write is refused unless this election is still won.
    #[must_use]
    pub fn fenced(self, fence: Fence) -> Self {
        Self::of(self.handle.fenced(fence))
    }

    /// The same, writing in the name of this field manager.
    #[must_use]
    pub fn managed_by(self, name: &str) -> Self {
        Self::of(self.handle.managed_by(name))
    }

    /// The same, treating fields that the kind does not know so.
    #[must_use]
    pub fn validated(self, how: FieldValidation) -> Self {
        Self::of(self.handle.validated(how))
    }

    /// The same; what is told beside the results of writes is collected there.
    #[must_use]
    pub fn warned(self, warnings: &Warnings) -> Self {
        Self::of(self.handle.warned(warnings))
    }

    /// The same in the name of `user`: what roles and bindings do not allow is refused with 403, and a cause that
    /// tells the rule which came nearest.
    ///
    /// The handle watches roles and bindings from its first request on; share an [`Access`](crate::service::Access)
    /// among many.
    ///
    /// ```
    /// use kube_core::kinds::core::v1::ConfigMap;
    /// use kube_core::kinds::rbac::v1::{Role, RoleBinding};
    /// use kube_core::rbac::User;
    /// use kube_store::{api::Api, objects::Objects, rt, service::ListQuery, storage::MemoryStorage};
    /// use serde_json::{from_value, json};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    /// # runtime.block_on(async {
    /// let objects = Objects::new(std::sync::Arc::new(MemoryStorage::new()), rt::env());
    /// let role: Role = from_value(json!({
    ///     "metadata": {"name": "reader"},
    ///     "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}],
    /// }))?;
    /// let binding: RoleBinding = from_value(json!({
    ///     "metadata": {"name": "readers"},
    ///     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
    ///     "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ann"}],
    /// }))?;
    /// Api::namespaced(objects.clone(), "shop").create(&role).await?;
    /// Api::namespaced(objects.clone(), "shop").create(&binding).await?;
    ///
    /// let nobody: [&str; 0] = [];
    /// let maps = Api::<ConfigMap>::namespaced(objects, "shop").as_user(User::new("ann", nobody));
    /// assert!(maps.list(&ListQuery::all()).await?.items.is_empty());
    /// let refused = maps.get("settings").await.unwrap_err();
    /// assert_eq!(refused.code, 403);
    /// assert!(refused.details.causes[0].message.ends_with("it lacks the verb"), "{refused:?}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn as_user(&self, user: User) -> Self {
        Self::of(self.handle.as_user(user))
    }

    /// The service behind.
    pub fn service(&self) -> &Arc<dyn ObjectService> {
        &self.handle.service
    }

    /// The object of that name.
    ///
    /// # Errors
    /// 404.
    pub async fn get(&self, name: &str) -> Result<K, ApiError> {
        decode(&self.handle.get(K::kind_info(), name).await?)
    }

    /// The object of that name, if there is one.
    ///
    /// # Errors
    /// As [`ObjectService::get`], but for 404.
    pub async fn find(&self, name: &str) -> Result<Option<K>, ApiError> {
        self.handle.find(K::kind_info(), name).await?.as_ref().map(decode).transpose()
    }

    /// The objects that `query` selects.
    ///
    /// # Errors
    /// As [`ObjectService::list`].
    pub async fn list(&self, query: &ListQuery) -> Result<List<K>, ApiError> {
        self.handle.list(K::kind_info(), query).await
    }

    /// The objects that `query` selects as a `meta.k8s.io/v1` `Table`: what `kubectl get` shows.
    ///
    /// # Errors
    /// As [`ObjectService::list`].
    ///
    /// ```
    /// use kube_core::custom::{CustomKind, Object};
    /// use kube_core::table::{PrinterColumn, TableOptions};
    /// use kube_store::{api::Api, objects::Objects, rt, service::ListQuery, storage::MemoryStorage};
    ///
    /// #[derive(Clone, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
    /// struct CacheSpec { engine: String }
    ///
    /// impl CustomKind for CacheSpec {
    ///     const GROUP: &'static str = "cache.example.com";
    ///     const VERSION: &'static str = "v1";
    ///     const KIND: &'static str = "Cache";
    ///     const PLURAL: &'static str = "caches";
    ///     const COLUMNS: &'static [PrinterColumn] = &[PrinterColumn::new("Engine", "string", ".spec.engine")];
    ///     type Status = ();
    /// }
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    /// # runtime.block_on(async {
    /// let objects = Objects::new(std::sync::Arc::new(MemoryStorage::new()), rt::env());
    /// objects.register_kind::<Object<CacheSpec>>();
    /// let caches: Api<Object<CacheSpec>> = Api::namespaced(objects, "default");
    /// caches.create(&Object::new("sessions", CacheSpec { engine: "redis".into() })).await?;
    /// let table = caches.table(&ListQuery::all(), &TableOptions::default()).await?;
    /// assert_eq!(table["columnDefinitions"][1]["name"], "Engine");
    /// assert_eq!(table["rows"][0]["cells"], serde_json::json!(["sessions", "redis"]));
    /// # Ok::<(), kube_core::error::ApiError>(())
    /// # }).unwrap();
    /// ```
    pub async fn table(&self, query: &ListQuery, options: &TableOptions) -> Result<Value, ApiError> {
        self.handle.table(K::kind_info(), query, options).await
    }

    /// The object of that name as a `Table` of one row.
    ///
    /// # Errors
    /// 404.
    pub async fn table_of(&self, name: &str, options: &TableOptions) -> Result<Value, ApiError> {
        self.handle.table_of(K::kind_info(), name, options).await
    }

    /// Creates the object and returns what was stored.
    ///
    /// # Errors
    /// As [`ObjectService::create`].
    pub async fn create(&self, object: &K) -> Result<K, ApiError> {
        decode(&self.handle.create_typed(K::kind_info(), object.as_typed()).await?)
    }

    /// Replaces the object but for its status, and returns what was stored.
    ///
    /// # Errors
    /// As [`ObjectService::update`].
    pub async fn update(&self, object: &K) -> Result<K, ApiError> {
        decode(&self.handle.update_typed(K::kind_info(), Subresource::Main, object.as_typed()).await?)
    }

    /// Replaces the object's status, and returns what was stored.
    ///
    /// # Errors
    /// As [`ObjectService::update`].
    pub async fn update_status(&self, object: &K) -> Result<K, ApiError> {
        decode(&self.handle.update_typed(K::kind_info(), Subresource::Status, object.as_typed()).await?)
    }

    /// Changes the object but for its status.
    ///
    /// # Errors
    /// As [`ObjectService::patch`].
    pub async fn patch(&self, name: &str, patch: &Patch) -> Result<K, ApiError> {
        decode(&self.handle.patch(K::kind_info(), name, Subresource::Main, patch).await?)
    }

    /// Changes the object's status.
    ///
    /// # Errors
    /// As [`ObjectService::patch`].
    pub async fn patch_status(&self, name: &str, patch: &Patch) -> Result<K, ApiError> {
        decode(&self.handle.patch(K::kind_info(), name, Subresource::Status, patch).await?)
    }

    /// Reads the object, lets `change` change it and writes it back; again whenever another write came between.
    ///
    /// # Errors
    /// As [`ObjectService::get`] and [`ObjectService::update`].
    pub async fn edit(&self, name: &str, change: impl FnMut(&mut K) + Send) -> Result<K, ApiError> {
        self.edit_part(name, Subresource::Main, change).await
    }

    /// The same for the object's status.
    ///
    /// # Errors
    /// As [`ObjectService::get`] and [`ObjectService::update`].
    pub async fn edit_status(&self, name: &str, change: impl FnMut(&mut K) + Send) -> Result<K, ApiError> {
        self.edit_part(name, Subresource::Status, change).await
    }

    async fn edit_part(
        &self,
        name: &str,
        part: Subresource,
        mut change: impl FnMut(&mut K) + Send,
    ) -> Result<K, ApiError> {
        let mut changed = |raw: &_| {
            let mut object: K = decode(raw)?;
            change(&mut object);
            Ok(Edited::Typed(object.into_typed()))
        };
        decode(&self.handle.edit(K::kind_info(), name, part, &mut changed).await?)
    }

    /// Sets the replica count through the `scale` subresource.
    ///
    /// # Errors
    /// As [`ObjectService::patch`]; 404 for a kind without `scale`.
    pub async fn scale(&self, name: &str, replicas: i32) -> Result<K, ApiError> {
        decode(&self.handle.scale(K::kind_info(), name, replicas).await?)
    }

    /// The wanted and the actual replica count, and the selector of what is counted.
    ///
    /// # Errors
    /// 404 for the object, and for a kind without `scale`.
    pub async fn scale_of(&self, name: &str) -> Result<Scale, ApiError> {
        self.handle.scale_of(K::kind_info(), name).await
    }

    /// Deletes the object, or begins its deletion.
    ///
    /// # Errors
    /// As [`ObjectService::delete`].
    pub async fn delete(&self, name: &str, options: &DeleteOptions) -> Result<Deleted, ApiError> {
        self.handle.delete(K::kind_info(), name, options).await
    }

    /// Deletes every object that `query` selects, and returns what stood there.
    ///
    /// # Errors
    /// As [`ObjectService::delete_collection`].
    pub async fn delete_collection(
        &self,
        query: &ListQuery,
        options: &DeleteOptions,
    ) -> Result<Vec<K>, ApiError> {
        let deleted = self.handle.delete_collection(K::kind_info(), query, options).await?;
        deleted.iter().map(decode).collect()
    }

    /// The changes of the objects that `query` selects.
    ///
    /// # Errors
    /// As [`ObjectService::watch`].
    pub async fn watch(&self, query: &WatchQuery) -> Result<EventStream<K>, ApiError>
    where
        K: View,
    {
        self.handle.watch(K::kind_info(), query).await
    }
}

impl Api<Pod> {
    /// Assigns the pod to the node, in one write: `spec.nodeName` and the condition `PodScheduled`.
    ///
    /// # Errors
    /// 409 when the pod is assigned already, or is being deleted.
    pub async fn bind(&self, name: &str, node: &str) -> Result<(), ApiError> {
        let kind = Pod::kind_info();
        let key = self.handle.key(kind, name)?;
        let body = json!({"target": {"kind": "Node", "name": node}});
        let options = &self.handle.options;
        self.handle.service.create_on(kind, &key, Subresource::Binding, body, options).await.map(drop)
    }

    /// Deletes the pod unless a disruption budget forbids it.
    ///
    /// # Errors
    /// 429 when the pod's budget allows no disruption now; its cause tells why.
    ///
    /// ```
    /// # use kube_core::kinds::core::v1::Pod;
    /// # use kube_store::{api::Api, objects::Objects, rt, service::DeleteOptions, storage::MemoryStorage};
    /// # async fn drain() -> Result<(), kube_core::error::ApiError> {
    /// # let objects = Objects::new(std::sync::Arc::new(MemoryStorage::new()), rt::env());
    /// let pods: Api<Pod> = Api::namespaced(objects, "default");
    /// if let Err(error) = pods.evict("web-1", &DeleteOptions::default()).await {
    ///     assert_eq!(error.code, 429, "try again when another pod is ready");
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn evict(&self, name: &str, options: &DeleteOptions) -> Result<(), ApiError> {
        let kind = Pod::kind_info();
        let key = self.handle.key(kind, name)?;
        let mut delete = json!({});
        if let Some(seconds) = options.grace_period_seconds {
            delete["gracePeriodSeconds"] = seconds.into();
        }
        let mut preconditions = json!({});
        if let Some(uid) = &options.uid {
            preconditions["uid"] = uid.as_str().into();
        }
        if let Some(version) = options.version {
            preconditions["resourceVersion"] = version.to_string().into();
        }
        delete["preconditions"] = preconditions;
        let body = json!({
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": &*key.name, "namespace": &*key.namespace}, "deleteOptions": delete,
        });
        let mut how = self.handle.options.clone();
        how.dry_run |= options.dry_run;
        self.handle.service.create_on(kind, &key, Subresource::Eviction, body, &how).await.map(drop)
    }
}

impl<K> Clone for Api<K> {
    fn clone(&self) -> Self {
        Self { handle: self.handle.clone(), typed: PhantomData }
    }
}

impl<K> fmt::Debug for Api<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("namespace", &self.handle.namespace).finish_non_exhaustive()
    }
}
