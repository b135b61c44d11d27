//! The storage contract: bytes with revisions, transactions, watches, time to live.
//!
//! [`Storage`] is what an engine implements and everything above calls. One implementation of all semantics,
//! [`mvcc::MvccStorage`], serves every embedded engine; a remote store implements the trait itself.

pub mod chunks;
pub mod crypto;
#[cfg(any(feature = "redb", feature = "sled"))]
mod directory;
#[cfg(any(feature = "redb", feature = "sled"))]
mod durable;
mod error;
#[cfg(feature = "etcd")]
pub mod etcd;
pub mod export;
mod key;
pub mod memory;
pub mod mvcc;
mod read;
#[cfg(feature = "redb")]
pub mod redb;
#[cfg(feature = "sled")]
pub mod sled;
mod status;
mod txn;
mod watch;

pub use chunks::{ChunkJournal, Chunks};
pub use crypto::{Encryption, EncryptionKey};
#[cfg(any(feature = "redb", feature = "sled"))]
pub use durable::DurableOptions;
pub use error::{StorageError, StorageResult};
#[cfg(feature = "etcd")]
pub use etcd::EtcdStorage;
pub use export::{export, import, import_into};
pub use key::{Key, KeyRange};
pub use memory::MemoryStorage;
pub use mvcc::MvccStorage;
pub use read::{Continue, Got, KeyValue, ListOptions, Page, ReadAt, Revision};
#[cfg(feature = "redb")]
pub use redb::RedbStorage;
#[cfg(feature = "sled")]
pub use sled::SledStorage;
pub use status::{Limits, StorageStatus, TtlId, TtlInfo, TtlOp};
pub use txn::{Compare, Op, Txn, TxnOutcome};
pub use watch::{Batch, Delivery, Event, WatchFrom, WatchItem, WatchOptions, WatchSource, WatchStream};

use async_trait::async_trait;
use std::fmt;

/// A store of byte values under ordered text keys, with one revision counter for all of them.
///
/// # Contract
/// - **Revisions** grow by one with every transaction that writes, are never reused (across crashes as well), and
///   order everything: a value is visible at its revision and later.
/// - **Reads** see one revision. A read at [`ReadAt::Latest`] sees every write acknowledged before it began.
/// - **Transactions** apply all their operations at one revision, or none.
/// - **Durability before visibility**: nothing is seen that could still be lost.
/// - **Watches** are ordered, unique, reliable, atomic per revision, resumable and bookmarkable; below the
///   compacted revision they fail with [`StorageError::Expired`] instead of skipping.
/// - **Dropping a future** of a write either leaves no trace or applies the whole write; it never half-applies.
///
/// `kube_store::conformance` (feature `conformance`) states each rule as a test.
#[async_trait]
pub trait Storage: Send + Sync + fmt::Debug + 'static {
    /// The value of `key`.
    ///
    /// # Errors
    /// [`StorageError::Expired`] and [`StorageError::Future`] for revisions that are not held, or not yet.
    async fn get(&self, key: &Key, at: ReadAt) -> StorageResult<Got>;

    /// The values of the keys in `range`, in key order.
    ///
    /// # Errors
    /// As [`Storage::get`]; a page whose revision was compacted is [`StorageError::Expired`].
    async fn list(&self, range: &KeyRange, options: &ListOptions) -> StorageResult<Page>;

    /// Compares, and then writes everything at one revision or nothing.
    ///
    /// # Errors
    /// [`StorageError::Busy`] when the commit queue is full, [`StorageError::TooLarge`] beyond
    /// [`Storage::limits`], [`StorageError::Unknown`] when the outcome cannot be told.
    async fn txn(&self, txn: Txn) -> StorageResult<TxnOutcome>;

    /// The changes of the keys in `range`.
    ///
    /// # Errors
    /// [`StorageError::Expired`] when changes after the asked revision are no longer held.
    async fn watch(&self, range: &KeyRange, options: &WatchOptions) -> StorageResult<WatchStream>;

    /// Grants, prolongs, revokes or inspects a time to live. Keys written with it are deleted by ordinary delete
    /// events when it ends.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] for an unknown id.
    async fn ttl(&self, op: TtlOp) -> StorageResult<TtlInfo>;

    /// The newest revision: a barrier, every write acknowledged before is at or below it.
    ///
    /// # Errors
    /// [`StorageError::Closed`] and what the engine meets on the way.
    async fn current(&self) -> StorageResult<Revision>;

    /// Forgets history: afterwards reads and watches below `revision` are [`StorageError::Expired`].
    ///
    /// # Errors
    /// [`StorageError::Future`] for a revision that does not exist yet.
    async fn compact(&self, revision: Revision) -> StorageResult<()>;

    /// How large a request may be.
    fn limits(&self) -> Limits;

    /// A view of the newest state that is read without waiting; `None` where the state is not in this process.
    fn snapshot(&self) -> Option<mvcc::Snapshot>;

    /// Figures of the store, for people and metrics.
    fn status(&self) -> StorageStatus;

    /// Stops the store: every later call, and every watch once drained, ends with [`StorageError::Closed`].
    fn close(&self);

    /// After [`Storage::close`]: waits until the store has let go of its medium, however many still hold the store. From
    /// then on its directory can be opened again. At once, as by default, where nobody is kept from the medium.
    async fn closed(&self) {}
}
