//! [sled](https://docs.rs/sled) 0.34 as an engine: a log-structured tree, fast to write.
//!
//! Three things are asked of it that it does not do by itself:
//!
//! - **It does not reach the disk.** On Linux `flush` ends in `sync_file_range`, which writes pages out and leaves the
//!   cache of the disk alone: what was flushed can be lost with the power. After every flush the journal calls
//!   `fdatasync` on the file, and no answer is given before.
//! - **It writes as soon as it is opened.** What lies there is therefore read without it first; a directory that
//!   turns out to be damaged stays as it is. Only what cannot be understood that way is copied, for sled to try.
//! - **It takes damage for the end of what was written before a crash**, and leaves out what follows. `SYNCED` beside
//!   its files tells what had been made durable: less than that is damage.
//!
//! sled's own authors call it beta, and it has not moved for years. [`RedbStorage`](super::redb::RedbStorage) is the
//! engine to take unless writes per second are what counts.
//!
//! ```
//! use kube_store::storage::sled::SledStorage;
//! use kube_store::storage::{Storage, Txn};
//!
//! # async fn example() -> Result<(), kube_store::storage::StorageError> {
//! # let path = std::env::temp_dir().join(format!("kube-store-sled-{}", std::process::id()));
//! let storage = SledStorage::open(&path)?;
//! storage.txn(Txn::put("/greeting", "hello")).await?; // on the disk now
//! # drop(storage);
//! # std::fs::remove_dir_all(&path).ok();
//! # Ok(()) }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
//! ```

mod chunks;
mod copy;
mod survey;
#[cfg(test)]
mod tests;

pub use chunks::SledChunks;

use super::StorageResult;
use super::chunks::ChunkJournal;
use super::directory::{Directory, Kind};
use super::durable::DurableOptions;
use super::mvcc::MvccStorage;
use chunks::Observer;
use std::path::Path;

/// A store in a sled database.
pub type SledStorage = MvccStorage<ChunkJournal<SledChunks>>;

const KIND: Kind = Kind { engine: "sled", version: 1, holds: "sled" };

impl SledStorage {
    /// Opens the store in the directory `path`, or makes one where there is nothing yet.
    ///
    /// # Errors
    /// As [`SledStorage::open_with`].
    pub fn open(path: impl AsRef<Path>) -> StorageResult<Self> {
        Self::open_with(path, DurableOptions::default())
    }

    /// Opens the store in the directory `path` with `options`, or makes one where there is nothing yet.
    ///
    /// # Errors
    /// [`StorageError::Locked`](super::StorageError::Locked) while it is open elsewhere, [`StorageError::Foreign`](super::StorageError::Foreign) for a directory that is
    /// something else or has a newer format, [`StorageError::Corrupt`](super::StorageError::Corrupt) for one that is damaged,
    /// [`StorageError::Sealed`](super::StorageError::Sealed) without the keys that it is encrypted with. None of them touches what is there.
    pub fn open_with(path: impl AsRef<Path>, options: DurableOptions) -> StorageResult<Self> {
        Self::open_observed(path, options, |_| {})
    }

    /// The same, and calls `synced` with `path` whenever everything written so far is on the disk, before it is
    /// acknowledged: for tests that look at what a power cut would leave.
    ///
    /// # Errors
    /// As [`SledStorage::open_with`].
    pub fn open_observed(
        path: impl AsRef<Path>,
        options: DurableOptions,
        synced: impl FnMut(&Path) + Send + 'static,
    ) -> StorageResult<Self> {
        let directory = Directory::open(path.as_ref(), &KIND)?;
        let (chunk_options, options) = options.split(directory.is_new());
        let chunks = SledChunks::open(directory, Observer(Box::new(synced)))?;
        Self::over(ChunkJournal::new(chunks, chunk_options), options)
    }
}
