//! The engines under test, as media that a store can be opened on again.

use crate::power::RedbFile;
use crate::scratch::Scratch;
use crate::tape::Tape;
use kube_core::env::Env;
use kube_store::conformance::disk::Disk;
use kube_store::storage::memory::MemoryOptions;
use kube_store::storage::mvcc::{Drive, History};
use kube_store::storage::redb::RedbStorage;
use kube_store::storage::sled::SledStorage;
use kube_store::storage::{DurableOptions, MemoryStorage, Storage, StorageError, StorageResult};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A medium.
pub(crate) trait Backend: Send + Sync + fmt::Debug {
    /// Opens the store that lies there.
    fn open(&self, env: &Env) -> StorageResult<Arc<dyn Storage>>;

    /// Whether what was written is there when it is opened again.
    fn is_durable(&self) -> bool {
        true
    }

    /// Whether the store is another process: it answers in its own time, has a clock of its own, and what was sent
    /// to it cannot be called back.
    fn is_remote(&self) -> bool {
        false
    }

    /// Whether somebody else wrote since it was opened, as a store in another process may do itself: a model that does not
    /// know of that says nothing.
    fn is_disturbed(&self) -> bool {
        false
    }

    /// Lets the medium fail after some more operations, until it is opened again. Answers whether it can fail at all.
    fn fail_after(&self, operations: usize) -> bool {
        let _ = operations;
        false
    }

    /// The failure did not come: it does not come any more.
    fn recover(&self) {}
}

/// Memory: nothing is there again.
#[derive(Clone, Debug)]
pub(crate) struct Memory;

impl Backend for Memory {
    fn open(&self, env: &Env) -> StorageResult<Arc<dyn Storage>> {
        let options = MemoryOptions { env: Some(env.clone()), ..MemoryOptions::default() };
        Ok(Arc::new(MemoryStorage::with_options(options)))
    }

    fn is_durable(&self) -> bool {
        false
    }
}

impl Backend for Tape {
    fn open(&self, env: &Env) -> StorageResult<Arc<dyn Storage>> {
        self.load(env, |reel| reel)
    }

    fn fail_after(&self, operations: usize) -> bool {
        self.fail(operations % 2 == 1);
        true
    }

    fn recover(&self) {
        self.fail_no_more();
    }
}

/// All history, as the checkers know of no other compaction than theirs.
pub(crate) fn durable(env: Option<&Env>, drive: Drive) -> DurableOptions {
    DurableOptions { env: env.cloned(), history: History::ALL, drive, ..DurableOptions::default() }
}

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Redb,
    Sled,
}

impl Engine {
    /// Opens the store in a directory.
    pub(crate) fn open(
        self,
        path: &std::path::Path,
        options: &DurableOptions,
    ) -> StorageResult<Arc<dyn Storage>> {
        let open = || -> StorageResult<Arc<dyn Storage>> {
            Ok(match self {
                Self::Redb => Arc::new(RedbStorage::open_with(path, options.clone())?),
                Self::Sled => Arc::new(SledStorage::open_with(path, options.clone())?),
            })
        };
        unlocked(open)
    }
}

/// Opens what nobody has open any more. While another test starts a process, the new one holds every lock of this one
/// until it runs its program.
pub(crate) fn unlocked<T>(open: impl Fn() -> StorageResult<T>) -> StorageResult<T> {
    for _ in 0..2000 {
        match open() {
            Err(StorageError::Locked { .. }) => std::thread::park_timeout(Duration::from_millis(5)),
            opened => return opened,
        }
    }
    open()
}

/// A directory of an engine, as its users have it.
#[derive(Debug)]
pub(crate) struct InDirectory {
    engine: Engine,
    drive: Drive,
    directory: Scratch,
}

impl InDirectory {
    pub(crate) fn new(engine: Engine, drive: Drive) -> Self {
        Self { engine, drive, directory: Scratch::new() }
    }
}

impl Backend for InDirectory {
    fn open(&self, env: &Env) -> StorageResult<Arc<dyn Storage>> {
        self.engine.open(self.directory.path(), &durable(Some(env), self.drive))
    }
}

/// redb on a simulated disk. When it fails, the next opening finds what a power cut may have left.
#[derive(Debug, Default)]
pub(crate) struct RedbOnDisk {
    disk: Mutex<Disk>,
    failed: Mutex<Option<u64>>,
}

impl Backend for RedbOnDisk {
    fn open(&self, env: &Env) -> StorageResult<Arc<dyn Storage>> {
        let mut disk = self.disk.lock().unwrap();
        if let Some(seed) = self.failed.lock().unwrap().take() {
            let left = disk.cut(seed);
            *disk = Disk::new(left);
        }
        let file = RedbFile(disk.clone());
        Ok(Arc::new(RedbStorage::with_backend(file, durable(Some(env), Drive::Callers))?))
    }

    fn fail_after(&self, operations: usize) -> bool {
        self.disk.lock().unwrap().fail_after(operations);
        *self.failed.lock().unwrap() = Some(operations as u64);
        true
    }

    fn recover(&self) {
        self.disk.lock().unwrap().recover();
        *self.failed.lock().unwrap() = None;
    }
}
