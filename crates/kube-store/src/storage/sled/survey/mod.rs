//! Reads what sled keeps without sled, which writes as soon as it opens something.
//!
//! sled's file is a log of segments; each begins with the number of its first byte in the log (`lsn`), and holds
//! messages that replace, extend or free pages. The newest messages of a page make it up, the pages make up a tree.
//! Everything that counts is checked on the way: the checksum of every message, and that the tree hangs together.
//! What is found is what sled finds when it opens the same file, its treatment of an end that was torn by a crash
//! included; sled's own snapshots of its page table only save it from reading the log again, and are not needed.
//!
//! The layout is that of sled 0.34, the last of its kind.

mod log;
mod pages;
mod tree;
mod wire;

use crate::storage::StorageResult;
use crate::storage::directory::medium;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The rows of a database that lies still.
#[derive(Debug)]
pub(super) struct Survey {
    source: Source,
    /// In the order of their keys.
    pub(super) rows: Vec<Row>,
}

/// A row, and where its value lies in the file.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) key: Vec<u8>,
    value: Place,
}

/// Bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    offset: u64,
    len: usize,
}

/// The file, read only.
#[derive(Debug)]
struct Source {
    file: File,
    path: PathBuf,
    len: u64,
}

impl Survey {
    /// Surveys the database in the folder `path`.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`](crate::storage::StorageError::Corrupt) for what sled could not make sense of either.
    pub(super) fn of(path: &Path) -> StorageResult<Self> {
        let source = Source::open(path.join("db"))?;
        let pages = log::read(&source)?;
        let rows = tree::rows(&source, &pages)?;
        Ok(Self { source, rows })
    }

    /// The value of `row`.
    pub(super) fn value(&self, row: &Row) -> StorageResult<Vec<u8>> {
        self.source.bytes(row.value)
    }
}

impl Source {
    fn open(path: PathBuf) -> StorageResult<Self> {
        let file = File::open(&path).map_err(|error| medium(&path, "open", &error))?;
        quiet(&file).map_err(|error| medium(&path, "lock", &error))?;
        let len = file.metadata().map_err(|error| medium(&path, "read", &error))?.len();
        Ok(Self { file, path, len })
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> StorageResult<()> {
        let mut file = &self.file;
        let read = file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(out));
        read.map_err(|error| medium(&self.path, "read", &error))
    }

    /// The bytes at `place`.
    fn bytes(&self, place: Place) -> StorageResult<Vec<u8>> {
        let mut bytes = vec![0; place.len];
        self.read(place.offset, &mut bytes)?;
        Ok(bytes)
    }
}

/// Waits until sled has let go: its threads write and hold the lock for a moment after a database was dropped. The
/// directory is ours already, so that nobody else is waited for.
fn quiet(file: &File) -> std::io::Result<()> {
    for _ in 0..200 {
        match file.try_lock_shared() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::park_timeout(Duration::from_millis(5)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    file.lock_shared()
}
