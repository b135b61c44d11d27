//! The verbs.

use super::Objects;
use super::commit::Plan;
use super::errors::api_error;
use super::eviction::Eviction;
use super::plan::{End, Given, Planned, Planner, object};
use super::registry::Served;
use super::scale;
use super::update::{Change, no_such_part};
use crate::cache::Filter;
use crate::service::{
    DeleteOptions, Deleted, ListQuery, ObjectService, ObjectStream, Patch, RawList, Subresource,
    TransactError, WatchQuery, Write, WriteOptions,
};
use crate::storage::{ReadAt, Revision};
use async_trait::async_trait;
use kube_core::codec::TypedObject;
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::resource::{GroupVersionKind, KindInfo, ObjectKey};
use kube_core::table::Layout;
use kube_core::view::RawObject;
use serde_json::{Value, json};
use std::sync::Arc;

/// How many made-up names are tried.
const NAMES: usize = 8;

struct Create<'a> {
    namespace: &'a str,
    object: Given<'a>,
    tries: usize,
}

#[async_trait]
impl Plan for Create<'_> {
    async fn plan(&mut self, planner: &mut Planner<'_>) -> Result<Planned, ApiError> {
        planner.create(self.namespace, self.object).await
    }

    fn taken(&mut self, served: &Served) -> Result<(), ApiError> {
        self.tries += 1;
        if self.object.name().is_empty() && self.tries < NAMES {
            return Ok(());
        }
        let kind = &served.info;
        let name = self.object.name();
        if !name.is_empty() {
            return Err(ApiError::already_exists(&kind.group, &kind.plural, name));
        }
        let base = self.object.generate_name();
        let mut error = ApiError::already_exists(&kind.group, &kind.plural, base);
        error.message.push_str(", the server was not able to generate a unique name for the object");
        error.details.retry_after_seconds = 1;
        Err(error)
    }
}

struct Update<'a> {
    key: &'a ObjectKey,
    part: Subresource,
    change: Change<'a>,
}

#[async_trait]
impl Plan for Update<'_> {
    async fn plan(&mut self, planner: &mut Planner<'_>) -> Result<Planned, ApiError> {
        planner.update(self.key, self.part, self.change).await
    }

    fn taken(&mut self, _served: &Served) -> Result<(), ApiError> {
        Ok(())
    }
}

struct Delete<'a> {
    key: &'a ObjectKey,
    options: &'a DeleteOptions,
}

#[async_trait]
impl Plan for Delete<'_> {
    async fn plan(&mut self, planner: &mut Planner<'_>) -> Result<Planned, ApiError> {
        planner.delete(self.key, self.options).await
    }

    fn taken(&mut self, _served: &Served) -> Result<(), ApiError> {
        Ok(())
    }
}

struct Evict<'a> {
    key: &'a ObjectKey,
    eviction: Eviction,
}

#[async_trait]
impl Plan for Evict<'_> {
    async fn plan(&mut self, planner: &mut Planner<'_>) -> Result<Planned, ApiError> {
        planner.evict(self.key, &self.eviction).await
    }

    fn taken(&mut self, _served: &Served) -> Result<(), ApiError> {
        Ok(())
    }
}

impl Objects {
    async fn create_given(
        &self,
        served: &Arc<Served>,
        namespace: &str,
        object: Given<'_>,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let mut create = Create { namespace, object, tries: 0 };
        let (planned, revision) = self.write(served, options, &mut create).await?;
        planned.into_object(revision)
    }

    async fn change(
        &self,
        kind: &KindInfo,
        mut update: Update<'_>,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let served = self.kinds.served(kind)?;
        let (planned, revision) = self.write(&served, options, &mut update).await?;
        planned.into_object(revision)
    }

    async fn read(&self, served: &Served, key: &ObjectKey, at: ReadAt) -> Result<RawObject, ApiError> {
        let place = format!("{}{key}", served.prefix).into();
        let got = self.storage.get(&place, at).await.map_err(|e| api_error(&e))?;
        let missing = || ApiError::not_found(&served.info.group, &served.info.plural, &key.name);
        let kv = got.kv.ok_or_else(missing)?;
        object(kv.value.clone(), kv.mod_revision)
    }
}

#[async_trait]
impl ObjectService for Objects {
    async fn create(
        &self,
        kind: &KindInfo,
        namespace: &str,
        object: Value,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let served = self.kinds.served(kind)?;
        if let Some(provider) = &served.provider {
            return self.provided_create(&served, provider, namespace, object).await;
        }
        self.create_given(&served, namespace, Given::Json(&object), options).await
    }

    async fn create_typed(
        &self,
        kind: &KindInfo,
        namespace: &str,
        object: &dyn TypedObject,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let served = self.kinds.served(kind)?;
        if served.provider.is_some() {
            let object = object.to_json().map_err(ApiError::internal)?;
            return self.create(kind, namespace, object, options).await;
        }
        self.create_given(&served, namespace, Given::Typed(object), options).await
    }

    async fn get(&self, kind: &KindInfo, key: &ObjectKey, at: ReadAt) -> Result<RawObject, ApiError> {
        let served = self.kinds.served(kind)?;
        match &served.provider {
            Some(provider) => self.provided_get(&served, provider, key).await,
            None => self.read(&served, key, at).await,
        }
    }

    async fn list(&self, kind: &KindInfo, query: &ListQuery) -> Result<RawList, ApiError> {
        self.list_objects(kind, query).await
    }

    async fn watch(&self, kind: &KindInfo, query: &WatchQuery) -> Result<ObjectStream, ApiError> {
        let served = self.kinds.served(kind)?;
        served.expect_stored()?;
        let filter = Filter::new(&query.selection, served.fields())?;
        self.cache(&served).watch(filter, query.start, query.bookmarks).await
    }

    async fn update(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        object: Value,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let update = Update { key, part: subresource, change: Change::Replace(&object) };
        self.change(kind, update, options).await
    }

    async fn update_typed(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        object: &dyn TypedObject,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let update = Update { key, part: subresource, change: Change::Typed(object) };
        self.change(kind, update, options).await
    }

    async fn patch(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        patch: &Patch,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let update = Update { key, part: subresource, change: Change::Patch(patch) };
        self.change(kind, update, options).await
    }

    async fn delete(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        options: &DeleteOptions,
    ) -> Result<Deleted, ApiError> {
        let served = self.kinds.served(kind)?;
        let how = WriteOptions {
            dry_run: options.dry_run,
            fence: options.fence.clone(),
            user: options.user.clone(),
            ..WriteOptions::default()
        };
        let mut delete = Delete { key, options };
        let (planned, revision) = self.write(&served, &how, &mut delete).await?;
        let gone = planned.end == End::Removed;
        let object = planned.into_object(revision)?;
        Ok(if gone { Deleted::Gone(object) } else { Deleted::Terminating(object) })
    }

    async fn delete_collection(
        &self,
        kind: &KindInfo,
        query: &ListQuery,
        options: &DeleteOptions,
    ) -> Result<Vec<RawObject>, ApiError> {
        let list = self.list(kind, query).await?;
        for item in &list.items {
            match self.delete(kind, &item.key(), options).await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
        Ok(list.items)
    }

    async fn create_on(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Value, ApiError> {
        if !kind.subresources.contains(subresource.as_str()) {
            return Err(no_such_part(kind, subresource));
        }
        match subresource {
            Subresource::Binding => {
                let update = Update { key, part: subresource, change: Change::Bind(&body) };
                self.change(kind, update, options).await?;
            }
            Subresource::Eviction => {
                let served = self.kinds.served(kind)?;
                let mut evict = Evict { key, eviction: Eviction::read(key, &body, options)? };
                let options = WriteOptions { dry_run: evict.eviction.dry_run, ..options.clone() };
                self.write(&served, &options, &mut evict).await?;
            }
            other => return Err(no_such_part(kind, other)),
        }
        Ok(json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}))
    }

    async fn get_on(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
    ) -> Result<Value, ApiError> {
        let served = self.kinds.served(kind)?;
        match subresource {
            Subresource::Scale => {
                let stored = self.read(&served, key, ReadAt::Latest).await?;
                let value = serde_json::from_slice(&stored.bytes).map_err(ApiError::internal)?;
                scale::of(kind, key, &value, Some(stored.version.revision()))
            }
            Subresource::Main => {
                self.read(&served, key, ReadAt::Latest).await?.to_value().map_err(ApiError::internal)
            }
            Subresource::Status if kind.has_status() => {
                self.read(&served, key, ReadAt::Latest).await?.to_value().map_err(ApiError::internal)
            }
            other => Err(no_such_part(kind, other)),
        }
    }

    async fn transact(
        &self,
        writes: Vec<Write>,
        options: &WriteOptions,
    ) -> Result<Vec<RawObject>, TransactError> {
        self.write_all(&writes, options).await
    }

    fn layout(&self, kind: &KindInfo) -> Result<Layout, ApiError> {
        let served = self.kinds.served(kind)?;
        Ok(served.strategy.layout(&served.info))
    }

    async fn current(&self) -> Result<Revision, ApiError> {
        let current = self.storage.current().await.map_err(|e| api_error(&e))?;
        // The store does not wake the watchers of a quiet resource: whoever asks for a barrier does.
        self.kinds.caches().iter().for_each(|cache| cache.nudge(current));
        Ok(current)
    }

    fn find_kind(&self, api_version: &str, kind: &str) -> Option<Arc<KindInfo>> {
        self.kinds.find(&GroupVersionKind::from_type_meta(api_version, kind))
    }

    fn kinds(&self) -> Vec<Arc<KindInfo>> {
        self.kinds.all()
    }

    fn env(&self) -> &Env {
        &self.env
    }
}
