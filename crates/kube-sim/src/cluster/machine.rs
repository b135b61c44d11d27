//! The machine with the API server and its store: both can go, and come back on what the disk still has.

use super::file::SimFile;
use super::{Registration, StorageFactory};
use crate::faults::{Latency, SlowStorage, Weather};
use crate::oracle::{Health, ObservedStorage, Observer};
use futures::FutureExt;
use kube_core::env::Env;
use kube_net::{ServiceAllocation, ServiceRanges};
use kube_sched::guard::NodeGuard;
use kube_store::conformance::disk::Disk;
use kube_store::objects::Objects;
use kube_store::objects::admission::NamespaceLifecycle;
use kube_store::service::ObjectService;
use kube_store::storage::mvcc::Drive;
use kube_store::storage::redb::RedbStorage;
use kube_store::storage::{
    DurableOptions, KeyRange, ListOptions, MemoryStorage, Storage, StorageError, StorageResult,
};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, RwLock, RwLockReadGuard};

/// What the store of a cluster lies on.
#[derive(Clone, Default)]
pub(crate) enum Medium {
    /// On nothing: it lives as long as the run.
    #[default]
    Memory,
    /// On what somebody else makes.
    Own(StorageFactory),
    /// On a simulated disk, as a file of redb.
    Disk,
}

/// What the API server of a cluster is made of.
#[derive(Clone, Default)]
pub(crate) struct Services {
    pub(crate) medium: Medium,
    pub(crate) kinds: Vec<Registration>,
    pub(crate) latency: Latency,
}

/// One life of the API server and its store.
#[derive(Clone, Debug)]
pub(crate) struct Plane {
    pub(crate) server: Arc<Objects>,
    pub(crate) store: Arc<dyn Storage>,
    /// The same as whoever is a hop away has it.
    pub(crate) remote: Arc<dyn Storage>,
    alive: Arc<AtomicBool>,
    health: Arc<Health>,
}

impl Plane {
    /// The server, as its clients see it.
    pub(crate) fn service(&self) -> &dyn ObjectService {
        &*self.server
    }

    /// Whether it has not ended.
    pub(crate) fn is_up(&self) -> bool {
        self.alive.load(Ordering::Relaxed)
    }

    /// Whether its store takes nothing any more, so that it had better end.
    pub(crate) fn has_failed(&self) -> bool {
        self.health.has_failed()
    }

    /// Resolves once its store takes nothing any more.
    pub(crate) async fn failed(&self) {
        self.health.failed().await;
    }

    /// Ends it: nothing that it still does reaches anything.
    fn end(&self) {
        self.alive.store(false, Ordering::Relaxed);
        self.store.close();
    }
}

/// Where the API server runs.
pub(crate) struct Machine {
    env: Env,
    services: Services,
    observer: Arc<Observer>,
    weather: Arc<Weather>,
    disk: Mutex<Disk>,
    plane: Mutex<Plane>,
    /// Held for reading by whoever must not see the server go.
    steady: RwLock<()>,
    /// The server is there again.
    back: Notify,
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").field("plane", &self.plane()).finish_non_exhaustive()
    }
}

impl Machine {
    /// A machine whose server is up.
    ///
    /// # Errors
    /// What keeps the store from opening.
    pub(crate) fn new(
        env: &Env,
        services: Services,
        observer: &Arc<Observer>,
        weather: &Arc<Weather>,
    ) -> StorageResult<Self> {
        let (observer, weather, disk) = (observer.clone(), weather.clone(), Disk::default());
        let plane = boot(env, &services, (&observer, &weather), &disk)?;
        Ok(Self {
            env: env.clone(),
            services,
            observer,
            weather,
            disk: Mutex::new(disk),
            plane: Mutex::new(plane),
            steady: RwLock::default(),
            back: Notify::new(),
        })
    }

    /// Another API server, in a process of its own.
    pub(crate) fn serve(&self, storage: Arc<dyn Storage>, env: &Env) -> Arc<Objects> {
        serve(storage, env, &self.services)
    }

    /// Whether the store outlives the server.
    pub(crate) fn is_on_disk(&self) -> bool {
        matches!(self.services.medium, Medium::Disk)
    }

    /// The present life of the server, or the last one while it is down.
    pub(crate) fn plane(&self) -> Plane {
        lock(&self.plane).clone()
    }

    /// The server, once it is up; it stays so until the guard is dropped, unless its store fails.
    pub(crate) async fn steady(&self) -> (Plane, RwLockReadGuard<'_, ()>) {
        loop {
            let back = self.back.notified();
            let guard = self.steady.read().await;
            let plane = self.plane();
            if plane.is_up() && !plane.has_failed() {
                return (plane, guard);
            }
            drop(guard);
            back.await;
        }
    }

    /// Resolves when another life of the server begins.
    pub(crate) fn another(&self) -> Notified<'_> {
        self.back.notified()
    }

    /// The power goes: the server is gone, and of what was not synced the disk keeps what `salt` says. Waits for those
    /// who must not see it.
    pub(crate) async fn lose_power(&self, salt: u64) {
        let _nobody = self.steady.write().await;
        let plane = self.plane();
        if plane.is_up() {
            let mut disk = lock(&self.disk);
            let left = disk.cut(salt);
            *disk = Disk::new(left);
            plane.end();
        }
    }

    /// The server's process ends; what it wrote is still with the system.
    pub(crate) fn stop(&self) {
        self.plane().end();
    }

    /// Starts the server on what the disk has, unless it is up.
    ///
    /// # Errors
    /// What keeps the store from opening.
    pub(crate) fn start(&self) -> StorageResult<()> {
        if self.plane().is_up() {
            return Ok(());
        }
        let plane = boot(&self.env, &self.services, (&self.observer, &self.weather), &lock(&self.disk))?;
        if let Err(what) = self.check(&*plane.store) {
            self.observer.violate("journal", what);
        }
        *lock(&self.plane) = plane;
        self.back.notify_waiters();
        Ok(())
    }

    /// Holds the store to what it acknowledged.
    fn check(&self, store: &dyn Storage) -> Result<(), String> {
        // A store in this process has what it holds at hand.
        let page = store.list(&KeyRange::all(), &ListOptions::default()).now_or_never();
        let page = page.unwrap_or(Err(StorageError::Closed)).map_err(|error| error.to_string())?;
        self.observer.reopened(&page.items, store.status().head)
    }
}

fn boot(
    env: &Env,
    services: &Services,
    (observer, weather): (&Arc<Observer>, &Arc<Weather>),
    disk: &Disk,
) -> StorageResult<Plane> {
    let alive = Arc::new(AtomicBool::new(true));
    let store: Arc<dyn Storage> = match &services.medium {
        Medium::Memory => Arc::new(MemoryStorage::with_env(env)),
        Medium::Own(make) => make(env),
        Medium::Disk => {
            let file = SimFile { disk: disk.clone(), alive: alive.clone(), weather: weather.clone() };
            let options =
                DurableOptions { env: Some(env.clone()), drive: Drive::Callers, ..DurableOptions::default() };
            Arc::new(RedbStorage::with_backend(file, options)?)
        }
    };
    let health = Arc::<Health>::default();
    let watched =
        ObservedStorage { inner: store.clone(), observer: observer.clone(), health: health.clone() };
    let slow = SlowStorage::new(Arc::new(watched), env.clone(), services.latency.clone());
    let remote: Arc<dyn Storage> = Arc::new(slow.in_weather(weather.clone()));
    let server = serve(remote.clone(), env, services);
    Ok(Plane { server, store, remote, alive, health })
}

/// An API server on `storage`.
fn serve(storage: Arc<dyn Storage>, env: &Env, services: &Services) -> Arc<Objects> {
    let builder = Objects::builder(storage, env.clone())
        .admission(Arc::new(NamespaceLifecycle))
        .contributor("", "Service", Arc::new(ServiceAllocation::new(ServiceRanges::default())))
        .contributor("", "Pod", Arc::new(NodeGuard))
        .contributor("", "Node", Arc::new(NodeGuard));
    let server = builder.build();
    services.kinds.iter().for_each(|register| register(&server));
    server
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every section is one assignment, or opens a store, which leaves what was there before.
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
