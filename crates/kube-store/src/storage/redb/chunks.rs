//! Chunks in a table of redb.

use super::backend::Deferred;
use crate::mutant::{self, Mutant};
use crate::storage::chunks::{Change, Chunks};
use crate::storage::directory::Directory;
use crate::storage::{StorageError, StorageResult};
use redb::{
    Builder, Database, Durability, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition,
    TableError,
};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

/// Chunks in a redb file.
#[derive(Debug)]
pub struct RedbChunks {
    /// `None` for a moment only, while it is opened again.
    database: Option<Database>,
    deferred: Deferred,
    backend: Arc<dyn StorageBackend>,
    /// Without one the backend is the caller's.
    directory: Option<Directory>,
    /// The newest chunk.
    newest: u64,
}

const CHUNKS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("chunks");

/// Pages that redb keeps: chunks are read once when the store is opened, and once when they are cleaned.
const CACHE: usize = 32 << 20;
/// What is held at the most where the file is made shorter, which takes as long as there is to move.
const SHRINK: u64 = 64 << 20;

impl RedbChunks {
    /// The chunks in `backend`.
    pub(super) fn open(
        backend: Arc<dyn StorageBackend>,
        directory: Option<Directory>,
    ) -> StorageResult<Self> {
        let (database, deferred) = open(&backend)?;
        Ok(Self { database: Some(database), deferred, backend, directory, newest: 0 })
    }

    fn database(&self) -> StorageResult<&Database> {
        self.database.as_ref().ok_or_else(|| StorageError::Medium { what: "redb gave the file up".into() })
    }

    fn write(&self, change: &Change) -> StorageResult<()> {
        let mut write = self.database()?.begin_write().map_err(error_of)?;
        let durability =
            if mutant::is(Mutant::AcknowledgesEarly) { Durability::None } else { Durability::Immediate };
        write.set_durability(durability).map_err(error_of)?;
        {
            let mut table = write.open_table(CHUNKS).map_err(error_of)?;
            for (number, chunk) in &change.put {
                table.insert(number, &chunk[..]).map_err(error_of)?;
            }
            for number in change.remove.clone() {
                table.remove(number).map_err(error_of)?;
            }
        }
        write.commit().map_err(error_of)
    }

    /// After an error redb does nothing more until its file is opened anew. What it has to write for that waits for
    /// room as well.
    fn open_again(&mut self) -> StorageResult<()> {
        self.database = None;
        let (database, deferred) = open(&self.backend)?;
        (self.database, self.deferred) = (Some(database), deferred);
        match self.settled() {
            Err(StorageError::NoSpace) => Ok(()),
            settled => settled,
        }
    }

    fn settled(&self) -> StorageResult<()> {
        self.deferred.settle().map_err(|error| io_error(&error))
    }

    /// Whether `change` was made.
    fn shows(&mut self, change: &Change) -> bool {
        match change.put.last() {
            Some((number, chunk)) => self.read(*number).is_ok_and(|held| held == *chunk),
            None => self.read(change.remove.start).is_err(),
        }
    }
}

impl Drop for RedbChunks {
    fn drop(&mut self) {
        self.database = None;
        // Nothing can be done about it, and everything that was acknowledged is on the disk.
        drop(self.backend.close());
    }
}

fn open(backend: &Arc<dyn StorageBackend>) -> StorageResult<(Database, Deferred)> {
    let deferred = Deferred::new(backend.clone()).map_err(|error| io_error(&error))?;
    let mut builder = Builder::new();
    // A page that was changed outside of redb would make it panic later on.
    builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
    let database = builder.create_with_backend(deferred.clone()).map_err(error_of)?;
    Ok((database, deferred))
}

impl Chunks for RedbChunks {
    fn scan(&mut self, sink: &mut dyn FnMut(u64, &[u8]) -> StorageResult<()>) -> StorageResult<()> {
        let mut newest = 0;
        let read = self.database()?.begin_read().map_err(error_of)?;
        let table = match read.open_table(CHUNKS) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(()),
            table => table.map_err(error_of)?,
        };
        for row in table.iter().map_err(error_of)? {
            let (number, chunk) = row.map_err(error_of)?;
            sink(number.value(), chunk.value())?;
            newest = number.value();
        }
        self.newest = newest;
        self.directory.as_ref().map_or(Ok(()), |directory| directory.vouch(newest))
    }

    fn read(&mut self, number: u64) -> StorageResult<Vec<u8>> {
        let read = self.database()?.begin_read().map_err(error_of)?;
        let table = read.open_table(CHUNKS).map_err(error_of)?;
        let chunk = table.get(number).map_err(error_of)?;
        let missing = || StorageError::Corrupt { what: format!("chunk {number} is missing") };
        chunk.map(|chunk| chunk.value().to_vec()).ok_or_else(missing)
    }

    fn settle(&mut self) -> StorageResult<()> {
        self.settled()?;
        match &mut self.directory {
            Some(directory) if !directory.is_new() => directory.keep(self.newest),
            _ => Ok(()),
        }
    }

    fn apply(&mut self, change: &Change) -> StorageResult<()> {
        self.settled()?;
        match self.write(change) {
            Err(StorageError::NoSpace) => {
                self.open_again()?;
                if !self.shows(change) {
                    return Err(StorageError::NoSpace);
                }
            }
            done => done?,
        }
        self.newest = change.put.last().map_or(self.newest, |(number, _)| self.newest.max(*number));
        let newest = self.newest;
        self.directory.as_mut().map_or(Ok(()), |directory| directory.keep(newest))
    }

    fn disk(&self) -> u64 {
        self.deferred.bytes()
    }

    fn room(&self) -> u64 {
        self.directory.as_ref().map_or(u64::MAX, Directory::room)
    }

    fn shrink(&mut self, held: u64) -> StorageResult<()> {
        if held > SHRINK || self.disk() <= held * 2 + (1 << 20) {
            return Ok(());
        }
        let Some(database) = &mut self.database else { return Ok(()) };
        match database.compact().map_err(error_of) {
            // Another time.
            Err(StorageError::NoSpace) => self.open_again(),
            done => done.map(drop),
        }
    }
}

/// What redb met, in the words of the store.
pub(super) fn error_of(error: impl Into<redb::Error>) -> StorageError {
    match error.into() {
        redb::Error::Io(error) => io_error(&error),
        redb::Error::Corrupted(what) => StorageError::Corrupt { what },
        redb::Error::DatabaseAlreadyOpen => StorageError::Locked { path: PathBuf::from("the file of redb") },
        error @ redb::Error::UpgradeRequired(_) => {
            StorageError::Foreign { path: PathBuf::from("the file of redb"), reason: error.to_string() }
        }
        error => StorageError::Medium { what: format!("redb: {error}") },
    }
}

/// What the system said to redb.
pub(super) fn io_error(error: &std::io::Error) -> StorageError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StorageError::NoSpace,
        // What redb says of a file that is none of its own, or was cut short.
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
            StorageError::Corrupt { what: format!("redb: {error}") }
        }
        _ => StorageError::Medium { what: format!("redb: {error}") },
    }
}
