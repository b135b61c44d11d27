//! The durable engine to take: [redb](https://docs.rs/redb), one file of checksummed copy-on-write pages.
//!
//! ```
//! use kube_store::storage::redb::RedbStorage;
//! use kube_store::storage::{ReadAt, Storage, Txn};
//!
//! # async fn example() -> Result<(), kube_store::storage::StorageError> {
//! # let path = std::env::temp_dir().join(format!("kube-store-redb-{}", std::process::id()));
//! let storage = RedbStorage::open(&path)?;
//! storage.txn(Txn::put("/greeting", "hello")).await?; // on the disk now
//! drop(storage);
//!
//! let storage = RedbStorage::open(&path)?;
//! assert!(storage.get(&"/greeting".into(), ReadAt::Latest).await?.kv.is_some());
//! # drop(storage);
//! # std::fs::remove_dir_all(&path).ok();
//! # Ok(()) }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
//! ```

mod backend;
mod chunks;
#[cfg(test)]
mod tests;

pub use ::redb::StorageBackend;
pub use chunks::RedbChunks;

use super::StorageResult;
use super::chunks::ChunkJournal;
use super::directory::{Directory, Kind, medium};
use super::durable::DurableOptions;
use super::mvcc::MvccStorage;
use ::redb::backends::FileBackend;
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;

/// A store in a redb file.
pub type RedbStorage = MvccStorage<ChunkJournal<RedbChunks>>;

const KIND: Kind = Kind { engine: "redb", version: 1, holds: "store.redb" };

impl RedbStorage {
    /// Opens the store in the directory `path`, or makes one where there is nothing yet.
    ///
    /// # Errors
    /// As [`RedbStorage::open_with`].
    pub fn open(path: impl AsRef<Path>) -> StorageResult<Self> {
        Self::open_with(path, DurableOptions::default())
    }

    /// Opens the store in the directory `path` with `options`, or makes one where there is nothing yet.
    ///
    /// # Errors
    /// [`StorageError::Locked`](super::StorageError::Locked) while it is open elsewhere,
    /// [`StorageError::Foreign`](super::StorageError::Foreign) for a directory that is something else or has a newer
    /// format, [`StorageError::Corrupt`](super::StorageError::Corrupt) for one that is damaged,
    /// [`StorageError::Sealed`](super::StorageError::Sealed) without the keys that it is encrypted with. None of
    /// them touches what is there.
    pub fn open_with(path: impl AsRef<Path>, options: DurableOptions) -> StorageResult<Self> {
        let directory = Directory::open(path.as_ref(), &KIND)?;
        let (path, new) = (directory.holds(), directory.is_new());
        let file = OpenOptions::new().read(true).write(true).create(new).truncate(false).open(&path);
        let file = file.map_err(|error| medium(&path, "open", &error))?;
        let backend = FileBackend::new(file).map_err(chunks::error_of)?;
        let (chunk_options, options) = options.split(new);
        let chunks = RedbChunks::open(Arc::new(backend), Some(directory))?;
        Self::over(ChunkJournal::new(chunks, chunk_options), options)
    }

    /// Opens the store in `backend`, or makes one where it is empty: for files of another kind, simulated ones for
    /// example. A backend that has no more room says so by [`ErrorKind::StorageFull`](std::io::ErrorKind::StorageFull);
    /// the store then refuses puts, and goes on as soon as there is room. One that says so when it is made longer, and
    /// not only when it is written to, leaves room for deletes and compaction meanwhile; moving what lives between what
    /// was deleted takes some room as well, of which a directory keeps a reserve, and a backend has to. It is closed
    /// when the store is dropped.
    ///
    /// # Errors
    /// As [`RedbStorage::open_with`].
    pub fn with_backend(backend: impl StorageBackend, options: DurableOptions) -> StorageResult<Self> {
        let new = backend.len().map_err(chunks::error_of)? == 0;
        let (chunk_options, options) = options.split(new);
        let chunks = RedbChunks::open(Arc::new(backend), None)?;
        Self::over(ChunkJournal::new(chunks, chunk_options), options)
    }
}
