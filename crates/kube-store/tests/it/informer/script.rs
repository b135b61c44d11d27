//! A service of one kind that keeps its history and breaks on demand.

use async_trait::async_trait;
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::resource::{KindInfo, ObjectKey, ResourceVersion};
use kube_core::view::RawObject;
use kube_store::service::{
    DeleteOptions, Deleted, ListQuery, ObjectEvent, ObjectService, ObjectSource, ObjectStream, Patch,
    RawList, Subresource, TransactError, WatchQuery, WatchStart, Write, WriteOptions,
};
use kube_store::storage::{ReadAt, Revision};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// One write of a transaction: a new value for the key, or its deletion.
pub(crate) type Put = (ObjectKey, Option<Value>);

#[derive(Clone, Debug)]
pub(crate) struct Script {
    env: Env,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<ObjectKey, RawObject>,
    log: Vec<ObjectEvent>,
    head: u64,
    compacted: u64,
    closed: bool,
    /// Streams of an older generation break.
    generation: u64,
    /// Events after which the streams break.
    budget: Option<usize>,
    watches: Vec<WatchStart>,
    /// Revision of the newest initial state that was asked for.
    first: u64,
    waiting: Vec<Waker>,
    refusals: VecDeque<ApiError>,
    /// Bookmarks come only up to the revision that somebody asked for.
    quiet: bool,
    asked: u64,
    /// Errors for those who ask.
    unanswered: VecDeque<ApiError>,
}

impl Script {
    pub(crate) fn new(env: &Env) -> Arc<Self> {
        Arc::new(Self { env: env.clone(), state: Arc::default() })
    }

    /// Commits all of `puts` at one revision.
    pub(crate) fn commit(&self, puts: Vec<Put>) -> Revision {
        let mut state = self.lock();
        state.head += 1;
        for (key, value) in puts {
            state.put(key, value);
        }
        let head = state.head;
        state.wake();
        Revision::new(head)
    }

    /// Breaks every watch after `events` more events.
    pub(crate) fn break_after(&self, events: usize) {
        let mut state = self.lock();
        state.budget = Some(events);
        state.wake();
    }

    /// Forgets history up to now.
    pub(crate) fn compact(&self) {
        let mut state = self.lock();
        state.compacted = state.head;
    }

    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.wake();
    }

    /// Refuses the next write or watch with `error`.
    pub(crate) fn refuse(&self, error: ApiError) {
        self.lock().refusals.push_back(error);
    }

    /// From now on watches tell of a revision without changes only when somebody has asked for the newest one.
    pub(crate) fn hush(&self) {
        self.lock().quiet = true;
    }

    /// Refuses to tell the newest revision, once more.
    pub(crate) fn refuse_to_tell(&self, error: ApiError) {
        self.lock().unanswered.push_back(error);
    }

    pub(crate) fn head(&self) -> Revision {
        Revision::new(self.lock().head)
    }

    /// Where every watch began.
    pub(crate) fn watches(&self) -> Vec<WatchStart> {
        self.lock().watches.clone()
    }

    /// The revision of the newest initial state that was asked for.
    pub(crate) fn first_state(&self) -> u64 {
        self.lock().first
    }

    /// Every change ever, as key and version, `false` for deletions.
    pub(crate) fn log(&self) -> Vec<(String, u64, bool)> {
        self.lock().log.iter().filter_map(told).collect()
    }

    /// What is stored, as JSON with the version.
    pub(crate) fn stored(&self) -> Vec<Value> {
        self.lock().objects.values().map(|raw| raw.to_value().unwrap()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn told(event: &ObjectEvent) -> Option<(String, u64, bool)> {
    let (raw, there) = match event {
        ObjectEvent::Added(raw) | ObjectEvent::Modified(raw) => (raw, true),
        ObjectEvent::Deleted(raw) => (raw, false),
        ObjectEvent::Bookmark(_) => return None,
    };
    Some((raw.key().to_string(), raw.version.revision(), there))
}

impl State {
    fn put(&mut self, key: ObjectKey, value: Option<Value>) {
        let version = ResourceVersion::new(self.head);
        let Some(mut value) = value else {
            if let Some(old) = self.objects.remove(&key) {
                self.log.push(ObjectEvent::Deleted(old.at(version)));
            }
            return;
        };
        value["metadata"]["name"] = json!(&*key.name);
        value["metadata"]["namespace"] = json!(&*key.namespace);
        value["metadata"]["resourceVersion"] = json!(version.to_string());
        let raw = RawObject::from_value(value).unwrap();
        let old = self.objects.insert(key, raw.clone());
        self.log.push(if old.is_some() { ObjectEvent::Modified(raw) } else { ObjectEvent::Added(raw) });
    }

    fn wake(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }

    fn admit(&mut self) -> Result<(), ApiError> {
        match self.refusals.pop_front() {
            Some(error) => Err(error),
            None if self.closed => Err(ApiError::closed()),
            None => Ok(()),
        }
    }

    /// The first event after `revision`, by its place in the log.
    fn place(&self, revision: Revision) -> usize {
        self.log.iter().filter_map(told).take_while(|(_, at, _)| *at <= revision.get()).count()
    }
}

/// A watch: the initial state, then the log from `place` on.
struct Tail {
    state: Arc<Mutex<State>>,
    generation: u64,
    initial: VecDeque<ObjectEvent>,
    place: usize,
    bookmark: u64,
}

impl ObjectSource for Tail {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<ObjectEvent, ApiError>> {
        let mut state = self.state.lock().unwrap();
        if state.closed {
            return Poll::Ready(Err(ApiError::closed()));
        }
        if state.budget == Some(0) {
            state.budget = None;
            state.generation += 1;
            state.wake();
        }
        if state.generation != self.generation {
            return Poll::Ready(Err(ApiError::unavailable("the connection broke")));
        }
        let next = self.initial.pop_front().or_else(|| {
            let next = state.log.get(self.place).cloned();
            self.place += usize::from(next.is_some());
            next
        });
        if let Some(next) = next {
            state.budget = state.budget.map(|budget| budget - 1);
            return Poll::Ready(Ok(next));
        }
        let told = if state.quiet { state.asked } else { state.head };
        if told > self.bookmark {
            self.bookmark = told;
            return Poll::Ready(Ok(ObjectEvent::Bookmark(Revision::new(told))));
        }
        state.waiting.push(cx.waker().clone());
        Poll::Pending
    }
}

#[async_trait]
impl ObjectService for Script {
    async fn create(
        &self,
        kind: &KindInfo,
        namespace: &str,
        object: Value,
        _options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let mut state = self.lock();
        state.admit()?;
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let key = ObjectKey::new(namespace, name.as_str());
        if state.objects.contains_key(&key) {
            return Err(ApiError::already_exists(&kind.group, &kind.plural, &name));
        }
        state.head += 1;
        state.put(key.clone(), Some(object));
        state.wake();
        Ok(state.objects[&key].clone())
    }

    async fn get(&self, kind: &KindInfo, key: &ObjectKey, _at: ReadAt) -> Result<RawObject, ApiError> {
        let found = self.lock().objects.get(key).cloned();
        found.ok_or_else(|| ApiError::not_found(&kind.group, &kind.plural, &key.name))
    }

    async fn list(&self, _kind: &KindInfo, _query: &ListQuery) -> Result<RawList, ApiError> {
        let state = self.lock();
        let items = state.objects.values().cloned().collect();
        Ok(RawList { items, revision: Revision::new(state.head), continue_token: None, remaining: None })
    }

    async fn watch(&self, _kind: &KindInfo, query: &WatchQuery) -> Result<ObjectStream, ApiError> {
        let mut state = self.lock();
        state.watches.push(query.start);
        state.admit()?;
        let mut initial = VecDeque::new();
        let (place, bookmark) = match query.start {
            WatchStart::After(revision) if revision.get() < state.compacted => {
                return Err(ApiError::expired("compacted"));
            }
            WatchStart::After(revision) => (state.place(revision), revision.get()),
            WatchStart::Initial => {
                state.first = state.head;
                initial.extend(state.objects.values().cloned().map(ObjectEvent::Added));
                initial.push_back(ObjectEvent::Bookmark(Revision::new(state.head)));
                (state.log.len(), state.head)
            }
        };
        let (state, generation) = (self.state.clone(), state.generation);
        Ok(ObjectStream::new(Box::new(Tail { state, generation, initial, place, bookmark })))
    }

    async fn update(
        &self,
        _kind: &KindInfo,
        _key: &ObjectKey,
        _subresource: Subresource,
        _object: Value,
        _options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        Err(ApiError::internal("not scripted"))
    }

    async fn patch(
        &self,
        kind: &KindInfo,
        key: &ObjectKey,
        _subresource: Subresource,
        patch: &Patch,
        _options: &WriteOptions,
    ) -> Result<RawObject, ApiError> {
        let mut state = self.lock();
        state.admit()?;
        let Some(old) = state.objects.get(key) else {
            return Err(ApiError::not_found(&kind.group, &kind.plural, &key.name));
        };
        let mut value = old.to_value().unwrap();
        let Patch::Merge(Value::Object(fields)) = patch else { panic!("not scripted: {patch:?}") };
        for (name, field) in fields {
            value[name] = field.clone();
        }
        state.head += 1;
        state.put(key.clone(), Some(value));
        state.wake();
        Ok(state.objects[key].clone())
    }

    async fn delete(&self, _: &KindInfo, _: &ObjectKey, _: &DeleteOptions) -> Result<Deleted, ApiError> {
        Err(ApiError::internal("not scripted"))
    }

    async fn delete_collection(
        &self,
        _kind: &KindInfo,
        _query: &ListQuery,
        _options: &DeleteOptions,
    ) -> Result<Vec<RawObject>, ApiError> {
        Err(ApiError::internal("not scripted"))
    }

    async fn create_on(
        &self,
        _kind: &KindInfo,
        _key: &ObjectKey,
        _subresource: Subresource,
        _body: Value,
        _options: &WriteOptions,
    ) -> Result<Value, ApiError> {
        Err(ApiError::internal("not scripted"))
    }

    async fn transact(
        &self,
        _writes: Vec<Write>,
        _options: &WriteOptions,
    ) -> Result<Vec<RawObject>, TransactError> {
        Err(ApiError::internal("not scripted").into())
    }

    async fn current(&self) -> Result<Revision, ApiError> {
        let mut state = self.lock();
        if let Some(error) = state.unanswered.pop_front() {
            return Err(error);
        }
        state.asked = state.head;
        state.wake();
        Ok(Revision::new(state.head))
    }

    fn find_kind(&self, _api_version: &str, _kind: &str) -> Option<Arc<KindInfo>> {
        None
    }

    fn kinds(&self) -> Vec<Arc<KindInfo>> {
        Vec::new()
    }

    fn env(&self) -> &Env {
        &self.env
    }
}
