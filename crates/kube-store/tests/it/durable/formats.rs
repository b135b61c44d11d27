//! A directory of every version of the format that was ever released opens.
//!
//! The directories stand in `tests/data/storage/<engine>-<version>` and are never written again. A new version adds
//! one: set `KUBE_STORE_FIXTURES` to a folder, and the test of that name makes the directories there.

use super::{ENGINES, copy, put, rows};
use crate::scratch::Scratch;
use kube_core::env::ManualClock;
use kube_store::rt;
use kube_store::storage::{DurableOptions, Op, Revision, Storage, TtlOp, Txn};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const VERSION: u32 = 1;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/storage")
}

fn options() -> DurableOptions {
    let clock = Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH));
    DurableOptions { env: Some(rt::env().with_clock(clock)), ..DurableOptions::default() }
}

/// Some of everything: history, a delete, a time to live, a compaction.
async fn fill(storage: &dyn Storage) {
    for n in 0..10 {
        put(storage, &format!("/{}", n % 4), &format!("value {n}")).await;
    }
    let id = storage.ttl(TtlOp::Grant(Duration::from_mins(1))).await.unwrap().id;
    let op = Op::Put { key: "/leased".into(), value: "short-lived".into(), ttl: Some(id) };
    storage.txn(Txn::of(vec![op])).await.unwrap();
    storage.compact(Revision::new(6)).await.unwrap();
    storage.txn(Txn::delete("/1")).await.unwrap();
}

async fn check(storage: &dyn Storage, what: &str) {
    let of = |key: &str, value: &str, at| (key.to_owned(), value.to_owned(), at);
    let wanted = [
        of("/0", "value 8", 9),
        of("/2", "value 6", 7),
        of("/3", "value 7", 8),
        of("/leased", "short-lived", 11),
    ];
    assert_eq!(rows(storage), wanted, "{what}");
    let status = storage.status();
    assert_eq!((status.head, status.compacted), (Revision::new(12), Revision::new(6)), "{what}");
    let old = storage.snapshot().unwrap().at(Revision::new(11)).unwrap();
    assert_eq!(old.get(&"/1".into()).unwrap().value, "value 9", "{what}");
    let lease = old.get(&"/leased".into()).unwrap().ttl.unwrap();
    assert_eq!(storage.ttl(TtlOp::Inspect(lease)).await.unwrap().granted, Duration::from_mins(1), "{what}");
}

#[tokio::test]
async fn every_version_opens() {
    for engine in ENGINES {
        for version in 1..=VERSION {
            let name = format!("{}-{version}", engine.name);
            let directory = Scratch::new();
            copy(&fixtures().join(&name), directory.path());
            let storage = engine.open_with(directory.path(), &options()).unwrap();
            check(&*storage, &name).await;
            put(&*storage, "/new", "1").await;
            drop(storage);
            assert_eq!(engine.open_with(directory.path(), &options()).unwrap().status().keys, 5, "{name}");
        }
    }
}

#[tokio::test]
async fn the_directories_are_what_is_written_today() {
    for engine in ENGINES {
        let directory = Scratch::new();
        let storage = engine.open_with(directory.path(), &options()).unwrap();
        fill(&*storage).await;
        check(&*storage, engine.name).await;
        drop(storage);
        check(&*engine.open_with(directory.path(), &options()).unwrap(), engine.name).await;
        if let Some(folder) = option_env!("KUBE_STORE_FIXTURES") {
            copy(directory.path(), &Path::new(folder).join(format!("{}-{VERSION}", engine.name)));
        }
    }
}
