//! Several writes in the name of a user, each allowed before any is made.

use super::grants::grants;
use super::objects::{UserObjects, namespace_of, not_found, pin, text};
use crate::service::{Subresource, TransactError, Write};
use kube_core::error::ApiError;
use kube_core::patch::apply_merge;
use kube_core::resource::{KindInfo, ObjectKey};
use serde_json::Value;
use std::sync::Arc;

impl UserObjects {
    /// The same writes, each allowed; those whose judgement depends on what is stored hold for that alone (`true`).
    pub(super) async fn settle(&self, writes: &[Write]) -> Result<(Vec<Write>, bool), TransactError> {
        let mut settled = Vec::with_capacity(writes.len());
        let mut pinned = false;
        let mut before = Vec::new();
        for (index, write) in writes.iter().enumerate() {
            let (write, pins) = self
                .settle_one(write, &mut before)
                .await
                .map_err(|error| TransactError { write: Some(index), error })?;
            settled.push(write);
            pinned |= pins;
        }
        Ok((settled, pinned))
    }

    async fn settle_one(
        &self,
        write: &Write,
        before: &mut Vec<(ObjectKey, Value)>,
    ) -> Result<(Write, bool), ApiError> {
        match write {
            Write::Create { kind, namespace, object } => {
                let at = namespace_of(namespace, object);
                self.ask("create", kind, (at, ""), Subresource::Main).await?;
                self.confirm_create(kind, at, object, before).await?;
                note(before, kind, at, object);
                Ok((write.clone(), false))
            }
            Write::Update { kind, key, subresource, object } => {
                self.ask_key("update", kind, key, *subresource).await?;
                if grants(kind).is_none() || *subresource != Subresource::Main {
                    return Ok((write.clone(), false));
                }
                let Some(old) = self.stored(kind, key).await? else { return Err(not_found(kind, key)) };
                let mut object = object.clone();
                self.confirm_update(kind, key, (&old, &mut object), before).await?;
                note(before, kind, &key.namespace, &object);
                let (kind, key) = (kind.clone(), key.clone());
                Ok((Write::Update { kind, key, subresource: Subresource::Main, object }, true))
            }
            Write::Patch { kind, key, subresource, .. } => {
                self.ask_key("patch", kind, key, *subresource).await?;
                if grants(kind).is_some() && *subresource == Subresource::Main {
                    // What it grants is judged by the object that comes of it.
                    let text = format!("{} are patched one by one, not in a transaction", kind.plural);
                    return Err(ApiError::bad_request(text));
                }
                Ok((write.clone(), false))
            }
            Write::Bind { kind, key, .. } => {
                self.ask_key("create", kind, key, Subresource::Binding).await?;
                Ok((write.clone(), false))
            }
            Write::Apply { kind, namespace, object } => {
                self.settle_apply(kind, namespace_of(namespace, object), object, before).await
            }
        }
    }

    async fn settle_apply(
        &self,
        kind: &Arc<KindInfo>,
        namespace: &str,
        object: &Value,
        before: &mut Vec<(ObjectKey, Value)>,
    ) -> Result<(Write, bool), ApiError> {
        let key = ObjectKey::new(namespace, text(object, "name"));
        self.ask_key("patch", kind, &key, Subresource::Main).await?;
        let create = self.ask("create", kind, (namespace, ""), Subresource::Main).await;
        if create.is_ok() && grants(kind).is_none() {
            let (namespace, object) = (namespace.to_owned(), object.clone());
            return Ok((Write::Apply { kind: kind.clone(), namespace, object }, false));
        }
        let Some(old) = self.stored(kind, &key).await? else {
            create?;
            self.confirm_create(kind, namespace, object, before).await?;
            note(before, kind, namespace, object);
            let (namespace, object) = (namespace.to_owned(), object.clone());
            return Ok((Write::Create { kind: kind.clone(), namespace, object }, true));
        };
        let mut new = old.clone();
        apply_merge(&mut new, object);
        self.confirm_update(kind, &key, (&old, &mut new), before).await?;
        pin(&mut new, &old);
        note(before, kind, namespace, &new);
        Ok((Write::Update { kind: kind.clone(), key, subresource: Subresource::Main, object: new }, true))
    }
}

/// Remembers a role for the bindings that follow in the same request.
fn note(before: &mut Vec<(ObjectKey, Value)>, kind: &KindInfo, namespace: &str, object: &Value) {
    if grants(kind).is_some() && matches!(&*kind.plural, "roles" | "clusterroles") {
        before.push((ObjectKey::new(namespace, text(object, "name")), object.clone()));
    }
}
