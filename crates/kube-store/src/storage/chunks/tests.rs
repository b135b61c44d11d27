//! Cleaning, recovery, damage, rotation: over chunks in memory.

use super::{Change, ChunkJournal, ChunkOptions, Chunks};
use crate::storage::crypto::{Encryption, EncryptionKey};
use crate::storage::mvcc::{History, MvccOptions, MvccStorage};
use crate::storage::{
    KeyRange, Op, ReadAt, Revision, Storage, StorageError, StorageResult, TtlId, TtlOp, Txn, TxnOutcome,
};
use futures::FutureExt;
use kube_core::env::{Env, Rng};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

type Held = BTreeMap<u64, Vec<u8>>;

/// Chunks in memory, which outlive the store.
#[derive(Clone, Debug, Default)]
struct Shelf(Arc<Mutex<Held>>);

impl Shelf {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap()
    }

    /// What another process would find.
    fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.held().clone())))
    }

    fn bytes(&self) -> usize {
        self.held().values().map(Vec::len).sum()
    }

    fn shows(&self, text: &[u8]) -> bool {
        self.held().values().any(|chunk| chunk.windows(text.len()).any(|part| part == text))
    }

    fn open_with(&self, options: ChunkOptions, history: History) -> StorageResult<Store> {
        let new = self.held().is_empty();
        let journal = ChunkJournal::new(self.clone(), ChunkOptions { new, ..options });
        let (env, _) = Env::manual(1);
        MvccStorage::over(journal, MvccOptions { history, env: Some(env), ..MvccOptions::default() })
    }

    fn open(&self) -> StorageResult<Store> {
        self.open_with(ChunkOptions::default(), History::ALL)
    }
}

type Store = MvccStorage<ChunkJournal<Shelf>>;

impl Chunks for Shelf {
    fn scan(&mut self, sink: &mut dyn FnMut(u64, &[u8]) -> StorageResult<()>) -> StorageResult<()> {
        self.held().iter().try_for_each(|(number, chunk)| sink(*number, chunk))
    }

    fn read(&mut self, number: u64) -> StorageResult<Vec<u8>> {
        Ok(self.held()[&number].clone())
    }

    fn settle(&mut self) -> StorageResult<()> {
        Ok(())
    }

    fn apply(&mut self, change: &Change) -> StorageResult<()> {
        let mut held = self.held();
        held.extend(change.put.iter().cloned());
        for number in change.remove.clone() {
            assert!(held.remove(&number).is_some(), "chunk {number} is not held");
        }
        Ok(())
    }

    fn disk(&self) -> u64 {
        self.bytes() as u64
    }

    fn room(&self) -> u64 {
        u64::MAX
    }

    fn shrink(&mut self, _held: u64) -> StorageResult<()> {
        Ok(())
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("the caller commits")
}

fn put(storage: &Store, key: &str, value: &[u8]) -> u64 {
    match now(storage.txn(Txn::put(key, value.to_vec()))).unwrap() {
        TxnOutcome::Committed { revision, .. } => revision.get(),
        failed @ TxnOutcome::Failed { .. } => panic!("{failed:?}"),
    }
}

fn compact(storage: &Store) {
    now(storage.compact(storage.status().head)).unwrap();
}

/// Everything that a store shows from `compacted` on: values by revision, and the changes.
fn shown(storage: &Store) -> String {
    let status = storage.status();
    let mut text = format!("{} {} {}\n", status.head, status.compacted, status.incarnation);
    for at in status.compacted.get()..=status.head.get() {
        let snapshot = storage.snapshot().unwrap().at(Revision::new(at)).unwrap();
        let rows: Vec<_> = snapshot
            .range(&KeyRange::all())
            .map(|kv| (kv.key.to_string(), summary(&kv.value), kv.mod_revision, kv.version, kv.ttl))
            .collect();
        writeln!(text, "{at}: {rows:?}").unwrap();
    }
    text
}

fn filled(n: usize, len: usize) -> Vec<u8> {
    vec![u8::try_from(n % 256).unwrap(); len]
}

fn summary(value: &[u8]) -> (usize, u32) {
    (value.len(), crc32fast::hash(value))
}

#[test]
fn cleaning_bounds_what_is_held_and_loses_nothing() {
    let shelf = Shelf::default();
    let storage = shelf.open().unwrap();
    let mut rng = Rng::new(7);
    let mut most = 0;
    for n in 0..20_000 {
        let key = format!("/{:03}", rng.below(200));
        if rng.chance(0.1) {
            now(storage.txn(Txn::delete(key))).unwrap();
        } else {
            put(&storage, &key, &filled(n, 1000));
        }
        if n % 500 == 499 {
            compact(&storage);
            most = most.max(shelf.bytes());
            if n % 4000 == 3999 {
                let before = shown(&storage);
                assert_eq!(shown(&shelf.copy().open().unwrap()), before, "after {n}");
            }
        }
    }
    // 200 KB live, half as much again, and the slack of a small store.
    assert!(most < 700_000, "{most} bytes for {} that live", storage.status().bytes);
}

#[test]
fn a_deleted_key_stays_deleted_wherever_its_copies_lie() {
    for seed in 0..12 {
        let shelf = Shelf::default();
        let mut storage = shelf.open_with(ChunkOptions::default(), History::ALL).unwrap();
        let mut rng = Rng::new(seed);
        for n in 0..300 {
            let key = format!("/{}", rng.below(12));
            match rng.below(10) {
                0..=5 => {
                    put(&storage, &key, &filled(n, rng.below(9000)));
                }
                6..=7 => drop(now(storage.txn(Txn::delete(key))).unwrap()),
                8 => {
                    let (head, from) = (storage.status().head.get(), storage.status().compacted.get());
                    let span = usize::try_from(head - from).unwrap();
                    let to = from + rng.below(span + 1) as u64;
                    now(storage.compact(Revision::new(to))).unwrap();
                }
                _ => {
                    let before = shown(&storage);
                    drop(storage);
                    storage = shelf.open().unwrap();
                    assert_eq!(shown(&storage), before, "seed {seed}, step {n}");
                }
            }
        }
    }
}

#[test]
fn history_is_compacted_without_being_asked() {
    let shelf = Shelf::default();
    let history = History { revisions: 100, ..History::ALL };
    let storage = shelf.open_with(ChunkOptions::default(), history).unwrap();
    for n in 0..5000 {
        put(&storage, "/a", &filled(n, 1000));
        let held = storage.status().head.get() - storage.status().compacted.get();
        assert!(held <= 126, "{held} revisions at {n}");
    }
    assert!(shelf.bytes() < 600_000, "{}", shelf.bytes());
}

#[test]
fn times_to_live_are_recovered_and_their_names_not_reused() {
    let shelf = Shelf::default();
    let storage = shelf.open().unwrap();
    let grant = || now(storage.ttl(TtlOp::Grant(Duration::from_mins(1)))).unwrap().id;
    let (kept, ended) = (grant(), grant());
    let op = |key: &str, id| Op::Put { key: key.into(), value: "1".into(), ttl: Some(id) };
    now(storage.txn(Txn::of(vec![op("/kept", kept), op("/ended", ended)]))).unwrap();
    now(storage.ttl(TtlOp::Revoke(ended))).unwrap();
    for n in 0..3000 {
        put(&storage, "/churn", &filled(n, 1000));
        if n % 300 == 0 {
            compact(&storage);
        }
    }
    drop(storage);
    let storage = shelf.open().unwrap();
    let info = now(storage.ttl(TtlOp::Inspect(kept))).unwrap();
    assert_eq!((info.granted, info.keys), (Duration::from_mins(1), vec!["/kept".into()]));
    assert!(matches!(now(storage.ttl(TtlOp::Inspect(ended))), Err(StorageError::NotFound { .. })));
    assert_eq!(now(storage.ttl(TtlOp::Grant(Duration::from_secs(1)))).unwrap().id, TtlId(ended.0 + 1));
}

type Damage = fn(&mut Held);

#[test]
fn what_is_damaged_is_noticed_and_named() {
    let shelf = Shelf::default();
    let storage = shelf.open().unwrap();
    for n in 0..300 {
        put(&storage, &format!("/{n}"), &[1; 500]);
    }
    drop(storage);
    let whole = shelf.held().clone();
    let damage: [(&str, Damage); 5] = [
        ("chunk 9: ", |held| held.get_mut(&9).unwrap()[20] ^= 1),
        ("chunk 9: ", |held| held.get_mut(&9).unwrap().truncate(50)),
        ("chunk 6: chunk 5 is missing", |held| drop(held.remove(&5))),
        ("chunk 1 is missing", |held| drop(held.remove(&1))),
        ("chunk 7: ", |held| held.get_mut(&7).unwrap().push(0)),
    ];
    for (says, change) in damage {
        *shelf.held() = whole.clone();
        change(&mut shelf.held());
        let before = shelf.held().clone();
        let error = shelf.open().map(drop).unwrap_err();
        assert!(
            matches!(&error, StorageError::Corrupt { what } if what.starts_with(says)),
            "{says}: {error}"
        );
        assert_eq!(*shelf.held(), before, "{says}: nothing is touched");
    }
    shelf.held().clear();
    let journal = ChunkJournal::new(shelf, ChunkOptions::default());
    let empty = MvccStorage::over(journal, MvccOptions::default()).map(drop).unwrap_err();
    assert!(matches!(empty, StorageError::Corrupt { .. }), "a store that lost everything is not a new one");
}

#[test]
fn a_full_store_takes_deletes_and_goes_on() {
    let shelf = Shelf::default();
    let options = ChunkOptions { max_bytes: Some(1 << 20), ..ChunkOptions::default() };
    let storage = shelf.open_with(options, History::ALL).unwrap();
    let mut written = 0;
    while now(storage.txn(Txn::put(format!("/{written:04}"), vec![1; 5000]))).is_ok() {
        written += 1;
    }
    assert!((150..210).contains(&written), "{written}");
    let refused = now(storage.txn(Txn::put("/more", vec![1; 5000]))).unwrap_err();
    assert!(matches!(refused, StorageError::NoSpace));
    now(storage.get(&"/0001".into(), ReadAt::Latest)).unwrap().kv.unwrap();
    (0..written / 2).for_each(|n| drop(now(storage.txn(Txn::delete(format!("/{n:04}")))).unwrap()));
    // Nobody compacts: refused puts make the store drop its history.
    let resumed = (0..20).position(|_| now(storage.txn(Txn::put("/more", vec![1; 5000]))).is_ok());
    assert!(resumed.is_some(), "writes resume unaided");
    for n in 0..2000 {
        now(storage.txn(Txn::put("/more", filled(n, 5000))))
            .or_else(|_| now(storage.txn(Txn::put("/more", filled(n, 5000)))))
            .unwrap_or_else(|error| panic!("overwriting goes on in bounded space, at {n}: {error}"));
    }
    assert!(shelf.bytes() <= 1 << 20, "{}", shelf.bytes());
}

fn sealing(keys: &[&str]) -> ChunkOptions {
    let keys = keys.iter().map(|id| EncryptionKey::new(*id, [u8::try_from(id.len()).unwrap(); 32]));
    let encryption = Encryption::new(&Env::manual(keys.len() as u64).0, keys).unwrap();
    ChunkOptions { encryption: Some(Arc::new(encryption)), ..ChunkOptions::default() }
}

#[test]
fn secrets_lie_encrypted_and_keys_are_rotated() {
    let shelf = Shelf::default();
    let secret = "/registry/core/secrets/default/token";
    let open = |keys: &[&str]| shelf.open_with(sealing(keys), History::ALL);
    let storage = shelf.open().unwrap();
    put(&storage, secret, b"clear-one");
    drop(storage);
    let storage = open(&["a"]).unwrap();
    put(&storage, secret, b"sealed-two");
    put(&storage, "/registry/core/configmaps/default/map", b"public");
    assert!(shelf.shows(b"clear-one") && !shelf.shows(b"sealed-two") && shelf.shows(b"public"));
    now(storage.rotate()).unwrap();
    assert!(!shelf.shows(b"clear-one"), "what was written before encryption was turned on is sealed too");
    drop(storage);
    for wrong in [shelf.open().map(drop), open(&["bb"]).map(drop)] {
        assert!(matches!(wrong, Err(StorageError::Sealed { .. })), "{wrong:?}");
    }
    let storage = open(&["bb", "a"]).unwrap();
    let before = shown(&storage);
    now(storage.rotate()).unwrap();
    put(&storage, "/after", b"1");
    now(storage.txn(Txn::delete("/after"))).unwrap();
    drop(storage);
    let storage = open(&["bb"]).unwrap();
    let after = shown(&storage);
    let of = |shown: &str| shown.lines().skip(1).take(3).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(of(&after), of(&before), "the old key is no longer needed");
}
