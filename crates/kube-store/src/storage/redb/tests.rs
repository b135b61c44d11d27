//! A medium without room, and a file that is not touched before it was understood.

use super::backend::Deferred;
use super::chunks::{Again, RedbChunks};
use crate::storage::chunks::{ChunkJournal, ChunkOptions};
use crate::storage::mvcc::{MvccOptions, MvccStorage};
use crate::storage::{ReadAt, Storage, StorageError, StorageResult, Txn};
use futures::FutureExt;
use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A disk in memory that holds so many bytes and no more, and can be had again.
#[derive(Clone, Debug)]
struct Disk {
    file: Arc<InMemoryBackend>,
    limit: Arc<AtomicU64>,
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if len > self.limit.load(Ordering::Relaxed) && len > self.file.len()? {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }
}

fn open(disk: &Disk) -> StorageResult<MvccStorage<ChunkJournal<RedbChunks>>> {
    let new = disk.len().unwrap() == 0;
    let same = disk.clone();
    let again = Again::From(Box::new(move || Ok(Box::new(same.clone()))));
    let chunks = RedbChunks::open(Box::new(disk.clone()), again, None)?;
    let journal = ChunkJournal::new(chunks, ChunkOptions { new, ..ChunkOptions::default() });
    MvccStorage::over(journal, MvccOptions::default())
}

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("the caller commits")
}

#[test]
fn a_full_disk_refuses_puts_and_goes_on() {
    let disk = Disk { file: Arc::new(InMemoryBackend::new()), limit: Arc::new(AtomicU64::new(8 << 20)) };
    let storage = open(&disk).unwrap();
    let mut written = 0;
    let refused = loop {
        let put = now(storage.txn(Txn::put(format!("/{written:05}"), vec![7; 40_000])));
        match put {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StorageError::NoSpace), "{refused:?}");
    assert!(written > 20, "{written}");
    // Reads, deletes and compaction go on; what was refused was not written.
    let got = now(storage.get(&format!("/{written:05}").into(), ReadAt::Latest)).unwrap();
    assert!(got.kv.is_none());
    for n in 0..written {
        now(storage.txn(Txn::delete(format!("/{n:05}")))).unwrap();
    }
    now(storage.compact(storage.status().head)).unwrap();
    // And then so do writes, unaided.
    now(storage.txn(Txn::put("/again", vec![7; 40_000]))).unwrap();
    drop(storage);
    let storage = open(&disk).unwrap();
    assert_eq!(storage.status().keys, 1);
}

#[test]
fn nothing_is_written_before_it_is_settled() {
    let file = Arc::new(InMemoryBackend::new());
    file.set_len(8).unwrap();
    file.write(0, b"original").unwrap();
    let disk = Disk { file: file.clone(), limit: Arc::new(AtomicU64::new(u64::MAX)) };
    let deferred = Deferred::new(Box::new(disk)).unwrap();
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
