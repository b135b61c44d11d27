//! What a power cut leaves: the bytes as they were at the last sync, and nothing else.

use super::{at_once, copy, put, rows};
use crate::scratch::Scratch;
use kube_store::storage::mvcc::History;
use kube_store::storage::{DurableOptions, Op, SledStorage, Storage, Txn};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// sled with a disk whose bytes are those of the last `fdatasync` of the file.
fn observed(path: &Path, disk: &Path) -> SledStorage {
    let disk = disk.to_owned();
    let history = History { revisions: 50, ..History::ALL };
    let options = DurableOptions { history, ..DurableOptions::default() };
    SledStorage::open_observed(path, options, move |path| copy(path, &disk)).unwrap()
}

#[tokio::test]
async fn what_sled_acknowledged_was_synced() {
    let (directory, disk) = (Scratch::new(), Scratch::new());
    let storage = observed(directory.path(), disk.path());
    for n in 0..120 {
        put(&storage, &format!("/{}", n % 30), &"x".repeat(n * 40)).await;
        if n % 10 == 0 {
            // FORMAT was made durable when the store was made; the copy may be older.
            let lost = SledStorage::open(disk.path()).expect("what is on the disk opens");
            assert_eq!(rows(&lost), rows(&storage), "after {n}");
        }
    }
}

/// Why the file is synced by us: sled's own flush returns, and a power cut takes what it flushed. The disk is told of
/// nothing but our syncs; sled makes none itself while it runs (on Linux its flush ends in `sync_file_range`).
#[tokio::test]
async fn a_flush_of_sled_alone_is_not_on_the_disk() {
    let directory = Scratch::new();
    let synced = Arc::new(Mutex::new(0));
    let count = synced.clone();
    let observe = move |_: &Path| *count.lock().unwrap() += 1;
    let storage = SledStorage::open_observed(directory.path(), DurableOptions::default(), observe).unwrap();
    let before = *synced.lock().unwrap();
    let ops = (0..100).map(|n| Op::Put { key: format!("/{n}").into(), value: "1".into(), ttl: None });
    assert!(at_once(storage.txn(Txn::of(ops.collect()))).is_none(), "a poll never blocks on the disk");
    put(&storage, "/later", "1").await;
    let after = *synced.lock().unwrap();
    assert!(after > before, "an acknowledged write was synced by us");
}
