//! Durable compare-and-swap transactions, opening, compaction pauses, space.
//!
//! Keys of 60 bytes, values of 2 KB. Writers are tasks on a runtime of their own, each replaces the value of a key
//! that it read before; nothing is acknowledged that is not on the disk.

pub mod baseline;

use kube_store::rt;
use kube_store::storage::mvcc::History;
use kube_store::storage::{
    Compare, DurableOptions, Op, ReadAt, RedbStorage, Revision, SledStorage, Storage, StorageResult, Txn,
    TxnOutcome,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// The engines, by name.
pub const ENGINES: [Engine; 2] = [Engine { name: "redb", open: redb }, Engine { name: "sled", open: sled }];

/// An engine to measure.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    /// Its name.
    pub name: &'static str,
    open: fn(&Path, DurableOptions) -> StorageResult<Arc<dyn Storage>>,
}

fn redb(path: &Path, options: DurableOptions) -> StorageResult<Arc<dyn Storage>> {
    RedbStorage::open_with(path, options).map(|storage| Arc::new(storage) as Arc<dyn Storage>)
}

fn sled(path: &Path, options: DurableOptions) -> StorageResult<Arc<dyn Storage>> {
    SledStorage::open_with(path, options).map(|storage| Arc::new(storage) as Arc<dyn Storage>)
}

/// Bytes of a value.
pub const VALUE: usize = 2048;

/// Key number `n`, 60 bytes.
pub fn key(n: usize) -> String {
    format!("/registry/core/pods/namespace-{:04}/web-{:010}-{:014x}", n % 50, n, n.wrapping_mul(0x9e37_79b9))
}

/// A value: not one that could be made shorter.
pub fn value(n: usize) -> Vec<u8> {
    let mut state = n as u64 ^ 0x9e37_79b9_7f4a_7c15;
    let mut value = Vec::with_capacity(VALUE);
    while value.len() < VALUE {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        value.extend_from_slice(&state.to_le_bytes());
    }
    value
}

/// A store in a directory of its own, which goes with it.
#[derive(Debug)]
pub struct Store {
    storage: Option<Arc<dyn Storage>>,
    runtime: Runtime,
    engine: Engine,
    directory: Scratch,
}

impl Store {
    /// A new store of `engine`. `history` is how many revisions it keeps.
    ///
    /// # Panics
    /// When the machine refuses threads or files.
    #[expect(clippy::expect_used, reason = "a bench cannot go on without what it measures")]
    pub fn new(engine: Engine, history: u64) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime");
        let directory = Scratch::new(engine.name);
        let mut store = Self { storage: None, runtime, engine, directory };
        store.open(history);
        store
    }

    /// Opens the store; answers how long that took.
    ///
    /// # Panics
    /// When it does not open.
    #[expect(clippy::expect_used, reason = "a bench cannot go on without what it measures")]
    pub fn open(&mut self, history: u64) -> Duration {
        self.storage = None;
        let history = History { revisions: history, ..History::ALL };
        let options = DurableOptions { history, ..DurableOptions::default() };
        let env = self.runtime.block_on(async { rt::env() });
        let start = env.now();
        self.storage = Some((self.engine.open)(self.directory.path(), options).expect("the store opens"));
        env.now() - start
    }

    /// Writes keys `0..count` in transactions of 100.
    pub fn load(&self, count: usize) {
        let put = |n| Op::Put { key: key(n).into(), value: value(n).into(), ttl: None };
        for from in (0..count).step_by(100) {
            let ops = (from..count.min(from + 100)).map(put).collect();
            self.runtime.block_on(async { drop(self.storage().txn(Txn::of(ops)).await) });
        }
    }

    /// `writers` tasks replace values `rounds` times each, every one among its own part of the first `keys` keys;
    /// answers how many writes were made.
    pub fn overwrite(&self, keys: usize, writers: usize, rounds: usize) -> usize {
        let tasks: Vec<_> = (0..writers)
            .map(|writer| {
                let storage = self.storage().clone();
                self.runtime.spawn(async move {
                    let mut done = 0;
                    for round in 0..rounds {
                        let n = (writer + round * writers) % keys;
                        done += usize::from(replace(&*storage, n, round).await);
                    }
                    done
                })
            })
            .collect();
        self.runtime.block_on(async {
            let mut done = 0;
            for task in tasks {
                done += task.await.unwrap_or_default();
            }
            done
        })
    }

    /// How long each of `count` single writes took while history is being compacted over and over.
    pub fn pauses(&self, keys: usize, count: usize) -> Vec<Duration> {
        let env = self.runtime.block_on(async { rt::env() });
        self.runtime.block_on(async {
            let mut pauses = Vec::with_capacity(count);
            for round in 0..count {
                let start = env.now();
                replace(&**self.storage(), round % keys, round).await;
                pauses.push(env.now() - start);
            }
            pauses
        })
    }

    /// Compacts to the newest revision, and waits until the space of what went is given back.
    pub fn compact(&self) -> Revision {
        self.runtime.block_on(async {
            let head = self.storage().current().await.unwrap_or_default();
            drop(self.storage().compact(head).await);
            head
        })
    }

    /// Bytes of the files, and bytes of what lives.
    pub fn space(&self) -> (u64, u64) {
        (size(self.directory.path()), self.storage().status().bytes)
    }

    #[expect(clippy::expect_used, reason = "it is closed only within `open`")]
    fn storage(&self) -> &Arc<dyn Storage> {
        self.storage.as_ref().expect("the store is open")
    }
}

async fn replace(storage: &dyn Storage, n: usize, round: usize) -> bool {
    let key = kube_store::storage::Key::from(key(n));
    let Ok(got) = storage.get(&key, ReadAt::Latest).await else { return false };
    let compare = match &got.kv {
        Some(kv) => Compare::Unchanged { key: key.clone(), revision: kv.mod_revision },
        None => Compare::Absent { key: key.clone() },
    };
    let txn = Txn::put(key, value(n ^ round)).when(compare);
    matches!(storage.txn(txn).await, Ok(TxnOutcome::Committed { .. }))
}

/// A directory that is not there yet, and goes when this is dropped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// A path beside the build, which is on a disk, unlike the system's temporary folder on some machines.
    pub fn new(name: &str) -> Self {
        let target = std::env::var_os("CARGO_TARGET_TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let path = target.join(format!("kube-benches-{}-{name}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        Self(path)
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Bytes of all files below `path`.
pub fn size(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else {
        return std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    };
    entries.flatten().map(|entry| size(&entry.path())).sum()
}
