//! What lies between a component and the API server: requests and answers get lost, watches break.

use super::machine::{Machine, Plane};
use super::process::Process;
use super::stream::LinkStream;
use crate::executor::waits;
use crate::faults::{Moment, Weather};
use async_trait::async_trait;
use futures::future::{Either, select};
use kube_core::codec::TypedObject;
use kube_core::env::{BoxFuture, Env};
use kube_core::error::ApiError;
use kube_core::resource::{KindInfo, ObjectKey};
use kube_core::selector::field::FieldSelector;
use kube_core::table::Layout;
use kube_core::view::RawObject;
use kube_store::service::{
    DeleteOptions, Deleted, ListQuery, ObjectEvent, ObjectService, ObjectStream, Patch, RawList, Subresource,
    TransactError, WatchQuery, WatchStart, Write, WriteOptions,
};
use kube_store::storage::{ReadAt, Revision};
use serde_json::Value;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Components that crashed, to be started again.
#[derive(Debug, Default)]
pub(crate) struct Crashes {
    queue: Mutex<Vec<Crash>>,
    pub(crate) news: tokio::sync::Notify,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Crash {
    pub(crate) name: Arc<str>,
    /// The life that ended: the next one may have begun before anybody looks.
    pub(crate) life: u64,
    pub(crate) down: Duration,
}

impl Crashes {
    /// Kills the process; it is to start again after `down`.
    pub(crate) fn kill(&self, process: &Process, down: Duration) {
        if let Some(life) = process.kill() {
            let crash = Crash { name: process.name.clone(), life, down };
            self.queue.lock().unwrap_or_else(PoisonError::into_inner).push(crash);
            self.news.notify_one();
        }
    }

    pub(crate) fn take(&self) -> Vec<Crash> {
        std::mem::take(&mut *self.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The API server as one life of a component reaches it.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) machine: Arc<Machine>,
    pub(crate) process: Arc<Process>,
    pub(crate) life: u64,
    /// The component's own environment.
    pub(crate) env: Env,
    /// The true time.
    pub(crate) base: Env,
    pub(crate) weather: Arc<Weather>,
    pub(crate) crashes: Arc<Crashes>,
    /// What the component watches of a kind (by plural), where that is not everything.
    pub(crate) only: Option<(&'static str, FieldSelector)>,
}

/// What a component is told whose server went in the middle of a request.
pub(super) fn broken() -> ApiError {
    ApiError::unavailable("the connection broke")
}

/// What of an answer reaches a component: of a server that has gone nothing, and of a store that takes nothing any more
/// not that it is closed, which would be the end of everything.
fn through<T>(plane: &Plane, answer: Result<T, ApiError>) -> Result<T, ApiError> {
    match answer {
        Err(error) if error.is_closed() => Err(broken()),
        answer if plane.is_up() => answer,
        _ => Err(broken()),
    }
}

/// What a component waits for that does not live any more.
async fn never<T>() -> T {
    std::future::pending().await
}

impl Link {
    /// Goes no further once the component is dead: another part of its task may have killed it.
    pub(super) async fn alive(&self) {
        if !self.process.lives(self.life) {
            never::<()>().await;
        }
    }

    fn refused(&self, plane: &Plane) -> Option<ApiError> {
        let refused = !plane.is_up() || self.weather.refuses(&self.process.name);
        refused.then(|| ApiError::too_many_requests("the server is not there", 1))
    }

    async fn read<T>(
        &self,
        plane: &Plane,
        request: BoxFuture<'_, Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        let _acting = self.process.act(self.life);
        self.ask(plane, request).await
    }

    /// A request that nothing is decided by: caches are kept with it.
    async fn ask<T>(
        &self,
        plane: &Plane,
        request: BoxFuture<'_, Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        self.alive().await;
        if let Some(refused) = self.refused(plane) {
            // Nobody learns at once that nobody answers.
            self.base.sleep(Duration::from_millis(50)).await;
            return Err(refused);
        }
        let answer = waits("an answer of the API server", request).await;
        self.alive().await;
        through(plane, answer)
    }

    /// A write of an object of `kind`; `versioned`: it says which version of the object it is about.
    async fn write<T>(
        &self,
        plane: &Plane,
        (kind, versioned): (Option<&KindInfo>, bool),
        request: BoxFuture<'_, Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        self.alive().await;
        // What is told to people goes its own way, whenever it comes to it.
        let _acting = kind.is_none_or(|kind| *kind.plural != *"events").then(|| self.process.act(self.life));
        let name = &self.process.name;
        let number = self.process.next_write();
        self.crash(Moment::BeforeWrite(number)).await;
        if let Some(refused) = self.refused(plane) {
            self.base.sleep(Duration::from_millis(50)).await;
            return Err(refused);
        }
        if let Some(kind) = kind.filter(|_| versioned)
            && self.weather.conflicts(name)
        {
            let detail =
                "the object has been modified; please apply your changes to the latest version and try again";
            return Err(ApiError::conflict(&kind.group, &kind.plural, "", detail));
        }
        let answer = through(plane, waits("an answer of the API server", request).await);
        self.alive().await;
        if answer.is_ok() {
            self.crash(Moment::AfterWrite(number)).await;
            if self.weather.loses_answer(name) {
                self.base.sleep(Duration::from_millis(500)).await;
                return Err(ApiError::timeout("no answer in time"));
            }
        }
        answer
    }

    pub(super) async fn crash(&self, moment: Moment) {
        if let Some(down) = self.weather.crashes(&self.process.name, moment) {
            self.crashes.kill(&self.process, down);
            never::<()>().await;
        }
    }

    /// The state of some revisions ago as the beginning, and all that followed.
    async fn old_watch(
        server: &dyn ObjectService,
        kind: &KindInfo,
        query: &WatchQuery,
        age: u64,
    ) -> Result<ObjectStream, ApiError> {
        let current = server.current().await?;
        let old = Revision::new(current.get().saturating_sub(age).max(1));
        let mut list = ListQuery::all().at(ReadAt::Exactly(old));
        list.selection.clone_from(&query.selection);
        let page = server.list(kind, &list).await?;
        let mut events: Vec<ObjectEvent> = page.items.into_iter().map(ObjectEvent::Added).collect();
        events.push(ObjectEvent::Bookmark(page.revision));
        let rest = server.watch(kind, &query.clone().after(page.revision)).await?;
        Ok(super::stream::after(events, rest))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectService for Link {
    async fn create(
        &self,
        kind: &KindInfo,
        namespace: &str,
        object: Value,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let plane = self.machine.plane();
        self.write(&plane, (Some(kind), false), plane.service().create(kind, namespace, object, options))
            .await
    }

    async fn create_typed(
        &self,
        kind: &KindInfo,
        namespace: &str,
        object: &dyn TypedObject,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let plane = self.machine.plane();
        let create = plane.service().create_typed(kind, namespace, object, options);
        self.write(&plane, (Some(kind), false), create).await
    }

    async fn get(&self, kind: &KindInfo, key: &ObjectKey, at: ReadAt) -> Result<RawObject, ApiError> {
        let plane = self.machine.plane();
        self.read(&plane, plane.service().get(kind, key, at)).await
    }

    async fn list(&self, kind: &KindInfo, query: &ListQuery) -> Result<RawList, ApiError> {
        let plane = self.machine.plane();
        self.read(&plane, plane.service().list(kind, query)).await
    }

    async fn watch(&self, kind: &KindInfo, query: &WatchQuery) -> Result<ObjectStream, ApiError> {
        self.base.sleep_until(self.process.watches_from()).await;
        let plane = self.machine.plane();
        let mut query = query.clone();
        if let Some((plural, fields)) = &self.only
            && *kind.plural == **plural
        {
            query.selection.fields = Some(fields.clone());
        }
        let age = self.weather.time_travel(&self.process.name);
        let opened: BoxFuture<'_, _> = match age {
            Some(age) if query.start == WatchStart::Initial => {
                Box::pin(Self::old_watch(plane.service(), kind, &query, age))
            }
            _ => plane.service().watch(kind, &query),
        };
        let anew = query.start == WatchStart::Initial;
        let inner = self.ask(&plane, opened).await?;
        Ok(ObjectStream::new(Box::new(LinkStream::new(inner, self, kind, anew))))
    }

    async fn update(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        object: Value,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let plane = self.machine.plane();
        let versioned = object.pointer("/metadata/resourceVersion").is_some_and(Value::is_string);
        self.write(
            &plane,
            (Some(kind), versioned),
            plane.service().update(kind, key, subresource, object, options),
        )
        .await
    }

    async fn update_typed(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        object: &dyn TypedObject,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let versioned = object.meta().resource_version.is_some();
        let plane = self.machine.plane();
        let update = plane.service().update_typed(kind, key, subresource, object, options);
        self.write(&plane, (Some(kind), versioned), update).await
    }

    async fn patch(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        patch: &Patch,
        options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let plane = self.machine.plane();
        let versioned =
            matches!(patch, Patch::Merge(patch) if patch.pointer("/metadata/resourceVersion").is_some());
        self.write(
            &plane,
            (Some(kind), versioned),
            plane.service().patch(kind, key, subresource, patch, options),
        )
        .await
    }

    async fn delete(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        options: &DeleteOptions,
    ) -> Result<Deleted, ApiError> {
        let plane = self.machine.plane();
        let versioned = options.version.is_some();
        self.write(&plane, (Some(kind), versioned), plane.service().delete(kind, key, options)).await
    }

    async fn delete_collection(
        &self,
        kind: &KindInfo,
        query: &ListQuery,
        options: &DeleteOptions,
    ) -> Result<Vec<RawObject>, ApiError> {
        let plane = self.machine.plane();
        self.write(&plane, (Some(kind), false), plane.service().delete_collection(kind, query, options)).await
    }

    async fn create_on(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Value, ApiError> {
        let plane = self.machine.plane();
        self.write(
            &plane,
            (Some(kind), false),
            plane.service().create_on(kind, key, subresource, body, options),
        )
        .await
    }

    async fn get_on(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        subresource: Subresource,
    ) -> Result<Value, ApiError> {
        let plane = self.machine.plane();
        self.read(&plane, plane.service().get_on(kind, key, subresource)).await
    }

    async fn transact(
        &self,
        writes: Vec<Write>,
        options: &WriteOptions,
    ) -> Result<Vec<RawObject>, TransactError> {
        let plane = self.machine.plane();
        // Only the error of the transaction itself has a place for which write failed.
        let failed = Mutex::new(None);
        let request = async {
            let answer = plane.service().transact(writes, options).await;
            answer.map_err(|error| {
                *failed.lock().unwrap_or_else(PoisonError::into_inner) = error.write;
                error.error
            })
        };
        let answer = self.write(&plane, (None, false), Box::pin(request)).await;
        answer.map_err(|error| TransactError {
            write: *failed.lock().unwrap_or_else(PoisonError::into_inner),
            error,
        })
    }

    fn layout(&self, kind: &KindInfo) -> Result<Layout, ApiError> {
        self.machine.plane().service().layout(kind)
    }

    async fn current(&self) -> Result<Revision, ApiError> {
        let plane = self.machine.plane();
        self.read(&plane, plane.service().current()).await
    }

    fn find_kind(&self, api_version: &str, kind: &str) -> Option<Arc<KindInfo>> {
        self.machine.plane().service().find_kind(api_version, kind)
    }

    fn kinds(&self) -> Vec<Arc<KindInfo>> {
        self.machine.plane().service().kinds()
    }

    fn env(&self) -> &Env {
        &self.env
    }
}

/// Resolves like `future`, or to `None` after `time`.
pub(crate) async fn within<F: Future>(env: &Env, time: Duration, future: F) -> Option<F::Output> {
    match select(pin!(future), env.sleep(time)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}
