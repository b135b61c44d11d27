//! What the parts of a running controller share: the queue, the informers, the books.

use super::health::Books;
use crate::runtime::context::{Floors, Listers};
use crate::runtime::queue::{Add, Finish, Lease, RetryLimits, WorkQueue};
use kube_core::env::Mono;
use kube_core::resource::ObjectKey;
use kube_store::client::events::Recorder;
use kube_store::service::ObjectService;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// State of one controller. No lock is held while waiting or while calling others.
pub(crate) struct Shared {
    name: Arc<str>,
    service: Arc<dyn ObjectService>,
    recorder: Recorder,
    listers: Listers,
    queue: Mutex<WorkQueue<ObjectKey>>,
    floors: Mutex<BTreeMap<ObjectKey, Floors>>,
    pub(super) books: Mutex<Books>,
    /// Something is due, or it is time to stop.
    pub(super) work: Notify,
    /// The next moment at which something is due may have changed.
    pub(super) schedule: Notify,
}

impl Shared {
    pub(super) fn new(
        name: Arc<str>,
        service: Arc<dyn ObjectService>,
        listers: Listers,
        limits: RetryLimits,
    ) -> Self {
        let recorder = Recorder::new(service.clone(), &name);
        Self {
            name,
            service,
            recorder,
            listers,
            queue: Mutex::new(WorkQueue::new(limits)),
            floors: Mutex::default(),
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

    pub(super) fn now(&self) -> Mono {
        self.service.env().now()
    }

    /// Queues a key.
    pub(crate) fn add(&self, key: ObjectKey, add: Add) {
        let delayed = !add.delay.is_zero();
        let now = self.now();
        self.queue().add(key, add, now);
        if delayed { self.schedule.notify_one() } else { self.work.notify_one() }
    }

    /// The next key that is due. Wakes another worker if there is more.
    pub(super) fn pop(&self) -> Option<Lease<ObjectKey>> {
        let now = self.now();
        let (lease, more) = {
            let mut queue = self.queue();
            let lease = queue.pop(now);
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
        self.queue().done(lease, finish, now);
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

    pub(super) fn queue(&self) -> MutexGuard<'_, WorkQueue<ObjectKey>> {
        lock(&self.queue)
    }

    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        lock(&self.books)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every section leaves the state whole; a panic inside one is a bug that must not become a deadlock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
