//! What the parts of a running controller share: the queue, the informers, the books.

use super::health::Books;
use super::loops::{HotLoop, Loops};
use super::meters::Meters;
use crate::runtime::cause::{Cause, Causes};
use crate::runtime::context::{Floors, Listers, Mark};
use crate::runtime::history::History;
use crate::runtime::queue::{Add, Finish, Lease, RetryLimits, WorkQueue};
use crate::runtime::shards::Shard;
use kube_core::env::Mono;
use kube_core::metrics::{Discard, Metrics};
use kube_core::resource::ObjectKey;
use kube_store::client::events::Recorder;
use kube_store::informer::Relist;
use kube_store::service::ObjectService;
use kube_store::storage::Revision;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// What a controller is run with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) name: Arc<str>,
    pub(crate) workers: usize,
    pub(crate) limits: RetryLimits,
    pub(crate) limit: Option<Duration>,
}

/// What controllers share that run together.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    pub(crate) service: Arc<dyn ObjectService>,
    pub(crate) history: Arc<History>,
    pub(crate) metrics: Arc<dyn Metrics>,
    /// Whose keys they work on; on all where there is none.
    pub(crate) shard: Option<Shard>,
    /// What the informers have to show before they begin.
    pub(crate) after: Option<Revision>,
}

impl Surroundings {
    /// For controllers whose numbers nobody collects.
    pub(crate) fn plain(service: Arc<dyn ObjectService>) -> Self {
        Self { service, history: Arc::default(), metrics: Arc::new(Discard), shard: None, after: None }
    }
}

/// State of one controller. No lock is held while waiting or while calling others.
pub(crate) struct Shared {
    name: Arc<str>,
    service: Arc<dyn ObjectService>,
    recorder: Recorder,
    listers: Listers,
    /// How long a reconcile may take.
    limit: Option<Duration>,
    history: Arc<History>,
    /// Keys of others are none of its concern.
    shard: Option<Shard>,
    pub(super) meters: Meters,
    queue: Mutex<WorkQueue<ObjectKey>>,
    floors: Mutex<BTreeMap<ObjectKey, Floors>>,
    /// How often an informer began anew.
    relists: AtomicU64,
    loops: Mutex<Loops>,
    pub(super) books: Mutex<Books>,
    /// Something is due, or it is time to stop.
    pub(super) work: Notify,
    /// The next moment at which something is due may have changed.
    pub(super) schedule: Notify,
}

impl Shared {
    pub(super) fn new(
        settings: &Settings,
        listers: Listers,
        surroundings: &Surroundings,
        shard: Option<Shard>,
    ) -> Self {
        let Settings { name, workers, limits, limit } = settings;
        let service = surroundings.service.clone();
        let recorder = Recorder::new(service.clone(), name);
        Self {
            name: name.clone(),
            service,
            recorder,
            listers,
            limit: *limit,
            history: surroundings.history.clone(),
            shard,
            meters: Meters::new(&*surroundings.metrics, name, *workers),
            queue: Mutex::new(WorkQueue::new(*limits)),
            floors: Mutex::default(),
            relists: AtomicU64::new(0),
            loops: Mutex::default(),
            books: Mutex::default(),
            work: Notify::new(),
            schedule: Notify::new(),
        }
    }

    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) fn service(&self) -> &Arc<dyn ObjectService> {
        &self.service
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    pub(crate) fn listers(&self) -> &Listers {
        &self.listers
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    pub(super) fn limit(&self) -> Option<Duration> {
        self.limit
    }

    /// Takes in why a key was reconciled and what that wrote; gives the hot loop that it is in, when that is new.
    pub(super) fn watch_loops(&self, key: &ObjectKey, causes: &Causes, wrote: Vec<Mark>) -> Option<HotLoop> {
        lock(&self.loops).observe(key, causes, wrote)
    }

    pub(super) fn hot_loops(&self) -> Vec<HotLoop> {
        lock(&self.loops).found().to_vec()
    }

    pub(super) fn now(&self) -> Mono {
        self.service.env().now()
    }

    /// Whether nothing is worked on any more.
    pub(crate) fn is_over(&self) -> bool {
        self.queue().is_shut_down()
    }

    /// Queues a key, unless it is another shard's.
    pub(crate) fn add(&self, key: ObjectKey, add: Add) {
        if self.shard.is_some_and(|shard| !shard.holds(&key)) {
            return;
        }
        let delayed = !add.delay.is_zero();
        let now = self.now();
        self.meters.adds.add(1);
        {
            let mut queue = self.queue();
            queue.add(key, add, now);
            self.meters.depth.set(count(queue.len()));
        }
        if delayed { self.schedule.notify_one() } else { self.work.notify_one() }
    }

    /// The next key that is due. Wakes another worker if there is more.
    pub(super) fn pop(&self) -> Option<Lease<ObjectKey>> {
        let now = self.now();
        let (lease, more) = {
            let mut queue = self.queue();
            let lease = queue.pop(now);
            self.meters.depth.set(count(queue.len()));
            self.meters.active.set(count(queue.running()));
            (lease, !queue.is_empty())
        };
        if more {
            self.work.notify_one();
        }
        lease
    }

    /// Gives a key back.
    pub(super) fn done(&self, lease: Lease<ObjectKey>, finish: Finish) {
        let now = self.now();
        {
            let mut queue = self.queue();
            queue.done(lease, finish, now);
            self.meters.active.set(count(queue.running()));
        }
        self.work.notify_one();
        self.schedule.notify_one();
    }

    /// Makes due whose time has come, wakes a worker if there is work, and gives when to do so again.
    pub(super) fn advance(&self) -> Option<Mono> {
        let now = self.now();
        let (next, work) = {
            let mut queue = self.queue();
            (queue.advance(now), !queue.is_empty())
        };
        if work {
            self.work.notify_one();
        }
        next
    }

    /// Takes the key's floors.
    pub(super) fn floors_of(&self, key: &ObjectKey) -> Option<Floors> {
        lock(&self.floors).remove(key)
    }

    /// Keeps what must be seen before the key is looked at again.
    pub(super) fn keep_floors(&self, key: &ObjectKey, floors: Floors) {
        if !floors.is_empty() {
            lock(&self.floors).entry(key.clone()).or_default().merge(floors);
        }
    }

    /// How often an informer began anew so far.
    pub(super) fn relists(&self) -> u64 {
        self.relists.load(Ordering::SeqCst)
    }

    /// The informer at `index` has lost a stretch of history: keys whose writes lie in it are looked at again, since
    /// what was written and deleted there is told of to nobody.
    pub(super) fn relisted(&self, index: usize, relist: Relist) {
        // First, so that a reconcile that ends now sees it unless its floors are seen below.
        self.relists.fetch_add(1, Ordering::SeqCst);
        let unseen: Vec<ObjectKey> = {
            let floors = lock(&self.floors);
            let waiting = floors.iter().filter(|(_, floors)| floors.is_above(index, relist.after));
            waiting.map(|(key, _)| key.clone()).collect()
        };
        for key in unseen {
            self.add(key, Add::now(Cause::Unseen));
        }
    }

    /// Keeps what must be seen of the writes of a reconcile that began after `relists`.
    pub(super) fn keep_writes(&self, key: &ObjectKey, floors: Floors, relists: u64) {
        let wrote = !floors.is_empty();
        self.keep_floors(key, floors);
        if wrote && self.relists() != relists {
            self.add(key.clone(), Add::now(Cause::Unseen));
        }
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, WorkQueue<ObjectKey>> {
        lock(&self.queue)
    }

    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        lock(&self.books)
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every section leaves the state whole; a panic inside one is a bug that must not become a deadlock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
