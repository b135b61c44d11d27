//! What kube-apiserver asks of its storage in terms of objects: [`Objects`] over the engine at hand.
//!
//! Source: `k8s.io/apiserver/pkg/storage/testing` (v1.36). A pod there is a ConfigMap here where any object will do,
//! and a Pod where its node matters. A "suggestion" (a cached copy that the caller already has) has no counterpart:
//! our verbs always judge what is stored, and the contracts hold them to that.

mod creates;
mod damage;
mod deletions;
mod lists;
mod reads;
mod script;
mod updates;
mod watches;

pub(super) use creates::CONTRACTS as CREATES;
pub(super) use damage::CONTRACTS as DAMAGE;
pub(super) use deletions::CONTRACTS as DELETIONS;
pub(super) use lists::CONTRACTS as LISTS;
pub(super) use reads::CONTRACTS as READS;
pub(super) use updates::CONTRACTS as UPDATES;
pub(super) use watches::CONTRACTS as WATCHES;

use super::probe::{Seen, broken};
use crate::objects::Objects;
use crate::service::{
    DeleteOptions, Deleted, ListQuery, ObjectEvent, ObjectService, ObjectStream, Patch, RawList, Subresource,
    WatchQuery, WriteOptions,
};
use crate::storage::{Key, ReadAt, Revision, Storage, Txn, TxnOutcome};
use futures::StreamExt;
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{ConfigMap, Pod};
use kube_core::resource::{KindInfo, ObjectKey, Resource};
use kube_core::view::RawObject;
use script::Script;
use serde_json::{Value, json};
use std::sync::Arc;

/// Objects over an empty store.
#[derive(Debug)]
pub struct World {
    storage: Arc<dyn Storage>,
    objects: Arc<Objects>,
    script: Arc<Script>,
}

impl World {
    /// Objects over `storage`, with an admission plugin that contracts use to step between a read and its write.
    pub(super) fn new(storage: Arc<dyn Storage>) -> Self {
        let script = Arc::new(Script::new(storage.clone()));
        let (env, _) = Env::manual(7);
        let objects = Objects::builder(storage.clone(), env).admission(script.clone()).build();
        Self { storage, objects, script }
    }

    async fn create(&self, kind: &KindInfo, namespace: &str, object: Value) -> Result<RawObject, ApiError> {
        self.objects.create(kind, namespace, object, &WriteOptions::default()).await
    }

    /// Creates the ConfigMap `name` in the namespace `a`.
    async fn map(&self, name: &str) -> Result<RawObject, ApiError> {
        self.create(maps(), "a", map(name, "1")).await
    }

    async fn read(&self, name: &str) -> Result<RawObject, ApiError> {
        self.objects.get(maps(), &key(name), ReadAt::Latest).await
    }

    async fn merge(&self, name: &str, patch: Value) -> Result<RawObject, ApiError> {
        let patch = Patch::Merge(patch);
        self.objects.patch(maps(), &key(name), Subresource::Main, &patch, &WriteOptions::default()).await
    }

    /// Sets the one datum of a ConfigMap.
    async fn set(&self, name: &str, data: &str) -> Result<RawObject, ApiError> {
        self.merge(name, json!({"data": {"x": data}})).await
    }

    async fn update(&self, name: &str, object: Value) -> Result<RawObject, ApiError> {
        self.objects.update(maps(), &key(name), Subresource::Main, object, &WriteOptions::default()).await
    }

    async fn delete(&self, name: &str, options: &DeleteOptions) -> Result<Deleted, ApiError> {
        self.objects.delete(maps(), &key(name), options).await
    }

    /// Deletes a ConfigMap that nothing holds.
    async fn gone(&self, name: &str) -> Seen<RawObject> {
        match self.delete(name, &DeleteOptions::default()).await? {
            Deleted::Gone(object) => Ok(object),
            held @ Deleted::Terminating(_) => broken(format!("a deletion that nothing holds: {held:?}")),
        }
    }

    /// Assigns a pod of the namespace `a` to a node.
    async fn bind(&self, name: &str, node: &str) -> Seen<()> {
        let body = json!({"target": {"name": node}});
        let options = WriteOptions::default();
        self.objects.create_on(Pod::kind_info(), &key(name), Subresource::Binding, body, &options).await?;
        Ok(())
    }

    async fn list(&self, query: &ListQuery) -> Result<RawList, ApiError> {
        self.objects.list(maps(), query).await
    }

    async fn watch(&self, query: &WatchQuery) -> Result<ObjectStream, ApiError> {
        self.objects.watch(maps(), query).await
    }

    /// Writes somewhere that no kind stands.
    async fn elsewhere(&self) -> Seen<Revision> {
        match self.storage.txn(Txn::put("/elsewhere", "x")).await? {
            TxnOutcome::Committed { revision, .. } => Ok(revision),
            failed @ TxnOutcome::Failed { .. } => broken(format!("{failed:?}")),
        }
    }

    /// Where a ConfigMap stands.
    fn place(&self, name: &str) -> Key {
        self.objects.keys().object(maps(), &key(name))
    }
}

fn maps() -> &'static KindInfo {
    ConfigMap::kind_info()
}

fn pods() -> &'static KindInfo {
    Pod::kind_info()
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::new("a", name)
}

fn map(name: &str, data: &str) -> Value {
    json!({"metadata": {"name": name}, "data": {"x": data}})
}

fn labelled(name: &str, data: &str, tier: &str) -> Value {
    json!({"metadata": {"name": name, "labels": {"tier": tier}}, "data": {"x": data}})
}

fn pod(name: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "main", "image": "web:1"}]}})
}

fn on_node(name: &str, node: &str) -> Value {
    let mut pod = pod(name);
    pod["spec"]["nodeName"] = node.into();
    pod
}

/// The one datum of a ConfigMap.
fn datum(raw: &RawObject) -> Seen<String> {
    Ok(json_of(raw)?["data"]["x"].as_str().unwrap_or_default().to_owned())
}

fn json_of(raw: &RawObject) -> Seen<Value> {
    raw.to_value().or_else(|error| broken(format!("{} does not read: {error}", raw.meta.name)))
}

fn version(raw: &RawObject) -> Revision {
    Revision::new(raw.version.revision())
}

fn after(raw: &RawObject) -> WatchQuery {
    WatchQuery::default().after(version(raw))
}

/// A selector, or the violation that it does not parse.
fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Seen<T> {
    text.parse().or_else(|error| broken(format!("{text} does not parse: {error}")))
}

/// Holds the call to have been refused with this HTTP status.
fn refused<T: std::fmt::Debug>(what: &str, result: Result<T, ApiError>, code: u16) -> Seen<ApiError> {
    match result {
        Err(error) if error.code == code => Ok(error),
        Err(error) => broken(format!("{what}: refused with {} and not {code}: {error}", error.code)),
        Ok(value) => broken(format!("{what}: not refused but {value:?}")),
    }
}

/// `namespace/name=datum` of each object of a list.
fn listed(list: &RawList) -> Seen<Vec<String>> {
    let line = |raw: &RawObject| Ok(format!("{}/{}={}", raw.meta.namespace, raw.meta.name, datum(raw)?));
    list.items.iter().map(line).collect()
}

/// `namespace/name` of each object of a list.
fn names(list: &RawList) -> Vec<String> {
    list.items.iter().map(|raw| format!("{}/{}", raw.meta.namespace, raw.meta.name)).collect()
}

/// The next event that is no bookmark: `+name`, `~name`, `-name`.
async fn next(stream: &mut ObjectStream) -> Seen<String> {
    loop {
        match stream.next().await {
            Some(Ok(ObjectEvent::Bookmark(_))) => {}
            Some(event) => return Ok(short(&event?)),
            None => return broken("a watch ended without an error"),
        }
    }
}

/// The next events that are no bookmarks.
async fn told(stream: &mut ObjectStream, count: usize) -> Seen<Vec<String>> {
    let mut events = Vec::with_capacity(count);
    for _ in 0..count {
        events.push(next(stream).await?);
    }
    Ok(events)
}

fn short(event: &ObjectEvent) -> String {
    match event {
        ObjectEvent::Added(raw) => format!("+{}", raw.meta.name),
        ObjectEvent::Modified(raw) => format!("~{}", raw.meta.name),
        ObjectEvent::Deleted(raw) => format!("-{}", raw.meta.name),
        ObjectEvent::Bookmark(revision) => format!("#{revision}"),
    }
}

fn texts(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}
