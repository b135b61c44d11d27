//! Locked, damaged, truncated, foreign and newer directories.

use super::{ENGINES, Engine, copy, files, put, rows};
use crate::scratch::Scratch;
use kube_core::env::Env;
use kube_store::storage::mvcc::Drive;
use kube_store::storage::{DurableOptions, Encryption, EncryptionKey, KeyRange, Revision, StorageError, Txn};
use std::path::Path;
use std::sync::Arc;

#[tokio::test]
async fn what_was_written_is_there_again() {
    for engine in ENGINES {
        let directory = Scratch::new();
        let storage = engine.open(directory.path()).unwrap();
        for n in 0..50 {
            put(&*storage, &format!("/{}", n % 20), &n.to_string()).await;
        }
        storage.compact(Revision::new(30)).await.unwrap();
        let (before, status) = (rows(&*storage), storage.status());
        drop(storage);
        let storage = engine.open(directory.path()).unwrap();
        assert_eq!(rows(&*storage), before, "{engine:?}");
        let again = storage.status();
        let of = |status: &kube_store::storage::StorageStatus| {
            (status.head, status.compacted, status.incarnation, status.keys, status.bytes)
        };
        assert_eq!(of(&again), of(&status), "{engine:?}");
        assert!(again.disk > 0, "{engine:?}");
        assert_eq!(put(&*storage, "/more", "1").await, Revision::new(51), "{engine:?}");
    }
}

#[tokio::test]
async fn a_directory_is_open_once() {
    for engine in ENGINES {
        let directory = Scratch::new();
        let storage = engine.open(directory.path()).unwrap();
        put(&*storage, "/a", "1").await;
        let second = (engine.open)(directory.path(), DurableOptions::default()).map(drop).unwrap_err();
        assert!(matches!(&second, StorageError::Locked { path } if path == directory.path()), "{second:?}");
        assert!(second.to_string().contains("in use"), "{second}");
        put(&*storage, "/a", "2").await;
        drop(storage);
        // Many times over: nothing lingers.
        for _ in 0..10 {
            drop(engine.open(directory.path()).unwrap());
        }
    }
}

#[tokio::test]
async fn a_closed_store_lets_go_whoever_holds_it() {
    for engine in ENGINES {
        for drive in [Drive::Thread, Drive::Callers] {
            let directory = Scratch::new();
            let options = DurableOptions { drive, ..DurableOptions::default() };
            let storage = engine.open_with(directory.path(), &options).unwrap();
            put(&*storage, "/a", "1").await;
            let snapshot = storage.snapshot().expect("the state is in this process");
            storage.close();
            storage.closed().await;
            let again = engine.open_with(directory.path(), &options).unwrap();
            put(&*again, "/a", "2").await;
            assert_eq!(snapshot.range(&KeyRange::all()).count(), 1, "{engine:?} {drive:?}");
            let late = storage.txn(Txn::put("/a", "3")).await.unwrap_err();
            assert!(matches!(late, StorageError::Closed), "{engine:?} {drive:?}: {late:?}");
        }
    }
}

/// A directory of `engine` with something in it.
async fn filled(engine: Engine, directory: &Path) {
    let storage = engine.open(directory).unwrap();
    for n in 0..200 {
        put(&*storage, &format!("/{n}"), &"x".repeat(500)).await;
    }
}

/// Holds `engine` to refuse what lies at `path` with an error that `is` right, and to leave it alone.
fn refused(engine: Engine, path: &Path, what: &str, is: impl Fn(&StorageError) -> bool) {
    let before = files(path);
    let error = engine.open(path).map(drop).expect_err(what);
    assert!(is(&error), "{engine:?}, {what}: {error:?}");
    let after = files(path);
    assert!(after.keys().eq(before.keys()), "{engine:?}, {what}: {:?}", after.keys());
    assert!(after == before, "{engine:?}, {what}: something was touched");
}

fn foreign(error: &StorageError) -> bool {
    matches!(error, StorageError::Foreign { .. })
}

fn corrupt(error: &StorageError) -> bool {
    matches!(error, StorageError::Corrupt { .. })
}

#[tokio::test]
async fn foreign_and_newer_directories_are_left_alone() {
    for engine in ENGINES {
        let original = Scratch::new();
        filled(engine, original.path()).await;
        let directory = Scratch::new();
        let path = directory.path();
        let changed = |name: &str, bytes: &[u8]| {
            copy(original.path(), path);
            std::fs::write(path.join(name), bytes).unwrap();
        };
        changed("FORMAT", format!("kube-store {} 2\n", engine.name).as_bytes());
        refused(engine, path, "a newer format", |e| foreign(e) && e.to_string().contains("format 2"));
        changed("FORMAT", b"kube-store other 1\n");
        refused(engine, path, "another engine", |e| foreign(e) && e.to_string().contains("other"));
        changed("FORMAT", b"something else\n");
        refused(engine, path, "another program", foreign);
        changed("FORMAT", &[0xff, 0xfe]);
        refused(engine, path, "no text", foreign);
        copy(original.path(), path);
        std::fs::remove_file(path.join("FORMAT")).unwrap();
        refused(engine, path, "no format", foreign);
        std::fs::remove_dir_all(path).unwrap();
        std::fs::create_dir_all(path).unwrap();
        std::fs::write(path.join("notes.txt"), "mine").unwrap();
        refused(engine, path, "somebody's files", |e| foreign(e) && e.to_string().contains("notes.txt"));
        let file = path.join("notes.txt");
        let error = engine.open(&file).map(drop).unwrap_err();
        assert!(foreign(&error), "{engine:?}, a file: {error:?}");
        assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    }
}

#[tokio::test]
async fn damaged_directories_are_left_alone() {
    for engine in ENGINES {
        let original = Scratch::new();
        filled(engine, original.path()).await;
        let whole = files(original.path());
        let (name, bytes) = whole.iter().max_by_key(|(_, bytes)| bytes.len()).unwrap();
        let directory = Scratch::new();
        let path = directory.path();
        // Within values: there is nothing there that could be left out.
        let held: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'x').collect();
        let rows_before = {
            copy(original.path(), path);
            rows(&*engine.open(path).unwrap())
        };
        let mut noticed = 0;
        for share in 1..8 {
            let mut damaged = bytes.clone();
            damaged[held[held.len() * share / 8]] ^= 0x20;
            copy(original.path(), path);
            std::fs::write(path.join(name), &damaged).unwrap();
            let before = files(path);
            match engine.open(path) {
                // What is damaged is a copy that no longer counts.
                Ok(storage) => {
                    assert!(
                        rows(&*storage) == rows_before,
                        "{engine:?}, damaged at {share}/8: values are lost"
                    );
                }
                Err(error) => {
                    assert!(corrupt(&error), "{engine:?}, damaged at {share}/8: {error:?}");
                    assert!(files(path) == before, "{engine:?}, damaged at {share}/8: something was touched");
                    noticed += 1;
                }
            }
        }
        assert!(noticed > 1, "{engine:?}: {noticed}");
        for share in [0, 1, 4] {
            copy(original.path(), path);
            std::fs::write(path.join(name), &bytes[..bytes.len() * share / 8]).unwrap();
            refused(engine, path, &format!("truncated to {share}/8"), |error| {
                corrupt(error) || matches!(error, StorageError::Medium { .. })
            });
        }
        copy(original.path(), path);
        std::fs::remove_file(path.join(name)).unwrap();
        refused(engine, path, "gone", corrupt);
    }
}

/// Where `value` lies in the largest file below `path`, for the last time.
fn last_place(path: &Path, value: &[u8]) -> (String, usize) {
    let files = files(path);
    let (name, bytes) = files.iter().max_by_key(|(_, bytes)| bytes.len()).unwrap();
    let at = bytes.windows(value.len()).rposition(|part| part == value).expect("it is there");
    (name.clone(), at)
}

/// The last write before a kill: while nobody was told of it, it may be torn; once somebody was, damage to it is
/// damage, and not the end of what was written.
#[tokio::test]
async fn damage_is_told_from_an_end_that_was_torn() {
    for engine in ENGINES {
        let (directory, left) = (Scratch::new(), Scratch::new());
        let storage = engine.open(directory.path()).unwrap();
        for n in 0..20 {
            put(&*storage, &format!("/{n}"), "early").await;
        }
        let said = std::fs::read(directory.path().join("SYNCED")).unwrap();
        let rows_before = rows(&*storage);
        put(&*storage, "/last", "the last that was acknowledged").await;
        // As a process that is killed leaves it.
        copy(directory.path(), left.path());
        drop(storage);
        let (name, at) = last_place(left.path(), b"the last that was acknowledged");
        let mut bytes = std::fs::read(left.path().join(&name)).unwrap();
        bytes[at] ^= 0x20;
        std::fs::write(left.path().join(&name), bytes).unwrap();
        refused(engine, left.path(), "damage to what was acknowledged", corrupt);
        // The same bytes, but nobody was told: the power went while they were being written.
        std::fs::write(left.path().join("SYNCED"), said).unwrap();
        let storage = engine.open(left.path()).unwrap();
        assert_eq!(rows(&*storage), rows_before, "{engine:?}");
        put(&*storage, "/last", "again").await;
    }
}

#[tokio::test]
async fn a_wrong_key_touches_nothing() {
    for engine in ENGINES {
        let directory = Scratch::new();
        let with = |id: &str| {
            let keys = [EncryptionKey::new(id, [3; 32])];
            let encryption = Encryption::new(&Env::manual(1).0, keys).unwrap();
            DurableOptions { encryption: Some(Arc::new(encryption)), ..DurableOptions::default() }
        };
        let storage = engine.open_with(directory.path(), &with("right")).unwrap();
        put(&*storage, "/registry/core/secrets/default/token", "hunter2").await;
        drop(storage);
        let shows =
            files(directory.path()).values().any(|file| file.windows(7).any(|part| part == b"hunter2"));
        assert!(!shows, "{engine:?}: a secret shows");
        refused(engine, directory.path(), "no key", |error| matches!(error, StorageError::Sealed { .. }));
        let before = files(directory.path());
        let wrong = engine.open_with(directory.path(), &with("wrong")).map(drop).unwrap_err();
        assert!(matches!(&wrong, StorageError::Sealed { id, .. } if id == "right"), "{wrong:?}");
        assert!(files(directory.path()) == before, "{engine:?}: something was touched");
        let storage = engine.open_with(directory.path(), &with("right")).unwrap();
        assert_eq!(rows(&*storage)[0].1, "hunter2");
    }
}
