//! What is exported comes back, and what is damaged changes nothing.

use super::{export, import, import_into};
use crate::storage::crypto::{Encryption, EncryptionKey};
use crate::storage::mvcc::NoJournal;
use crate::storage::{
    KeyRange, MemoryStorage, MvccStorage, Op, ReadAt, Revision, Storage, StorageError, TtlOp, Txn, WatchFrom,
    WatchOptions,
};
use futures::FutureExt;
use kube_core::env::Env;
use std::sync::Arc;

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("memory does not wait")
}

fn filled() -> MemoryStorage {
    let storage = MemoryStorage::new();
    for n in 0..2000 {
        now(storage.txn(Txn::put(format!("/a/{:04}", n % 700), format!("{n}")))).unwrap();
    }
    now(storage.txn(Txn::put("/registry/core/secrets/default/token", "hunter2"))).unwrap();
    storage
}

fn contents(storage: &MvccStorage<NoJournal>) -> Vec<(String, Vec<u8>, u64, u64)> {
    let snapshot = storage.snapshot().unwrap();
    let row = |kv: &Arc<crate::storage::KeyValue>| {
        (kv.key.to_string(), kv.value.to_vec(), kv.mod_revision.get(), kv.version)
    };
    snapshot.range(&KeyRange::all()).map(row).collect()
}

fn encryption(id: &str) -> Arc<Encryption> {
    Arc::new(Encryption::new(&Env::manual(1).0, [EncryptionKey::new(id, [1; 32])]).unwrap())
}

#[test]
fn an_import_replaces_everything_above_all_revisions() {
    let from = filled();
    let mut file = Vec::new();
    let exported = now(export(&from, &mut file, None)).unwrap();
    assert_eq!((exported.revision, exported.values), (Revision::new(2001), 701));
    let into = MemoryStorage::new();
    now(into.txn(Txn::put("/other", "1"))).unwrap();
    let options = WatchOptions { from: WatchFrom::Now, previous: false, bookmarks: false };
    let mut parked = now(into.watch(&KeyRange::prefix("/quiet"), &options)).unwrap();
    assert!(parked.try_next().is_none());
    let before = into.status().incarnation;
    assert_eq!(now(import(&file[..], &into, None)).unwrap(), Revision::new(2002));
    assert_eq!(contents(&into), contents(&from));
    let status = into.status();
    assert_eq!((status.head, status.compacted), (Revision::new(2002), Revision::new(2002)));
    assert_ne!(status.incarnation, before);
    assert_eq!((status.keys, status.bytes), (from.status().keys, from.status().bytes));
    assert!(matches!(parked.try_next(), Some(Err(StorageError::Expired { .. }))), "an older watch ends");
    now(into.txn(Txn::delete("/a/0000"))).unwrap();
    // A store that is ahead goes on from where it is.
    for n in 0..3000 {
        now(from.txn(Txn::put("/a/0000", format!("{n}")))).unwrap();
    }
    let head = from.status().head;
    assert_eq!(now(import(&file[..], &from, None)).unwrap(), head.next());
}

/// Into a store of which only the calls are known.
#[test]
fn an_import_by_transactions_goes_on_above_all_revisions() {
    let from = filled();
    let length = std::time::Duration::from_mins(1);
    let env = Env::manual(1).0;
    let from_with_ttl = MemoryStorage::with_env(&env);
    let mut file = Vec::new();
    now(export(&from, &mut file, None)).unwrap();
    now(import(&file[..], &from_with_ttl, None)).unwrap();
    let granted = now(from_with_ttl.ttl(TtlOp::Grant(length))).unwrap().id;
    let op = Op::Put { key: "/short".into(), value: "x".into(), ttl: Some(granted) };
    now(from_with_ttl.txn(Txn::of(vec![op]))).unwrap();
    file.clear();
    let exported = now(export(&from_with_ttl, &mut file, None)).unwrap();

    let into = MemoryStorage::with_env(&env);
    let options = WatchOptions { from: WatchFrom::Now, previous: false, bookmarks: false };
    let position = now(into.watch(&KeyRange::all(), &options)).unwrap().position();
    let revision = now(import_into(&file[..], &into, None)).unwrap();
    assert!(revision > exported.revision, "{revision}");
    let values = |storage: &MvccStorage<NoJournal>| -> Vec<(String, Vec<u8>)> {
        contents(storage).into_iter().map(|(key, value, ..)| (key, value)).collect()
    };
    assert_eq!(values(&into), values(&from_with_ttl), "and no mark");
    assert_eq!(into.status().compacted, revision);
    // Who comes with a revision of before is told so.
    for known in [position, exported.revision] {
        let options = WatchOptions { from: WatchFrom::After(known), ..options };
        let told = now(into.watch(&KeyRange::all(), &options));
        let expired = match told {
            Err(error) => Some(error),
            Ok(mut stream) => stream.try_next().and_then(Result::err),
        };
        assert!(matches!(expired, Some(StorageError::Expired { .. })), "{known}: {expired:?}");
    }
    let kv = now(into.get(&"/short".into(), ReadAt::default())).unwrap().kv.unwrap();
    assert_eq!(now(into.ttl(TtlOp::Inspect(kv.ttl.unwrap()))).unwrap().granted, length);
    let refused = now(import_into(&file[..], &into, None)).unwrap_err();
    assert!(matches!(refused, StorageError::Invalid { .. }), "{refused:?}");
    assert_eq!(into.status().head, revision, "nothing was changed");
}

/// One that failed in the middle is done once more, from the start.
#[test]
fn an_import_that_failed_is_done_again() {
    let from = filled();
    let mut file = Vec::new();
    now(export(&from, &mut file, None)).unwrap();
    let into = MemoryStorage::new();
    now(into.txn(Txn::put("/import", "under way"))).unwrap();
    for n in 0..200 {
        now(into.txn(Txn::put(format!("/half/{n:03}"), "old"))).unwrap();
    }
    now(import_into(&file[..], &into, None)).unwrap();
    assert_eq!(into.status().keys, from.status().keys);
}

#[test]
fn a_damaged_export_changes_nothing() {
    let mut file = Vec::new();
    now(export(&filled(), &mut file, None)).unwrap();
    let into = filled();
    let before = (contents(&into), into.status());
    let mut damaged: Vec<Vec<u8>> = (0..file.len()).step_by(97).map(|at| file[..at].to_vec()).collect();
    damaged.extend((0..file.len()).step_by(89).map(|at| {
        let mut bytes = file.clone();
        bytes[at] ^= 0x10;
        bytes
    }));
    damaged.push([&file[..], b"more"].concat());
    for bytes in damaged {
        let error = now(import(&bytes[..], &into, None)).unwrap_err();
        assert!(matches!(error, StorageError::Corrupt { .. }), "{error:?}");
    }
    assert_eq!((contents(&into), into.status()), before);
}

#[test]
fn secrets_leave_encrypted() {
    let from = filled();
    let mut file = Vec::new();
    now(export(&from, &mut file, Some(encryption("backup")))).unwrap();
    assert!(!file.windows(7).any(|part| part == b"hunter2"), "a secret shows");
    let into = MemoryStorage::new();
    for given in [None, Some(encryption("other"))] {
        let error = now(import(&file[..], &into, given)).unwrap_err();
        assert!(matches!(error, StorageError::Sealed { .. }), "{error:?}");
    }
    now(import(&file[..], &into, Some(encryption("backup")))).unwrap();
    assert_eq!(contents(&into), contents(&from));
}
