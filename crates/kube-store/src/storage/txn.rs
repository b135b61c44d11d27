//! Transactions.

use super::{Key, KeyRange, KeyValue, Revision, TtlId};
use bytes::Bytes;
use std::sync::Arc;

/// Compares, then writes: all at one revision, or nothing.
#[derive(Clone, Debug, Default)]
pub struct Txn {
    /// What must hold.
    pub compares: Vec<Compare>,
    /// What is written. A key may stand here once.
    pub ops: Vec<Op>,
    /// Whether nobody asks what stood there before: a remote engine need not look it up and send it.
    pub quiet: bool,
}

/// A condition on the newest state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compare {
    /// The key was last written at this revision.
    Unchanged {
        /// The key.
        key: Key,
        /// Its `mod_revision`.
        revision: Revision,
    },
    /// The key is absent.
    Absent {
        /// The key.
        key: Key,
    },
    /// The key is there, whatever its value.
    Exists {
        /// The key.
        key: Key,
    },
    /// No key of the range was created, changed or deleted after this revision. A remote
    /// engine answers [`StorageError::Invalid`](super::StorageError::Invalid) where it cannot check it, and may not
    /// see a key that was created and deleted again in between.
    RangeUnchanged {
        /// The range.
        range: KeyRange,
        /// The revision it was read at.
        revision: Revision,
    },
}

/// A write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Op {
    /// Creates or replaces the value.
    Put {
        /// The key.
        key: Key,
        /// The value.
        value: Bytes,
        /// The time to live the key hangs on from now on.
        ttl: Option<TtlId>,
    },
    /// Deletes the key; nothing happens when it is absent.
    Delete {
        /// The key.
        key: Key,
    },
}

impl Op {
    /// The key written.
    pub fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }
}

/// What became of a transaction.
#[derive(Clone, Debug)]
pub enum TxnOutcome {
    /// Everything was written. A transaction without effect (no operation, or deletes of absent keys only) commits
    /// at the newest revision without making one.
    Committed {
        /// At this revision.
        revision: Revision,
        /// What stood there before, one per operation. Of a quiet transaction an engine tells what it knows anyhow, and
        /// otherwise `None`.
        previous: Vec<Option<Arc<KeyValue>>>,
    },
    /// A condition did not hold: nothing was written.
    Failed {
        /// The newest revision.
        revision: Revision,
        /// The index of the first condition that did not hold.
        compare: usize,
        /// What stands at that condition's key.
        current: Option<Arc<KeyValue>>,
    },
}

impl Txn {
    /// A transaction of these writes, whatever stands there.
    pub fn of(ops: Vec<Op>) -> Self {
        Self { ops, ..Self::default() }
    }

    /// Writes `value` at `key`, whatever stands there.
    pub fn put(key: impl Into<Key>, value: impl Into<Bytes>) -> Self {
        Self::of(vec![Op::Put { key: key.into(), value: value.into(), ttl: None }])
    }

    /// Deletes `key`, whatever stands there.
    pub fn delete(key: impl Into<Key>) -> Self {
        Self::of(vec![Op::Delete { key: key.into() }])
    }

    /// The same, and nobody asks what stood there before.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// The same with one more condition.
    #[must_use]
    pub fn when(mut self, compare: Compare) -> Self {
        self.compares.push(compare);
        self
    }
}
