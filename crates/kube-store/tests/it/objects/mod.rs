//! Kubernetes' semantics over a store in memory.
//!
//! Most tests drive futures by hand: no runtime is needed anywhere below.

mod access;
mod binding;
mod deletion;
mod eviction;
mod handles;
mod labels;
mod limits;
mod lists;
mod paging;
mod parts;
mod prop_bytes;
mod prop_typed;
mod prop_watch;
mod reviews;
mod scale;
mod statuses;
mod strict;
mod transact;
mod unreadable;
mod watches;
mod writes;

use futures::Stream;
use kube_core::env::{Env, ManualClock};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{ConfigMap, Namespace, Node, Pod};
use kube_core::resource::{KindInfo, ObjectKey, Resource};
use kube_core::view::RawObject;
use kube_store::objects::Objects;
use kube_store::service::{ObjectEvent, ObjectService, ObjectStream, Subresource, WriteOptions};
use kube_store::storage::{MemoryStorage, ReadAt, Storage};
use serde_json::{Value, json};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Polls until the future is done; everything in memory is done after a few polls.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..1_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
    panic!("the future waits for something that does not come");
}

/// Objects over a fresh store, with a clock that stands still.
pub(crate) struct World {
    pub(crate) objects: Arc<Objects>,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) clock: Arc<ManualClock>,
}

pub(crate) fn world() -> World {
    world_on(Arc::new(MemoryStorage::new()))
}

pub(crate) fn world_on(storage: Arc<dyn Storage>) -> World {
    let (env, clock) = Env::manual(7);
    World { objects: Objects::new(storage.clone(), env), storage, clock }
}

pub(crate) fn pods() -> &'static KindInfo {
    Pod::kind_info()
}

pub(crate) fn config_maps() -> &'static KindInfo {
    ConfigMap::kind_info()
}

pub(crate) fn namespaces() -> &'static KindInfo {
    Namespace::kind_info()
}

pub(crate) fn nodes() -> &'static KindInfo {
    Node::kind_info()
}

pub(crate) fn pod(name: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "main", "image": "web:1"}]}})
}

pub(crate) fn map(name: &str, data: &str) -> Value {
    json!({"metadata": {"name": name}, "data": {"x": data}})
}

pub(crate) fn key(name: &str) -> ObjectKey {
    ObjectKey::new("default", name)
}

impl World {
    pub(crate) fn try_create(&self, kind: &KindInfo, object: Value) -> Result<RawObject, ApiError> {
        let namespace = if kind.is_namespaced() { "default" } else { "" };
        run(self.objects.create(kind, namespace, object, &WriteOptions::default()))
    }

    pub(crate) fn create(&self, kind: &KindInfo, object: Value) -> RawObject {
        self.try_create(kind, object).expect("created")
    }

    pub(crate) fn try_update(
        &self,
        kind: &KindInfo,
        name: &str,
        part: Subresource,
        object: Value,
    ) -> Result<RawObject, ApiError> {
        let key = if kind.is_namespaced() { key(name) } else { ObjectKey::cluster(name) };
        run(self.objects.update(kind, &key, part, object, &WriteOptions::default()))
    }

    pub(crate) fn update(&self, kind: &KindInfo, name: &str, object: Value) -> RawObject {
        self.try_update(kind, name, Subresource::Main, object).expect("updated")
    }

    pub(crate) fn get(&self, kind: &KindInfo, name: &str) -> Option<Value> {
        let key = if kind.is_namespaced() { key(name) } else { ObjectKey::cluster(name) };
        match run(self.objects.get(kind, &key, ReadAt::Latest)) {
            Ok(raw) => Some(raw.to_value().expect("JSON")),
            Err(error) if error.is_not_found() => None,
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn head(&self) -> u64 {
        run(self.storage.current()).expect("open").get()
    }
}

pub(crate) fn value(raw: &RawObject) -> Value {
    raw.to_value().expect("JSON")
}

/// What a stream has to tell now.
pub(crate) fn drain(stream: &mut ObjectStream) -> Vec<Result<ObjectEvent, ApiError>> {
    let mut cx = Context::from_waker(Waker::noop());
    let mut events = Vec::new();
    while let Poll::Ready(Some(event)) = Pin::new(&mut *stream).poll_next(&mut cx) {
        events.push(event);
    }
    events
}

/// The same as texts: `+name`, `~name`, `-name`, `#` for a bookmark.
pub(crate) fn told(stream: &mut ObjectStream) -> String {
    let texts = drain(stream).into_iter().map(|event| match event {
        Ok(ObjectEvent::Added(raw)) => format!("+{}", raw.meta.name),
        Ok(ObjectEvent::Modified(raw)) => format!("~{}", raw.meta.name),
        Ok(ObjectEvent::Deleted(raw)) => format!("-{}", raw.meta.name),
        Ok(ObjectEvent::Bookmark(_)) => "#".to_owned(),
        Err(error) => format!("!{}", error.code),
    });
    texts.collect::<Vec<_>>().join(" ")
}
