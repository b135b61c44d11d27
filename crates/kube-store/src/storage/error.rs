//! What can go wrong in a store, named for what the caller can do about it.

use super::{Continue, Key, KeyValue, Revision};
use std::path::PathBuf;
use std::sync::Arc;

/// Result of a storage call.
pub type StorageResult<T> = Result<T, StorageError>;

/// A storage call that failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The value was not what the caller took it for: read it again.
    #[error("the value is at revision {}", .current.as_ref().map_or(0, |kv| kv.mod_revision.get()))]
    Conflict {
        /// What is there now.
        current: Option<Arc<KeyValue>>,
    },
    /// No such key, or no such time to live.
    #[error("not found: {what}")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// The revision is no longer held: start again from the newest.
    #[error("revision {asked} is compacted (the oldest held is {compacted})")]
    Expired {
        /// The revision asked for.
        asked: Revision,
        /// The compacted revision: the oldest that can be read.
        compacted: Revision,
        /// For a page of a list: how to read the rest at the newest revision, which may be inconsistent with the
        /// pages before.
        next: Option<Continue>,
    },
    /// The revision does not exist yet: wait, or ask less.
    #[error("revision {asked} is ahead of the store ({head})")]
    Future {
        /// The revision asked for.
        asked: Revision,
        /// The newest revision.
        head: Revision,
    },
    /// The request is beyond the store's limits: split it.
    #[error("{what}: {actual} where {limit} are allowed")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        actual: usize,
        /// How large it may be.
        limit: usize,
    },
    /// The commit queue is full: nothing was done, try again later.
    #[error("the commit queue is full ({limit} transactions)")]
    Busy {
        /// How many transactions may wait.
        limit: usize,
    },
    /// No room for writes: deletes, reads and compaction still work.
    #[error("no space left in the store")]
    NoSpace,
    /// The write may or may not have been applied: read to find out.
    #[error("the outcome of the write is unknown: {reason}")]
    Unknown {
        /// Why it cannot be told.
        reason: String,
    },
    /// The store holds what it cannot read.
    #[error("corrupt: {what}")]
    Corrupt {
        /// What is damaged.
        what: String,
    },
    /// A value is encrypted, and cannot be decrypted with what was given: open the store with the right keys.
    #[error("the value of {key} is encrypted with the key {id:?}: {reason}")]
    Sealed {
        /// The key of the value.
        key: Key,
        /// The id of the encryption key.
        id: String,
        /// Why it does not open.
        reason: &'static str,
    },
    /// Somebody else has the store open: close it there first.
    #[error("{} is in use: it is open in this or in another process", .path.display())]
    Locked {
        /// Where the store lies.
        path: PathBuf,
    },
    /// What lies there is not a store that this build can open. Nothing was touched.
    #[error("{} is not usable as a store: {reason}", .path.display())]
    Foreign {
        /// What was to be opened.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The medium failed.
    #[error("{what}")]
    Medium {
        /// What was done, and what the system said.
        what: String,
    },
    /// The request makes no sense.
    #[error("invalid request: {reason}")]
    Invalid {
        /// Why not.
        reason: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl StorageError {
    /// The same, with how to read on where it is [`StorageError::Expired`].
    #[must_use]
    pub(super) fn with_next(mut self, rest: Option<Continue>) -> Self {
        if let Self::Expired { next, .. } = &mut self {
            *next = rest;
        }
        self
    }
}
