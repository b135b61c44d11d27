//! Chunks in a tree of sled.

use super::copy::Copy;
use crate::storage::chunks::{Change, Chunks};
use crate::storage::directory::{self, Directory, medium};
use crate::storage::{StorageError, StorageResult};
use sled::{Batch, Config, Db, IVec};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

/// Chunks in a sled database.
#[derive(Debug)]
pub struct SledChunks {
    // Dropped before the copy and the lock that it needs.
    open: Open,
    /// What is read first; `None` once it was understood, or where nothing was there.
    copy: Option<Copy>,
    directory: Directory,
    /// How many rows each chunk has.
    rows: BTreeMap<u64, u32>,
    observer: Observer,
    /// Everything that was asked was done, and may be vouched for.
    sound: bool,
}

/// Who is told whenever the files of sled were made durable.
pub(super) struct Observer(pub(super) Box<dyn FnMut(&Path) + Send>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// An open database.
#[derive(Debug)]
struct Open {
    db: Db,
    /// A handle of its own on the file that sled writes, to make it durable.
    file: File,
}

/// Pages that sled keeps: chunks are read once when the store is opened, and once when they are cleaned.
const CACHE: u64 = 32 << 20;

/// A chunk lies in rows of this size. sled moves what is longer than a quarter of its segments to files of their
/// own, which nobody syncs, and keeps up to 16 rows and 10 changes of them in one piece.
const ROW: usize = 4 << 10;

impl SledChunks {
    /// The chunks in `directory`.
    pub(super) fn open(directory: Directory, observer: Observer) -> StorageResult<Self> {
        let copy = if directory.is_new() { None } else { Some(Copy::of(&directory.holds())?) };
        let open = match &copy {
            Some(copy) => Open::at(copy.path(), true)?,
            None => Open::at(&directory.holds(), false)?,
        };
        Ok(Self { open, copy, directory, rows: BTreeMap::new(), observer, sound: false })
    }
}

impl Open {
    fn at(path: &Path, temporary: bool) -> StorageResult<Self> {
        // Nothing is flushed but by us.
        let config = Config::new().path(path).cache_capacity(CACHE).flush_every_ms(None).temporary(temporary);
        let db = free(|| config.open()).map_err(error_of)?;
        let file = path.join("db");
        let file =
            File::options().read(true).write(true).open(&file).map_err(|e| medium(&file, "open", &e))?;
        Ok(Self { db, file })
    }
}

/// Names the newest chunk, as long as the store is closed. sled takes damage for the end of what was written before
/// a crash, and leaves out what follows without a word; where there was no crash, this tells.
const CLOSED: &str = "CLOSED";

impl SledChunks {
    /// Holds what was found to be what was there when the store was closed.
    fn vouched(&self) -> StorageResult<()> {
        let path = self.directory.path().join(CLOSED);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(medium(&path, "read", &error)),
        };
        let newest = self.rows.keys().next_back().copied().unwrap_or_default();
        if text.trim().parse() == Ok(newest) {
            return Ok(());
        }
        let what =
            format!("sled: chunk {newest} is the newest that is left, and {CLOSED} says {:?}", text.trim());
        Err(StorageError::Corrupt { what })
    }

    fn revoke(&self) -> StorageResult<()> {
        let path = self.directory.path().join(CLOSED);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(medium(&path, "remove", &error)),
            Err(_) => Ok(()),
            Ok(()) => directory::sync(self.directory.path()),
        }
    }
}

impl Drop for SledChunks {
    fn drop(&mut self) {
        if !self.sound {
            return;
        }
        let newest = self.rows.keys().next_back().copied().unwrap_or_default();
        // Without it the store is opened as after a crash.
        drop(fs::write(self.directory.path().join(CLOSED), format!("{newest}\n")));
        drop(directory::sync(self.directory.path()));
    }
}

/// Opens as soon as sled has let go: its threads hold the lock of a database for a moment after it was dropped. The
/// directory is ours already, so that nobody else is waited for.
fn free(open: impl Fn() -> sled::Result<Db>) -> sled::Result<Db> {
    for _ in 0..200 {
        match open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("could not acquire lock") => {
                std::thread::park_timeout(Duration::from_millis(5));
            }
            opened => return opened,
        }
    }
    open()
}

impl Chunks for SledChunks {
    fn scan(&mut self, sink: &mut dyn FnMut(u64, &[u8]) -> StorageResult<()>) -> StorageResult<()> {
        let mut chunk: Option<(u64, Vec<u8>)> = None;
        for row in self.open.db.iter() {
            let (key, value) = row.map_err(error_of)?;
            let (number, part) = place(&key)?;
            match &mut chunk {
                Some((last, bytes)) if *last == number => bytes.extend_from_slice(&value),
                _ => {
                    if let Some((last, bytes)) = chunk.replace((number, value.to_vec())) {
                        sink(last, &bytes)?;
                    }
                }
            }
            let rows = self.rows.entry(number).or_default();
            if part != *rows {
                return Err(StorageError::Corrupt {
                    what: format!("row {rows} of chunk {number} is missing"),
                });
            }
            *rows += 1;
        }
        if let Some((number, bytes)) = chunk {
            sink(number, &bytes)?;
        }
        self.vouched()
    }

    fn read(&mut self, number: u64) -> StorageResult<Vec<u8>> {
        let mut chunk = Vec::new();
        for row in self.open.db.scan_prefix(number.to_be_bytes()) {
            chunk.extend_from_slice(&row.map_err(error_of)?.1);
        }
        Ok(chunk)
    }

    fn settle(&mut self) -> StorageResult<()> {
        if let Some(copy) = self.copy.take() {
            self.open = Open::at(&self.directory.holds(), false)?;
            drop(copy);
        }
        self.directory.finish()?;
        self.revoke()?;
        self.sound = true;
        Ok(())
    }

    fn apply(&mut self, change: &Change) -> StorageResult<()> {
        self.sound = false;
        let mut batch = Batch::default();
        for (number, chunk) in &change.put {
            let count = rows(chunk);
            (0_u32..).zip(chunk.chunks(ROW)).for_each(|(part, row)| batch.insert(&key(*number, part), row));
            // A chunk that is replaced may have been longer.
            let old = self.rows.insert(*number, count).unwrap_or_default();
            (count..old).for_each(|part| batch.remove(&key(*number, part)));
        }
        for number in change.remove.clone() {
            let count = self.rows.remove(&number).unwrap_or_default();
            (0..count).for_each(|part| batch.remove(&key(number, part)));
        }
        self.open.db.apply_batch(batch).map_err(error_of)?;
        self.open.db.flush().map_err(error_of)?;
        // This, and not the flush, is what survives a power cut.
        self.open.file.sync_data().map_err(|error| medium(self.directory.path(), "sync", &error))?;
        (self.observer.0)(self.directory.path());
        self.sound = true;
        Ok(())
    }

    fn disk(&self) -> u64 {
        self.open.file.metadata().map_or(0, |metadata| metadata.len())
    }

    fn room(&self) -> u64 {
        self.directory.room()
    }

    fn shrink(&mut self, _held: u64) -> StorageResult<()> {
        // sled reuses and truncates its segments by itself.
        Ok(())
    }
}

fn rows(chunk: &[u8]) -> u32 {
    u32::try_from(chunk.len().div_ceil(ROW)).unwrap_or(u32::MAX)
}

/// Chunks in order, and their rows in order.
fn key(number: u64, part: u32) -> [u8; 12] {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&number.to_be_bytes());
    key[8..].copy_from_slice(&part.to_be_bytes());
    key
}

fn place(key: &IVec) -> StorageResult<(u64, u32)> {
    let number = key.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
    let part = key.get(8..).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    number.zip(part).ok_or_else(|| StorageError::Corrupt { what: format!("a row under {key:?}") })
}

/// What sled met, in the words of the store.
fn error_of(error: sled::Error) -> StorageError {
    match error {
        sled::Error::Io(error) if error.kind() == ErrorKind::StorageFull => StorageError::NoSpace,
        sled::Error::Corruption { at, .. } => {
            StorageError::Corrupt { what: format!("sled: the database is damaged at {at:?}") }
        }
        error => StorageError::Medium { what: format!("sled: {error}") },
    }
}
