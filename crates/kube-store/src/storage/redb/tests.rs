//! A medium without room, and a file that is not touched before it was understood.

use super::RedbStorage;
use super::backend::Deferred;
use crate::storage::durable::DurableOptions;
use crate::storage::mvcc::{Drive, History};
use crate::storage::{KeyRange, Storage, StorageError, StorageResult, Txn};
use futures::FutureExt;
use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex};

/// A disk in memory on which faults can be had. Clones are the same disk.
#[derive(Clone, Debug)]
struct Disk(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: InMemoryBackend,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// How many blocks may be in use.
    blocks: usize,
    /// The blocks in use, where a file may be longer than that: each is taken when it is first written.
    taken: Option<BTreeSet<u64>>,
    /// Operations until one finds the disk full; none for never.
    full_after: Option<usize>,
    /// Whether that one may be a sync.
    syncs: bool,
}

const BLOCK: u64 = 4096;

impl Disk {
    /// A disk that takes blocks when a file is made longer.
    fn of(blocks: usize) -> Self {
        Self::with(blocks, None)
    }

    /// One that takes them when they are written.
    fn sparse(blocks: usize) -> Self {
        Self::with(blocks, Some(BTreeSet::new()))
    }

    fn with(blocks: usize, taken: Option<BTreeSet<u64>>) -> Self {
        let state = State { blocks, taken, full_after: None, syncs: false };
        Self(Arc::new(Inner { file: InMemoryBackend::new(), state: Mutex::new(state) }))
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.state.lock().unwrap());
    }

    /// One more operation; it may be the one that finds the disk full.
    fn step(&self, sync: bool) -> io::Result<()> {
        let mut state = self.0.state.lock().unwrap();
        if sync && !state.syncs {
            return Ok(());
        }
        match state.full_after {
            Some(0) => state.full_after = None,
            Some(left) => {
                state.full_after = Some(left - 1);
                return Ok(());
            }
            None => return Ok(()),
        }
        Err(io::ErrorKind::StorageFull.into())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.0.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.step(false)?;
        let mut state = self.0.state.lock().unwrap();
        let needed = usize::try_from(len / BLOCK).unwrap();
        let most = state.blocks;
        match &mut state.taken {
            Some(taken) => taken.retain(|block| block * BLOCK < len),
            None if needed > most && len > self.len()? => {
                return Err(io::ErrorKind::StorageFull.into());
            }
            None => {}
        }
        self.0.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.step(true)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.step(false)?;
        let mut state = self.0.state.lock().unwrap();
        let most = state.blocks;
        if let Some(taken) = &mut state.taken {
            let blocks = offset / BLOCK..(offset + data.len() as u64).div_ceil(BLOCK);
            let needed = blocks.clone().filter(|block| !taken.contains(block)).count();
            if taken.len() + needed > most {
                return Err(io::ErrorKind::StorageFull.into());
            }
            taken.extend(blocks);
        }
        self.0.file.write(offset, data)
    }
}

fn open(disk: &Disk) -> StorageResult<RedbStorage> {
    let history = History { revisions: 4, ..History::ALL };
    let options = DurableOptions { drive: Drive::Callers, history, ..DurableOptions::default() };
    RedbStorage::with_backend(disk.clone(), options)
}

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("the caller commits")
}

/// What a store shows, and what it should.
type Values = BTreeMap<String, usize>;

fn shown(storage: &RedbStorage) -> Values {
    let snapshot = storage.snapshot().unwrap();
    snapshot.range(&KeyRange::all()).map(|kv| (kv.key.to_string(), kv.value.len())).collect()
}

fn put(storage: &RedbStorage, values: &mut Values, key: &str, len: usize) -> StorageResult<()> {
    now(storage.txn(Txn::put(key, vec![7; len])))?;
    values.insert(key.to_owned(), len);
    Ok(())
}

/// The disk is really full, again and again: everything that needs no room goes on, and so do writes once there is
/// some, whoever made it.
#[test]
fn a_full_disk_refuses_puts_and_goes_on() {
    let disk = Disk::of(2000);
    let storage = open(&disk).unwrap();
    let mut values = Values::new();
    for round in 0..4 {
        let mut written = 0;
        let refused = loop {
            match put(&storage, &mut values, &format!("/{written:05}"), 40_000) {
                Ok(()) => written += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(refused, StorageError::NoSpace), "{refused:?}");
        assert!(written > 50, "{written} in round {round}");
        assert_eq!(shown(&storage), values, "what was refused was not written");
        if round == 3 {
            // Somebody else made room.
            disk.change(|state| state.blocks *= 2);
            put(&storage, &mut values, "/more", 40_000).expect("there is room");
            break;
        }
        // All of them: moving what is left takes room before it makes any.
        for n in 0..written {
            let key = format!("/{n:05}");
            now(storage.txn(Txn::delete(&*key))).expect("a delete goes on");
            values.remove(&key);
        }
        now(storage.compact(storage.status().head)).expect("compaction goes on");
        put(&storage, &mut values, "/again", 40_000).expect("writes resume");
    }
    assert_eq!(shown(&storage), values);
    drop(storage);
    assert_eq!(shown(&open(&disk).unwrap()), values, "everything is there again");
}

/// A file that was longer than there was room for: what needs no room may need some there. Nothing is lost, reads go
/// on, and everything else as soon as there is room.
#[test]
fn a_full_disk_with_long_files_goes_on_when_there_is_room() {
    let disk = Disk::sparse(1200);
    let storage = open(&disk).unwrap();
    let mut values = Values::new();
    for round in 1..=4 {
        let refused = (0..).find_map(|n| put(&storage, &mut values, &format!("/{round}/{n}"), 40_000).err());
        assert!(matches!(refused, Some(StorageError::NoSpace)), "{refused:?} in round {round}");
        assert_eq!(shown(&storage), values, "round {round}");
        drop(now(storage.txn(Txn::delete("/none"))));
        disk.change(|state| state.blocks += 800);
        put(&storage, &mut values, "/again", 40_000).expect("there is room");
        now(storage.txn(Txn::delete("/again"))).expect("there is room");
        values.remove("/again");
    }
    drop(storage);
    assert_eq!(shown(&open(&disk).unwrap()), values, "everything is there again");
}

/// A disk that is full once, at any operation there is.
fn full_once(syncs: bool) -> usize {
    for at in 0.. {
        let disk = Disk::of(usize::MAX);
        let (mut values, mut storage) = (Values::new(), open(&disk).unwrap());
        for n in 0..6 {
            put(&storage, &mut values, &format!("/{n}"), 20_000).unwrap();
        }
        disk.change(|state| (state.full_after, state.syncs) = (Some(at), syncs));
        let mut unknown = None;
        for n in 0..8 {
            let (key, len) = (format!("/{}", n % 5), 30_000 + n);
            match put(&storage, &mut values, &key, len) {
                Ok(()) => {}
                Err(StorageError::NoSpace) => {
                    assert_eq!(shown(&storage), values, "at {at}");
                    put(&storage, &mut values, &key, len).expect("there is room again");
                }
                Err(StorageError::Unknown { .. }) if syncs => {
                    unknown = Some((key, len));
                    break;
                }
                // It came between two writes.
                Err(StorageError::Closed) if syncs => break,
                Err(error) => panic!("at {at}: {error}"),
            }
        }
        assert_eq!(shown(&storage), values, "at {at}");
        let happened = disk.0.state.lock().unwrap().full_after.is_none();
        drop(storage);
        storage = open(&disk).unwrap();
        let found = shown(&storage);
        if let Some((key, len)) = unknown.filter(|_| found != values) {
            values.insert(key, len);
        }
        assert_eq!(found, values, "at {at}, opened again");
        if !happened {
            return at;
        }
    }
    unreachable!("a script ends")
}

#[test]
fn a_disk_that_is_full_once_loses_nothing() {
    let operations = full_once(false);
    assert!(operations > 20, "{operations}");
}

/// A sync that finds the disk full leaves nothing to go on from; but nothing that was acknowledged is lost.
#[test]
fn a_sync_without_room_loses_nothing() {
    let operations = full_once(true);
    assert!(operations > 40, "{operations}");
}

#[test]
fn nothing_is_written_before_it_is_settled() {
    let file = Arc::new(Disk::of(usize::MAX));
    file.set_len(8).unwrap();
    file.write(0, b"original").unwrap();
    let deferred = Deferred::new(file.clone()).unwrap();
    deferred.write(2, b"XY").unwrap();
    deferred.set_len(4).unwrap();
    deferred.set_len(10).unwrap();
    deferred.write(8, b"Z").unwrap();
    let read = |backend: &dyn StorageBackend, len: usize| {
        let mut out = vec![1; len];
        backend.read(0, &mut out).unwrap();
        out
    };
    assert_eq!(read(&deferred, 10), b"orXY\0\0\0\0Z\0");
    assert!(deferred.read(5, &mut [0; 6]).is_err(), "beyond the end");
    assert_eq!((file.len().unwrap(), read(&*file, 8)), (8, b"original".to_vec()));
    deferred.settle().unwrap();
    assert_eq!((deferred.bytes(), read(&*file, 10)), (10, b"orXY\0\0\0\0Z\0".to_vec()));
    deferred.write(0, b"A").unwrap();
    assert_eq!(read(&*file, 1), b"A");
}
