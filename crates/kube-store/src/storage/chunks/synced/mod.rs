//! What is known to be on the disk.
//!
//! Engines take damage at the end of their files for what a crash left of the last write, and leave it out without a
//! word. A small file beside theirs tells what had been made durable by then: where less is left, it was damaged; what
//! is missing behind that was under way when the power went, and nobody was told of it.
//!
//! The number of the newest chunk is written once the chunk is on the disk, and is itself synced only when the store
//! is opened and closed. It may be older than what is on the disk, but never newer.

#[cfg(test)]
mod tests;

use crate::storage::StorageResult;
use crate::storage::directory::{medium, sync};
use crate::storage::mvcc::record::{Reader, corrupt, frame, put_number, unframe};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;

/// The file, open to be written.
#[derive(Debug)]
pub(in crate::storage) struct Synced {
    file: File,
    /// Which half is written next: a write that is torn leaves the other one.
    second: bool,
}

const NAME: &str = "SYNCED";
/// Each half fills what a disk writes at once.
const HALF: usize = 512;

impl Synced {
    /// The newest chunk that is known to be on the disk, in the directory `path`; 0 where nothing is known.
    pub(in crate::storage) fn read(path: &Path) -> StorageResult<u64> {
        let path = path.join(NAME);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(medium(&path, "read", &error)),
        };
        // What was never written is nothing, or zeros.
        let written = bytes.chunks(HALF).filter(|half| half.iter().any(|byte| *byte != 0));
        let halves: Vec<_> = written.map(number).collect();
        match halves.iter().filter_map(|half| half.as_ref().ok()).max() {
            None if !halves.is_empty() => Err(corrupt(format!("{NAME} cannot be read"))),
            known => Ok(known.copied().unwrap_or_default()),
        }
    }

    /// Opens or makes the file in the directory `path`, and says in it that `chunk` is on the disk.
    pub(in crate::storage) fn open(path: &Path, chunk: u64) -> StorageResult<Self> {
        let file = path.join(NAME);
        let open = File::options().write(true).create(true).truncate(false).open(&file);
        let mut synced = Self { file: open.map_err(|e| medium(&file, "open", &e))?, second: false };
        synced.note(chunk).and_then(|()| synced.note(chunk)).map_err(|e| medium(&file, "write", &e))?;
        synced.sync().map_err(|e| medium(&file, "sync", &e))?;
        sync(path)?;
        Ok(synced)
    }

    /// `chunk` is on the disk.
    pub(in crate::storage) fn note(&mut self, chunk: u64) -> io::Result<()> {
        let mut payload = Vec::new();
        put_number(&mut payload, chunk);
        let mut half = frame(&payload);
        half.resize(HALF, 0);
        let offset = if self.second { HALF as u64 } else { 0 };
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.write_all(&half)?;
        self.second = !self.second;
        Ok(())
    }

    /// Makes it outlive a power cut.
    pub(in crate::storage) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn number(half: &[u8]) -> StorageResult<u64> {
    Reader::new(unframe(half)?.0).number()
}
