//! A service whose every write holds only while an election is won.

use super::{
    DeleteOptions, Deleted, Fence, ListQuery, ObjectService, ObjectStream, Patch, RawList, Subresource,
    TransactError, WatchQuery, Write, WriteOptions,
};
use crate::storage::{ReadAt, Revision};
use async_trait::async_trait;
use kube_core::codec::TypedObject;
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::resource::{KindInfo, ObjectKey};
use kube_core::table::Layout;
use kube_core::view::RawObject;
use serde_json::Value;
use std::sync::Arc;

/// A service in the name of who won an election: what is written through it is refused once somebody else has won,
/// whoever writes and in whatever way. [`Api::fenced`](crate::api::Api::fenced) does the same for one handle.
///
/// A write that carries a fence of its own keeps that one.
///
/// ```
/// use kube_core::kinds::core::v1::ConfigMap;
/// use kube_store::client::election::{Election, ElectionConfig};
/// use kube_store::{api::Api, objects::Objects, rt, service::Fenced, storage::MemoryStorage};
/// use std::sync::Arc;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let objects = Objects::new(Arc::new(MemoryStorage::new()), rt::env());
/// let election = Election::start(&rt::env(), objects.clone(), ElectionConfig::new("scheduler", "here"))?;
/// let service = Arc::new(Fenced::new(objects, election.won().await));
/// let maps: Api<ConfigMap> = Api::namespaced(service, "default");
/// # drop(maps);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Fenced {
    inner: Arc<dyn ObjectService>,
    fence: Fence,
}

impl Fenced {
    /// `inner`, as long as the election of `fence` is won.
    pub fn new(inner: Arc<dyn ObjectService>, fence: Fence) -> Self {
        Self { inner, fence }
    }

    /// The fence of every write.
    pub fn fence(&self) -> &Fence {
        &self.fence
    }

    fn written(&self, options: &WriteOptions) -> WriteOptions {
        let mut options = options.clone();
        options.fence.get_or_insert_with(|| self.fence.clone());
        options
    }

    fn deleted(&self, options: &DeleteOptions) -> DeleteOptions {
        let mut options = options.clone();
        options.fence.get_or_insert_with(|| self.fence.clone());
        options
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectService for Fenced {
    async fn create(
        &self,
        kind: &KindInfo,
        namespace: &str,
        object: Value,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        self.inner.create(kind, namespace, object, &self.written(options)).await
    }

    async fn create_typed(
        &self,
        kind: &KindInfo,
        namespace: &str,
        object: &dyn TypedObject,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        self.inner.create_typed(kind, namespace, object, &self.written(options)).await
    }

    async fn get(&self, kind: &KindInfo, key: &ObjectKey, at: ReadAt) -> Result<RawObject, ApiError> {
        self.inner.get(kind, key, at).await
    }

    async fn list(&self, kind: &KindInfo, query: &ListQuery) -> Result<RawList, ApiError> {
        self.inner.list(kind, query).await
    }

    async fn watch(&self, kind: &KindInfo, query: &WatchQuery) -> Result<ObjectStream, ApiError> {
        self.inner.watch(kind, query).await
    }

    async fn update(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        object: Value,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        self.inner.update(kind, key, subresource, object, &self.written(options)).await
    }

    async fn update_typed(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        object: &dyn TypedObject,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        self.inner.update_typed(kind, key, subresource, object, &self.written(options)).await
    }

    async fn patch(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        patch: &Patch,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        self.inner.patch(kind, key, subresource, patch, &self.written(options)).await
    }

    async fn delete(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        options: &DeleteOptions,
    ) -> Result<Deleted, ApiError> {
        self.inner.delete(kind, key, &self.deleted(options)).await
    }

    async fn delete_collection(
        &self,
        kind: &KindInfo,
        query: &ListQuery,
        options: &DeleteOptions,
    ) -> Result<Vec<RawObject>, ApiError> {
        self.inner.delete_collection(kind, query, &self.deleted(options)).await
    }

    async fn create_on(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Value, ApiError> {
        self.inner.create_on(kind, key, subresource, body, &self.written(options)).await
    }

    async fn get_on(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
    ) -> Result<Value, ApiError> {
        self.inner.get_on(kind, key, subresource).await
    }

    async fn transact(
        &self,
        writes: Vec<Write>,
        options: &WriteOptions,
    ) -> Result<Vec<RawObject>, TransactError> {
        self.inner.transact(writes, &self.written(options)).await
    }

    fn layout(&self, kind: &KindInfo) -> Result<Layout, ApiError> {
        self.inner.layout(kind)
    }

    async fn current(&self) -> Result<Revision, ApiError> {
        self.inner.current().await
    }

    fn find_kind(&self, api_version: &str, kind: &str) -> Option<Arc<KindInfo>> {
        self.inner.find_kind(api_version, kind)
    }

    fn kinds(&self) -> Vec<Arc<KindInfo>> {
        self.inner.kinds()
    }

    fn env(&self) -> &Env {
        self.inner.env()
    }
}
