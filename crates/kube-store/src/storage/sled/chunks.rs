//! Chunks in a tree of sled.

use super::copy::Copy;
use super::survey::Survey;
use crate::storage::chunks::{Change, Chunks};
use crate::storage::directory::{Directory, medium};
use crate::storage::{StorageError, StorageResult};
use sled::{Batch, Config, Db};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

/// Chunks in a sled database.
#[derive(Debug)]
pub struct SledChunks {
    // Dropped before the lock that it needs.
    open: Option<Open>,
    found: Found,
    directory: Directory,
    /// How many rows each chunk has.
    rows: BTreeMap<u64, u32>,
    observer: Observer,
}

/// What lies in a directory until it was understood.
#[derive(Debug)]
enum Found {
    /// Nothing, or nothing that is still to be understood.
    Nothing,
    /// Rows, read without sled.
    Rows(Survey),
    /// What only sled itself may make sense of: it gets a copy.
    Copy(Open, Copy),
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

/// Pages that sled keeps: chunks are read when they are cleaned.
const CACHE: u64 = 32 << 20;

/// A chunk lies in rows of this size. sled moves what is longer than a quarter of its segments to files of their
/// own, which nobody syncs, and keeps up to 16 rows and 10 changes of them in one piece.
const ROW: usize = 4 << 10;

impl SledChunks {
    /// The chunks in `directory`.
    pub(super) fn open(directory: Directory, observer: Observer) -> StorageResult<Self> {
        let found = if directory.is_new() { Found::Nothing } else { Found::at(&directory.holds())? };
        Ok(Self { open: None, found, directory, rows: BTreeMap::new(), observer })
    }

    fn db(&self) -> StorageResult<&Open> {
        self.open.as_ref().ok_or_else(|| StorageError::Medium { what: "sled: not open yet".into() })
    }

    fn newest(&self) -> u64 {
        self.rows.keys().next_back().copied().unwrap_or_default()
    }

    /// Puts rows together to chunks, and hands those out.
    fn gather<V: AsRef<[u8]>>(
        &mut self,
        rows: impl Iterator<Item = StorageResult<((u64, u32), V)>>,
        sink: &mut dyn FnMut(u64, &[u8]) -> StorageResult<()>,
    ) -> StorageResult<()> {
        let mut chunk: Option<(u64, Vec<u8>)> = None;
        for row in rows {
            let ((number, part), value) = row?;
            match &mut chunk {
                Some((last, bytes)) if *last == number => bytes.extend_from_slice(value.as_ref()),
                _ => {
                    if let Some((last, bytes)) = chunk.replace((number, value.as_ref().to_vec())) {
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
        Ok(())
    }

    /// Opens what was understood.
    fn take_over(&mut self) -> StorageResult<()> {
        let holds = self.directory.holds();
        // A snapshot of sled that a crash left unfinished would keep sled from opening its own.
        for entry in fs::read_dir(&holds).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "generating") {
                fs::remove_file(entry.path()).map_err(|error| medium(&entry.path(), "remove", &error))?;
            }
        }
        let open = Open::at(&holds)?;
        let last = open.db.last().map_err(error_of)?;
        let shown = last.map_or(Ok(0), |(key, _)| place(&key).map(|(number, _)| number))?;
        if shown != self.newest() {
            let what = format!("sled: chunk {shown} is the newest, and {} was read", self.newest());
            return Err(StorageError::Corrupt { what });
        }
        self.open = Some(open);
        Ok(())
    }
}

impl Found {
    fn at(path: &Path) -> StorageResult<Self> {
        if let Ok(survey) = Survey::of(path) {
            return Ok(Self::Rows(survey));
        }
        let copy = Copy::of(path)?;
        Ok(Self::Copy(Open::at(copy.path())?, copy))
    }
}

impl Open {
    fn at(path: &Path) -> StorageResult<Self> {
        // Nothing is flushed but by us.
        let config = Config::new().path(path).cache_capacity(CACHE).flush_every_ms(None);
        let db = free(|| config.open()).map_err(error_of)?;
        let file = path.join("db");
        let file =
            File::options().read(true).write(true).open(&file).map_err(|e| medium(&file, "open", &e))?;
        Ok(Self { db, file })
    }
}

/// Opens as soon as sled has let go: its threads hold the lock of a database for a moment after it was dropped, or as
/// long as the disk takes for what they still write. The directory is ours already, so that nobody else is waited for.
fn free(open: impl Fn() -> sled::Result<Db>) -> sled::Result<Db> {
    for _ in 0..6000 {
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
        match std::mem::replace(&mut self.found, Found::Nothing) {
            Found::Nothing => {}
            Found::Rows(survey) => {
                let rows = survey.rows.iter().map(|row| Ok((place(&row.key)?, survey.value(row)?)));
                self.gather(rows, sink)?;
            }
            Found::Copy(open, copy) => {
                let rows = open.db.iter().map(|row| {
                    let (key, value) = row.map_err(error_of)?;
                    Ok((place(&key)?, value))
                });
                self.gather(rows, sink)?;
                drop((open, copy));
            }
        }
        self.directory.vouch(self.newest())
    }

    fn read(&mut self, number: u64) -> StorageResult<Vec<u8>> {
        let mut chunk = Vec::new();
        for row in self.db()?.db.scan_prefix(number.to_be_bytes()) {
            chunk.extend_from_slice(&row.map_err(error_of)?.1);
        }
        Ok(chunk)
    }

    fn settle(&mut self) -> StorageResult<()> {
        self.take_over()?;
        if self.directory.is_new() { Ok(()) } else { self.directory.keep(self.newest()) }
    }

    fn apply(&mut self, change: &Change) -> StorageResult<()> {
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
        let Open { db, file } = self.db()?;
        db.apply_batch(batch).map_err(error_of)?;
        db.flush().map_err(error_of)?;
        // This, and not the flush, is what survives a power cut.
        file.sync_data().map_err(|error| medium(self.directory.path(), "sync", &error))?;
        (self.observer.0)(self.directory.path());
        self.directory.keep(self.newest())
    }

    fn disk(&self) -> u64 {
        self.open.as_ref().and_then(|open| open.file.metadata().ok()).map_or(0, |metadata| metadata.len())
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

fn place(key: &[u8]) -> StorageResult<(u64, u32)> {
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
