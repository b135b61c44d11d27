//! The bytes below everything: create, read, list, and tell watchers.
//!
//! [`MemoryStorage`] answers on the caller's own poll, so no executor stands between the figures and the store.

pub mod baseline;

use bytes::Bytes;
use futures::FutureExt;
use kube_store::storage::{
    Compare, Key, KeyRange, ListOptions, MemoryStorage, ReadAt, Storage, Txn, TxnOutcome, WatchFrom,
    WatchItem, WatchOptions, WatchStream,
};
use std::future::Future;

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

    /// Replaces what stands at a key.
    pub fn put(&self, key: &str, value: Vec<u8>) {
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
