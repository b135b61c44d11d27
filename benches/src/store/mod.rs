//! The bytes below everything: create, read, list, and tell watchers.
//!
//! [`MemoryStorage`] answers on the caller's own poll, so no executor stands between the figures and the store.

pub mod baseline;
mod pods;

pub use pods::{PODS_PER_NODE, Pods, ScannedPods, pod};

use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use kube_store::storage::memory::MemoryOptions;
use kube_store::storage::mvcc::{History, Snapshot};
use kube_store::storage::{
    Compare, Delivery, Key, KeyRange, ListOptions, MemoryStorage, ReadAt, Revision, Storage, Txn, TxnOutcome,
    WatchFrom, WatchItem, WatchOptions, WatchStream,
};
use std::future::Future;
use std::time::Duration;

/// A key with what is written there.
pub type Entry = (String, Vec<u8>);

/// `count` entries of about 1 KiB spread over 20 namespaces, in the order a cluster makes them, which is not key order.
pub fn entries(count: usize) -> Vec<Entry> {
    let entry = |n: usize| {
        let key =
            format!("/registry/pods/ns-{:02}/web-{:08x}", n % 20, n.wrapping_mul(0x9e37_79b1) & 0xffff_ffff);
        let mut value = format!(r#"{{"metadata":{{"name":"web-{n}"}},"padding":""#).into_bytes();
        value.resize(1024, b'x');
        (key, value)
    };
    (0..count).map(entry).collect()
}

/// Keys of about 60 bytes, in the order a cluster makes them.
pub fn long_keys(count: usize) -> Vec<String> {
    let key = |n: usize| {
        let hash = n.wrapping_mul(0x9e37_79b1) & 0xffff_ffff;
        format!("/registry/core/pods/namespace-{:03}/web-7f6d5c4b9d-{hash:08x}", n % 100)
    };
    (0..count).map(key).collect()
}

/// Our store.
#[derive(Debug, Default)]
pub struct Ours(MemoryStorage);

impl Ours {
    /// A store of these entries.
    pub fn with(entries: Vec<Entry>) -> Self {
        let store = Self::default();
        for (key, value) in entries {
            store.create(key, value);
        }
        store
    }

    /// Writes a new key; `false` where it exists.
    pub fn create(&self, key: String, value: Vec<u8>) -> bool {
        let key = Key::from(key);
        let txn = Txn::put(key.clone(), value).when(Compare::Absent { key });
        matches!(now(self.0.txn(txn)), Some(Ok(TxnOutcome::Committed { .. })))
    }

    /// An empty store that keeps the last `revisions`, as a control plane's does.
    pub fn keeping(revisions: u64) -> Self {
        let history = History { revisions, age: Duration::MAX };
        Self(MemoryStorage::with_options(MemoryOptions { history, ..MemoryOptions::default() }))
    }

    /// Replaces what stands at a key if it was last changed at `revision`; tells the new one. Nobody waits here, unless
    /// another thread commits.
    pub async fn swap(&self, key: Key, revision: Revision, value: Bytes) -> Option<Revision> {
        let txn = Txn::put(key.clone(), value).when(Compare::Unchanged { key, revision });
        match self.0.txn(txn).await {
            Ok(TxnOutcome::Committed { revision, .. }) => Some(revision),
            _ => None,
        }
    }

    /// When the value at a key was last changed.
    pub fn revision(&self, key: &Key) -> Option<Revision> {
        Some(now(self.0.get(key, ReadAt::Latest))?.ok()?.kv?.mod_revision)
    }

    /// The newest state, held.
    pub fn snapshot(&self) -> Option<Snapshot> {
        self.0.snapshot()
    }

    /// Replaces what stands at a key.
    pub fn put(&self, key: &str, value: Vec<u8>) {
        drop(now(self.0.txn(Txn::put(key, value))));
    }

    /// The same without copying the value.
    pub fn write(&self, key: &str, value: Bytes) {
        drop(now(self.0.txn(Txn::put(key, value))));
    }

    /// Lets go of what stood there before, as a control plane does every few minutes. The baseline never has it.
    pub fn compact(&self) {
        if let Some(Ok(revision)) = now(self.0.current()) {
            drop(now(self.0.compact(revision)));
        }
    }

    /// What stands at a key.
    pub fn get(&self, key: &Key) -> Option<Bytes> {
        Some(now(self.0.get(key, ReadAt::Latest))?.ok()?.kv?.value.clone())
    }

    /// How many values begin with `prefix`, and how many bytes they are.
    pub fn list(&self, prefix: &str) -> (usize, usize) {
        let page = now(self.0.list(&KeyRange::prefix(prefix), &ListOptions::default()));
        let Some(Ok(page)) = page else { return (0, 0) };
        (page.items.len(), page.items.iter().map(|kv| kv.value.len()).sum())
    }

    /// Tells of every later change below `prefix`.
    pub fn watch(&self, prefix: &str) -> Option<Watch> {
        let options = WatchOptions { from: WatchFrom::Now, previous: false, bookmarks: false };
        now(self.0.watch(&KeyRange::prefix(prefix), &options))?.ok().map(Watch)
    }
}

/// An open watch.
#[derive(Debug)]
pub struct Watch(WatchStream);

impl Watch {
    /// Takes what is at hand: how many events, and how many bytes they carry.
    pub fn drain(&mut self) -> (usize, usize) {
        let (mut events, mut bytes) = (0, 0);
        while let Some(Ok(item)) = self.0.try_next() {
            if let WatchItem::Batch(batch) = item {
                events += batch.events.len();
                bytes += batch.events.iter().map(carried).sum::<usize>();
            }
        }
        (events, bytes)
    }

    /// The same where it lies, without taking anything.
    pub fn visit(&mut self) -> (usize, usize) {
        let (mut events, mut bytes) = (0, 0);
        let mut see = |delivery: Delivery<'_>| {
            if let Delivery::Changes(_, changes) = delivery {
                events += changes.len();
                bytes += changes.iter().map(carried).sum::<usize>();
            }
        };
        while self.0.visit(usize::MAX, &mut see).is_ok_and(|seen| seen > 0) {}
        (events, bytes)
    }

    /// Waits for the next changes; tells the revision.
    pub async fn next(&mut self) -> Option<Revision> {
        match self.0.next().await? {
            Ok(WatchItem::Batch(batch)) => Some(batch.revision),
            _ => None,
        }
    }
}

fn carried(event: &kube_store::storage::Event) -> usize {
    match event {
        kube_store::storage::Event::Put { kv, .. } => kv.value.len(),
        kube_store::storage::Event::Delete { .. } => 0,
    }
}

/// The answer of a store that never waits.
fn now<T>(answer: impl Future<Output = T>) -> Option<T> {
    answer.now_or_never()
}
