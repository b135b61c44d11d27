//! The object contract: Kubernetes' verbs over objects as JSON, wherever the objects live.
//!
//! [`ObjectService`] is what [`Api`](crate::api::Api) and informers call. In process it is
//! [`Objects`](crate::objects::Objects); over HTTP it will be a client; a simulation wraps either with faults.

mod access;
mod fenced;
mod query;
mod stream;
mod table;
mod warnings;
mod write;

pub use access::Access;
pub use fenced::Fenced;
pub use query::{ListQuery, RawList, Selection, WatchQuery, WatchStart};
pub use stream::{ObjectEvent, ObjectSource, ObjectStream};
pub use table::{list_table, object_table};
pub use warnings::{FieldValidation, Warning, Warnings};
pub use write::{
    DeleteOptions, Deleted, Fence, Patch, Propagation, Subresource, TransactError, Write, WriteOptions,
};

use crate::storage::{ReadAt, Revision};
use async_trait::async_trait;
use kube_core::codec::TypedObject;
use kube_core::env::Env;
use kube_core::error::{ApiError, Reason};
use kube_core::resource::{KindInfo, ObjectKey};
use kube_core::table::Layout;
use kube_core::view::RawObject;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// Kubernetes' verbs over objects of any kind.
///
/// Objects go in as JSON and come out as [`RawObject`]: canonical bytes, version, metadata. Errors are Kubernetes'
/// `Status`.
///
/// ```
/// use kube_core::{kinds::core::v1::ConfigMap, resource::{ObjectKey, Resource}};
/// use kube_store::service::{ObjectService, WriteOptions};
/// use kube_store::storage::{MemoryStorage, ReadAt};
/// use kube_store::{objects::Objects, rt};
/// use serde_json::json;
/// use std::sync::Arc;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let service: Arc<dyn ObjectService> = Objects::new(Arc::new(MemoryStorage::new()), rt::env());
/// let kind = ConfigMap::kind_info();
/// let colors = json!({"metadata": {"name": "colors"}, "data": {"door": "red"}});
/// service.create(kind, "shop", colors, &WriteOptions::default()).await?;
/// let stored = service.get(kind, &ObjectKey::new("shop", "colors"), ReadAt::Latest).await?;
/// assert_eq!(stored.to_value()?["data"]["door"], "red");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[expect(clippy::too_many_arguments, reason = "the verbs of the API have these parameters")]
#[async_trait]
pub trait ObjectService: Send + Sync + fmt::Debug + 'static {
    /// Creates an object in `namespace` (empty for cluster-scoped kinds).
    ///
    /// # Errors
    /// 409 when the name is taken, 422 when fields are wrong, 400 when `namespace` contradicts the object, and what
    /// admission refuses.
    async fn create(
        &self,
        kind: &KindInfo,
        namespace: &str,
        object: Value,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError>;

    /// Creates an object that a program made: what [`ObjectService::create`] does with its JSON, which need not be
    /// written where the service is in the same process.
    ///
    /// # Errors
    /// As [`ObjectService::create`].
    async fn create_typed(
        &self,
        kind: &KindInfo,
        namespace: &str,
        object: &dyn TypedObject,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let object = object.to_json().map_err(ApiError::internal)?;
        self.create(kind, namespace, object, options).await
    }

    /// The object of that key.
    ///
    /// # Errors
    /// 404, and 410 or 504 for revisions that are no longer or not yet held.
    async fn get(&self, kind: &KindInfo, key: &ObjectKey, at: ReadAt) -> Result<RawObject, ApiError>;

    /// The objects that `query` selects, all at one revision.
    ///
    /// # Errors
    /// 400 for selectors that do not parse or a field that cannot be selected, 410 for an expired page.
    async fn list(&self, kind: &KindInfo, query: &ListQuery) -> Result<RawList, ApiError>;

    /// The changes of the objects that `query` selects.
    ///
    /// # Errors
    /// As [`ObjectService::list`]; 410 when changes after the asked version are no longer held.
    async fn watch(&self, kind: &KindInfo, query: &WatchQuery) -> Result<ObjectStream, ApiError>;

    /// Replaces the object, or the part of it that `subresource` names. With a `resourceVersion` in the object the
    /// write fails when the stored version is another one.
    ///
    /// # Errors
    /// 404, 409 for a stale version (the current one is named), 422.
    async fn update(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        object: Value,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError>;

    /// Replaces an object by one that a program made: what [`ObjectService::update`] does with its JSON.
    ///
    /// # Errors
    /// As [`ObjectService::update`].
    async fn update_typed(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        object: &dyn TypedObject,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let object = object.to_json().map_err(ApiError::internal)?;
        self.update(kind, key, subresource, object, options).await
    }

    /// Changes the object by `patch`; retried when it loses a race and carries no version.
    ///
    /// # Errors
    /// As [`ObjectService::update`]; 400 for a patch that does not parse, 415 for a kind of patch that is not
    /// supported.
    async fn patch(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        patch: &Patch,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError>;

    /// Deletes the object, or begins its deletion where finalizers or grace hold it.
    ///
    /// # Errors
    /// 404; 409 for a precondition that does not hold.
    async fn delete(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        options: &DeleteOptions,
    ) -> Result<Deleted, ApiError>;

    /// Deletes every object that `query` selects, one by one, and returns what stood there.
    ///
    /// # Errors
    /// As [`ObjectService::list`] and [`ObjectService::delete`]; objects gone meanwhile are no error.
    async fn delete_collection(
        &self,
        kind: &KindInfo,
        query: &ListQuery,
        options: &DeleteOptions,
    ) -> Result<Vec<RawObject>, ApiError>;

    /// Creates on a subresource: `binding`, later `eviction` and `token`. Returns the answer's body.
    ///
    /// # Errors
    /// 404 for the object or a subresource that the kind has not, and what the subresource refuses.
    async fn create_on(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Value, ApiError>;

    /// Reads a part of an object as a resource of its own: its `scale`. `Main` and `Status` give the object itself.
    ///
    /// # Errors
    /// 404 for the object or a subresource that the kind has not.
    async fn get_on(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
    ) -> Result<Value, ApiError> {
        let what = format!("{}/{} of {key:?}", kind.plural, subresource.as_str());
        Err(ApiError::new(
            Reason::NotFound,
            format!("the server could not find the requested resource ({what})"),
        ))
    }

    /// Applies all writes at one revision, or none; `options` are those of each. Later writes see earlier ones.
    ///
    /// # Errors
    /// Which write failed, and why; nothing was stored then.
    async fn transact(
        &self,
        writes: Vec<Write>,
        options: &WriteOptions,
    ) -> Result<Vec<RawObject>, TransactError>;

    /// How objects of the kind are shown as a table; see [`list_table`].
    ///
    /// # Errors
    /// 404 for a kind that is not served.
    fn layout(&self, kind: &KindInfo) -> Result<Layout, ApiError> {
        Ok(Layout::of(kind))
    }

    /// The newest revision. Watchers with bookmarks are told of it, even those of quiet kinds.
    ///
    /// # Errors
    /// 503 when the store is closed or cannot be reached.
    async fn current(&self) -> Result<Revision, ApiError>;

    /// The kind of an object's `apiVersion` and `kind`, if it is served.
    fn find_kind(&self, api_version: &str, kind: &str) -> Option<Arc<KindInfo>>;

    /// Every kind served, by group, version and kind.
    fn kinds(&self) -> Vec<Arc<KindInfo>>;

    /// The environment that components on top of this service live in.
    fn env(&self) -> &Env;
}
