//! What typed and dynamic handles share: the kind, the namespace, how to write, and the decoding of answers.

use super::EventStream;
use crate::service::{
    Access, DeleteOptions, Deleted, Fence, FieldValidation, ListQuery, ObjectService, Patch, Subresource,
    Warnings, WatchQuery, WriteOptions, list_table, object_table,
};
use crate::storage::{ReadAt, Revision};
use kube_core::codec::TypedObject;
use kube_core::error::ApiError;
use kube_core::kinds::autoscaling::v1::Scale;
use kube_core::rbac::User;
use kube_core::resource::{KindInfo, ObjectKey, Resource};
use kube_core::table::TableOptions;
use kube_core::view::{RawObject, View};
use serde_json::{Value, json};
use std::sync::Arc;

/// How often a read-modify-write is tried.
const EDITS: usize = 256;

/// A list, all of it at one revision.
#[derive(Clone, Debug)]
pub struct List<K> {
    /// The objects, in the order of their keys.
    pub items: Vec<K>,
    /// The revision shown.
    pub revision: Revision,
    /// Where to go on; `None` at the end.
    pub continue_token: Option<String>,
    /// How many more follow; `None` where it is not known.
    pub remaining: Option<u64>,
}

/// What an edit has made of an object.
pub(super) enum Edited {
    Json(Value),
    Typed(Box<dyn TypedObject>),
}

/// The inside of a handle: not generic, so that it is compiled once.
#[derive(Clone, Debug)]
pub(super) struct Handle {
    pub(super) service: Arc<dyn ObjectService>,
    /// `None` for all namespaces.
    pub(super) namespace: Option<Arc<str>>,
    pub(super) options: WriteOptions,
}

pub(super) fn decode<V: View>(raw: &RawObject) -> Result<V, ApiError> {
    V::decode(raw).map_err(ApiError::internal)
}

impl Handle {
    pub(super) fn new(service: Arc<dyn ObjectService>, namespace: Option<&str>) -> Self {
        let namespace = namespace.filter(|n| !n.is_empty()).map(Into::into);
        Self { service, namespace, options: WriteOptions::default() }
    }

    pub(super) fn fenced(mut self, fence: Fence) -> Self {
        self.options.fence = Some(fence);
        self
    }

    pub(super) fn managed_by(mut self, name: &str) -> Self {
        self.options.field_manager = Some(name.into());
        self
    }

    pub(super) fn validated(mut self, how: FieldValidation) -> Self {
        self.options.field_validation = how;
        self
    }

    pub(super) fn warned(mut self, warnings: &Warnings) -> Self {
        self.options.warnings = Some(warnings.clone());
        self
    }

    pub(super) async fn table(
        &self,
        kind: &KindInfo,
        query: &ListQuery,
        options: &TableOptions,
    ) -> Result<Value, ApiError> {
        let list = self.service.list(kind, &self.scoped(query)).await?;
        list_table(&*self.service, kind, &list, options)
    }

    pub(super) async fn table_of(
        &self,
        kind: &KindInfo,
        name: &str,
        options: &TableOptions,
    ) -> Result<Value, ApiError> {
        let object = self.get(kind, name).await?;
        object_table(&*self.service, kind, &object, options)
    }

    pub(super) fn as_user(&self, user: User) -> Self {
        Self { service: Access::new(self.service.clone()).as_user(user), ..self.clone() }
    }

    /// The key of an object of that name in this handle's namespace. `ns/name` names one in another.
    pub(super) fn key(&self, kind: &KindInfo, name: &str) -> Result<ObjectKey, ApiError> {
        if !kind.is_namespaced() {
            return Ok(ObjectKey::cluster(name));
        }
        match (&self.namespace, name.split_once('/')) {
            (None, Some((namespace, name))) => Ok(ObjectKey::new(namespace, name)),
            (Some(namespace), None) => Ok(ObjectKey::new(namespace.clone(), name)),
            (None, None) => Err(ApiError::bad_request(format!(
                "{name:?} needs a namespace: use a namespaced handle or `namespace/name`"
            ))),
            (Some(_), Some(_)) => Err(ApiError::bad_request(format!("{name:?} is not a name"))),
        }
    }

    /// The key of `object`: its own namespace, or this handle's.
    pub(super) fn key_of(&self, kind: &KindInfo, object: &Value) -> Result<ObjectKey, ApiError> {
        let text = |field: &str| {
            object.get("metadata").and_then(|m| m.get(field)).and_then(Value::as_str).unwrap_or_default()
        };
        self.key_in(kind, text("namespace"), text("name"))
    }

    /// The key of an object of that name which says that it is in `namespace`.
    fn key_in(&self, kind: &KindInfo, namespace: &str, name: &str) -> Result<ObjectKey, ApiError> {
        if self.namespace.is_none() && !namespace.is_empty() {
            return Ok(ObjectKey::new(namespace, name));
        }
        self.key(kind, name)
    }

    pub(super) async fn get(&self, kind: &KindInfo, name: &str) -> Result<RawObject, ApiError> {
        self.service.get(kind, &self.key(kind, name)?, ReadAt::Latest).await
    }

    pub(super) async fn find(&self, kind: &KindInfo, name: &str) -> Result<Option<RawObject>, ApiError> {
        match self.get(kind, name).await {
            Ok(raw) => Ok(Some(raw)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn scoped(&self, query: &ListQuery) -> ListQuery {
        let mut query = query.clone();
        if let Some(namespace) = &self.namespace {
            query.selection.namespace = Some(namespace.to_string());
        }
        query
    }

    pub(super) async fn list<V: View>(
        &self,
        kind: &KindInfo,
        query: &ListQuery,
    ) -> Result<List<V>, ApiError> {
        let list = self.service.list(kind, &self.scoped(query)).await?;
        Ok(List {
            items: list.items.iter().map(decode).collect::<Result<_, _>>()?,
            revision: list.revision,
            continue_token: list.continue_token,
            remaining: list.remaining,
        })
    }

    pub(super) async fn watch<V: View>(
        &self,
        kind: &KindInfo,
        query: &WatchQuery,
    ) -> Result<EventStream<V>, ApiError> {
        let mut query = query.clone();
        if let Some(namespace) = &self.namespace {
            query.selection.namespace = Some(namespace.to_string());
        }
        Ok(EventStream::new(self.service.watch(kind, &query).await?))
    }

    pub(super) async fn create(&self, kind: &KindInfo, object: Value) -> Result<RawObject, ApiError> {
        let namespace = if kind.is_namespaced() { self.namespace.as_deref().unwrap_or_default() } else { "" };
        self.service.create(kind, namespace, object, &self.options).await
    }

    pub(super) async fn update(
        &self,
        kind: &KindInfo,
        part: Subresource,
        object: Value,
    ) -> Result<RawObject, ApiError> {
        let key = self.key_of(kind, &object)?;
        self.service.update(kind, &key, part, object, &self.options).await
    }

    pub(super) async fn create_typed(
        &self,
        kind: &KindInfo,
        object: &dyn TypedObject,
    ) -> Result<RawObject, ApiError> {
        let namespace = if kind.is_namespaced() { self.namespace.as_deref().unwrap_or_default() } else { "" };
        self.service.create_typed(kind, namespace, object, &self.options).await
    }

    pub(super) async fn update_typed(
        &self,
        kind: &KindInfo,
        part: Subresource,
        object: &dyn TypedObject,
    ) -> Result<RawObject, ApiError> {
        let meta = object.meta();
        let name = meta.name.as_deref().unwrap_or_default();
        let key = self.key_in(kind, meta.namespace.as_deref().unwrap_or_default(), name)?;
        self.service.update_typed(kind, &key, part, object, &self.options).await
    }

    pub(super) async fn patch(
        &self,
        kind: &KindInfo,
        name: &str,
        part: Subresource,
        patch: &Patch,
    ) -> Result<RawObject, ApiError> {
        self.service.patch(kind, &self.key(kind, name)?, part, patch, &self.options).await
    }

    /// Reads, changes and writes until no other write came between.
    pub(super) async fn edit(
        &self,
        kind: &KindInfo,
        name: &str,
        part: Subresource,
        change: &mut (dyn FnMut(&RawObject) -> Result<Edited, ApiError> + Send),
    ) -> Result<RawObject, ApiError> {
        let key = self.key(kind, name)?;
        let mut tries = 1;
        loop {
            let raw = self.service.get(kind, &key, ReadAt::Latest).await?;
            let written = match change(&raw)? {
                Edited::Json(object) => self.service.update(kind, &key, part, object, &self.options).await,
                Edited::Typed(object) => {
                    self.service.update_typed(kind, &key, part, &*object, &self.options).await
                }
            };
            match written {
                Err(error) if error.is_conflict() && tries < EDITS => tries += 1,
                answer => return answer,
            }
        }
    }

    pub(super) async fn scale(
        &self,
        kind: &KindInfo,
        name: &str,
        replicas: i32,
    ) -> Result<RawObject, ApiError> {
        let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
        self.patch(kind, name, Subresource::Scale, &patch).await
    }

    pub(super) async fn scale_of(&self, kind: &KindInfo, name: &str) -> Result<Scale, ApiError> {
        let scale = self.service.get_on(kind, &self.key(kind, name)?, Subresource::Scale).await?;
        Scale::from_json_value(&scale).map_err(ApiError::internal)
    }

    pub(super) async fn delete(
        &self,
        kind: &KindInfo,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Deleted, ApiError> {
        let key = self.key(kind, name)?;
        self.service.delete(kind, &key, &self.fence_of(options)).await
    }

    pub(super) async fn delete_collection(
        &self,
        kind: &KindInfo,
        query: &ListQuery,
        options: &DeleteOptions,
    ) -> Result<Vec<RawObject>, ApiError> {
        self.service.delete_collection(kind, &self.scoped(query), &self.fence_of(options)).await
    }

    fn fence_of(&self, options: &DeleteOptions) -> DeleteOptions {
        let mut options = options.clone();
        options.fence = options.fence.or_else(|| self.options.fence.clone());
        options
    }
}
