//! The object service in the name of a user.

use super::Access;
use super::grants::{Granting, grants};
use super::reviews::Review;
use crate::service::{
    DeleteOptions, Deleted, ListQuery, ObjectService, ObjectStream, Patch, RawList, Selection, Subresource,
    TransactError, WatchQuery, Write, WriteOptions,
};
use crate::storage::{ReadAt, Revision};
use async_trait::async_trait;
use kube_core::codec::TypedObject;
use kube_core::env::Env;
use kube_core::error::{ApiError, Reason};
use kube_core::rbac::{Attributes, Target, User};
use kube_core::resource::{KindInfo, ObjectKey};
use kube_core::table::Layout;
use kube_core::view::RawObject;
use serde_json::Value;
use std::sync::Arc;

/// How often a write whose judgement depends on what is stored is judged again.
const ATTEMPTS: usize = 32;

/// A service in the name of a user.
#[derive(Debug)]
pub(super) struct UserObjects {
    pub(super) access: Arc<Access>,
    pub(super) user: Arc<User>,
}

/// A text of the metadata of an object.
pub(super) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get("metadata").and_then(|m| m.get(field)).and_then(Value::as_str).unwrap_or_default()
}

/// The namespace of a new object: that of the request, or its own.
pub(super) fn namespace_of<'a>(asked: &'a str, object: &'a Value) -> &'a str {
    if asked.is_empty() { text(object, "namespace") } else { asked }
}

impl UserObjects {
    pub(super) fn new(access: Arc<Access>, user: User) -> Self {
        Self { access, user: Arc::new(user) }
    }

    fn service(&self) -> &dyn ObjectService {
        &*self.access.service
    }

    fn options(&self, options: &WriteOptions) -> WriteOptions {
        WriteOptions { user: Some(self.user.clone()), ..options.clone() }
    }

    fn delete_options(&self, options: &DeleteOptions) -> DeleteOptions {
        DeleteOptions { user: Some(self.user.clone()), ..options.clone() }
    }

    pub(super) async fn ask(
        &self,
        verb: &str,
        kind: &KindInfo,
        at: (&str, &str),
        part: Subresource,
    ) -> Result<(), ApiError> {
        let (namespace, name) = at;
        // A namespace counts as being in itself.
        let itself = kind.group.is_empty() && kind.plural == "namespaces";
        let target = Target::Resource {
            namespace: if itself { name } else { namespace },
            group: &kind.group,
            resource: &kind.plural,
            subresource: part.as_str(),
            name,
        };
        self.access.authorize(&Attributes { user: &self.user, verb, target }).await
    }

    pub(super) async fn ask_key(
        &self,
        verb: &str,
        kind: &KindInfo,
        key: &ObjectKey,
        part: Subresource,
    ) -> Result<(), ApiError> {
        self.ask(verb, kind, (&key.namespace, &key.name), part).await
    }

    /// A list or watch of one name is asked as one of that name.
    async fn ask_selection(
        &self,
        verb: &str,
        kind: &KindInfo,
        selection: &Selection,
    ) -> Result<(), ApiError> {
        let fields = selection.fields.as_ref();
        let name = fields.and_then(|fields| fields.requires_exact("metadata.name")).unwrap_or_default();
        self.ask(verb, kind, (selection.namespace().unwrap_or_default(), name), Subresource::Main).await
    }

    /// What stands there, with its version; `None` for nothing.
    pub(super) async fn stored(&self, kind: &KindInfo, key: &ObjectKey) -> Result<Option<Value>, ApiError> {
        match self.service().get(kind, key, ReadAt::Latest).await {
            Ok(raw) => raw.to_value().map(Some).map_err(ApiError::internal),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// That a create gives nothing that the user does not have.
    pub(super) async fn confirm_create(
        &self,
        kind: &KindInfo,
        namespace: &str,
        new: &Value,
        before: &[(ObjectKey, Value)],
    ) -> Result<(), ApiError> {
        let Some(gives) = grants(kind) else { return Ok(()) };
        let write = Granting { kind, gives, namespace, name: "", old: None, new, before };
        self.access.confirm(&self.user, write).await
    }

    /// That an update gives nothing that the user does not have; the new object then holds for the stored one alone.
    pub(super) async fn confirm_update(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        change: (&Value, &mut Value),
        before: &[(ObjectKey, Value)],
    ) -> Result<(), ApiError> {
        let Some(gives) = grants(kind) else { return Ok(()) };
        let (old, new) = change;
        let (namespace, name) = (&*key.namespace, &*key.name);
        let write = Granting { kind, gives, namespace, name, old: Some(old), new, before };
        self.access.confirm(&self.user, write).await?;
        pin(new, old);
        Ok(())
    }

    /// Updates a role or binding: what is judged is what is stored. Judged again whenever another write came between,
    /// unless the request is for one version.
    async fn update_grant(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        object: &Value,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let mut tries = if text(object, "resourceVersion").is_empty() { ATTEMPTS } else { 1 };
        loop {
            let old = self.stored(kind, key).await?.ok_or_else(|| not_found(kind, key))?;
            let mut new = object.clone();
            self.confirm_update(kind, key, (&old, &mut new), &[]).await?;
            tries -= 1;
            match self.service().update(kind, key, Subresource::Main, new, options).await {
                Err(error) if error.is_conflict() && tries > 0 => {}
                answer => return answer,
            }
        }
    }

    /// Patches a role or binding: what the patch makes of it is judged, and stored as that.
    async fn patch_grant(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        patch: &Patch,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let versioned = matches!(patch, Patch::Merge(patch) if !text(patch, "resourceVersion").is_empty());
        let mut tries = if versioned { 1 } else { ATTEMPTS };
        let trial = options.clone().dry_run();
        loop {
            let old = self.stored(kind, key).await?.ok_or_else(|| not_found(kind, key))?;
            let new = self.service().patch(kind, key, Subresource::Main, patch, &trial).await?;
            let mut new = new.to_value().map_err(ApiError::internal)?;
            // That of a trial says nothing.
            new["metadata"]["resourceVersion"] = "".into();
            self.confirm_update(kind, key, (&old, &mut new), &[]).await?;
            tries -= 1;
            match self.service().update(kind, key, Subresource::Main, new, options).await {
                Err(error) if error.is_conflict() && tries > 0 => {}
                answer => return answer,
            }
        }
    }
}

/// Makes the new object hold for the stored one alone, unless it holds for one already.
pub(super) fn pin(new: &mut Value, old: &Value) {
    if text(new, "resourceVersion").is_empty()
        && let Some(metadata) = new.get_mut("metadata").and_then(Value::as_object_mut)
    {
        metadata.insert("resourceVersion".to_owned(), text(old, "resourceVersion").into());
    }
}

pub(super) fn not_found(kind: &KindInfo, key: &ObjectKey) -> ApiError {
    ApiError::not_found(&kind.group, &kind.plural, &key.name)
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectService for UserObjects {
    async fn create(
        &self,
        kind: &KindInfo,
        namespace: &str,
        object: Value,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let at = namespace_of(namespace, &object);
        if let Some(review) = Review::of(kind) {
            return self.review(review, kind, at, &object).await;
        }
        self.ask("create", kind, (at, ""), Subresource::Main).await?;
        self.confirm_create(kind, at, &object, &[]).await?;
        self.service().create(kind, namespace, object, &self.options(options)).await
    }

    async fn create_typed(
        &self,
        kind: &KindInfo,
        namespace: &str,
        object: &dyn TypedObject,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        if grants(kind).is_some() || Review::of(kind).is_some() {
            let object = object.to_json().map_err(ApiError::internal)?;
            return self.create(kind, namespace, object, options).await;
        }
        let own = object.meta().namespace.as_deref().unwrap_or_default();
        let at = if namespace.is_empty() { own } else { namespace };
        self.ask("create", kind, (at, ""), Subresource::Main).await?;
        self.service().create_typed(kind, namespace, object, &self.options(options)).await
    }

    async fn get(&self, kind: &KindInfo, key: &ObjectKey, at: ReadAt) -> Result<RawObject, ApiError> {
        self.ask_key("get", kind, key, Subresource::Main).await?;
        self.service().get(kind, key, at).await
    }

    async fn list(&self, kind: &KindInfo, query: &ListQuery) -> Result<RawList, ApiError> {
        self.ask_selection("list", kind, &query.selection).await?;
        self.service().list(kind, query).await
    }

    async fn watch(&self, kind: &KindInfo, query: &WatchQuery) -> Result<ObjectStream, ApiError> {
        self.ask_selection("watch", kind, &query.selection).await?;
        self.service().watch(kind, query).await
    }

    async fn update(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        object: Value,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        self.ask_key("update", kind, key, subresource).await?;
        let options = self.options(options);
        if grants(kind).is_some() && subresource == Subresource::Main {
            return self.update_grant(kind, key, &object, &options).await;
        }
        self.service().update(kind, key, subresource, object, &options).await
    }

    async fn update_typed(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        object: &dyn TypedObject,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        if grants(kind).is_some() {
            let object = object.to_json().map_err(ApiError::internal)?;
            return self.update(kind, key, subresource, object, options).await;
        }
        self.ask_key("update", kind, key, subresource).await?;
        self.service().update_typed(kind, key, subresource, object, &self.options(options)).await
    }

    async fn patch(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        patch: &Patch,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        self.ask_key("patch", kind, key, subresource).await?;
        let options = self.options(options);
        if grants(kind).is_some() && subresource == Subresource::Main {
            return self.patch_grant(kind, key, patch, &options).await;
        }
        self.service().patch(kind, key, subresource, patch, &options).await
    }

    async fn delete(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        options: &DeleteOptions,
    ) -> Result<Deleted, ApiError> {
        self.ask_key("delete", kind, key, Subresource::Main).await?;
        self.service().delete(kind, key, &self.delete_options(options)).await
    }

    async fn delete_collection(
        &self,
        kind: &KindInfo,
        query: &ListQuery,
        options: &DeleteOptions,
    ) -> Result<Vec<RawObject>, ApiError> {
        let namespace = query.selection.namespace().unwrap_or_default();
        self.ask("deletecollection", kind, (namespace, ""), Subresource::Main).await?;
        self.service().delete_collection(kind, query, &self.delete_options(options)).await
    }

    async fn create_on(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Value, ApiError> {
        self.ask_key("create", kind, key, subresource).await?;
        self.service().create_on(kind, key, subresource, body, &self.options(options)).await
    }

    async fn get_on(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
    ) -> Result<Value, ApiError> {
        self.ask_key("get", kind, key, subresource).await?;
        self.service().get_on(kind, key, subresource).await
    }

    async fn transact(
        &self,
        writes: Vec<Write>,
        options: &WriteOptions,
    ) -> Result<Vec<RawObject>, TransactError> {
        let options = self.options(options);
        let mut tries = 1;
        loop {
            let (settled, pinned) = self.settle(&writes).await?;
            match self.service().transact(settled, &options).await {
                Err(failed)
                    if pinned
                        && tries < ATTEMPTS
                        && matches!(failed.error.reason, Reason::Conflict | Reason::AlreadyExists) =>
                {
                    tries += 1;
                }
                answer => return answer,
            }
        }
    }

    fn layout(&self, kind: &KindInfo) -> Result<Layout, ApiError> {
        self.service().layout(kind)
    }

    async fn current(&self) -> Result<Revision, ApiError> {
        self.service().current().await
    }

    fn find_kind(&self, api_version: &str, kind: &str) -> Option<Arc<KindInfo>> {
        self.service().find_kind(api_version, kind)
    }

    fn kinds(&self) -> Vec<Arc<KindInfo>> {
        self.service().kinds()
    }

    fn env(&self) -> &Env {
        self.service().env()
    }
}
