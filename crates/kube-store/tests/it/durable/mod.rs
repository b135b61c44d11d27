//! What the durable engines keep, where they keep it, and what they refuse to open.

mod directories;
mod formats;
pub(crate) mod moves;
mod power;

use crate::backend::unlocked;
use kube_store::storage::{
    DurableOptions, KeyRange, RedbStorage, Revision, SledStorage, Storage, StorageResult, Txn, TxnOutcome,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A durable engine to test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Engine {
    pub(crate) name: &'static str,
    pub(crate) open: fn(&Path, DurableOptions) -> StorageResult<Arc<dyn Storage>>,
}

/// All of them.
pub(crate) const ENGINES: [Engine; 2] =
    [Engine { name: "redb", open: redb }, Engine { name: "sled", open: sled }];

fn redb(path: &Path, options: DurableOptions) -> StorageResult<Arc<dyn Storage>> {
    RedbStorage::open_with(path, options).map(|storage| Arc::new(storage) as Arc<dyn Storage>)
}

fn sled(path: &Path, options: DurableOptions) -> StorageResult<Arc<dyn Storage>> {
    SledStorage::open_with(path, options).map(|storage| Arc::new(storage) as Arc<dyn Storage>)
}

impl Engine {
    /// Opens a directory that nobody has open.
    fn open(self, path: &Path) -> StorageResult<Arc<dyn Storage>> {
        self.open_with(path, &DurableOptions::default())
    }

    fn open_with(self, path: &Path, options: &DurableOptions) -> StorageResult<Arc<dyn Storage>> {
        unlocked(|| (self.open)(path, options.clone()))
    }
}

/// Writes one value.
async fn put(storage: &dyn Storage, key: &str, value: &str) -> Revision {
    match storage.txn(Txn::put(key, value.to_owned())).await.unwrap() {
        TxnOutcome::Committed { revision, .. } => revision,
        failed @ TxnOutcome::Failed { .. } => panic!("{failed:?}"),
    }
}

/// Keys, values and revisions at the newest revision.
fn rows(storage: &dyn Storage) -> Vec<(String, String, u64)> {
    let snapshot = storage.snapshot().expect("the state is in this process");
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    snapshot
        .range(&KeyRange::all())
        .map(|kv| (kv.key.to_string(), text(&kv.value), kv.mod_revision.get()))
        .collect()
}

/// Every file below `path`, byte for byte.
fn files(path: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(base: &Path, path: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(base, &path, found);
            } else {
                let name = path.strip_prefix(base).unwrap().display().to_string();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(path, path, &mut found);
    found
}

/// Writes `files` below `path`, where there is nothing yet.
fn restore(path: &Path, files: &BTreeMap<String, Vec<u8>>) {
    for (name, bytes) in files {
        let file = path.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
}

/// Copies a directory.
fn copy(from: &Path, to: &Path) {
    drop(std::fs::remove_dir_all(to));
    restore(to, &files(from));
}
