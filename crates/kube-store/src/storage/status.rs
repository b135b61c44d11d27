//! Limits, figures, time to live.

use super::{Key, Revision};
use std::time::Duration;

/// How large a request may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Compares and operations of one transaction, each counted alone.
    pub max_txn_ops: usize,
    /// Bytes of keys and values of one request.
    pub max_request_bytes: usize,
}

impl Limits {
    /// No limits.
    pub const NONE: Self = Self { max_txn_ops: usize::MAX, max_request_bytes: usize::MAX };
}

/// Figures of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StorageStatus {
    /// The newest revision.
    pub head: Revision,
    /// The oldest revision that can be read.
    pub compacted: Revision,
    /// Changes whenever history was lost or replaced (a restore, a new store): older watchers must start again.
    pub incarnation: u64,
    /// Keys at the newest revision; 0 where the engine does not tell.
    pub keys: usize,
    /// Bytes of keys and values at the newest revision; 0 where the engine does not tell.
    pub bytes: u64,
    /// Bytes on the medium, history and what is to be cleaned up included; 0 without one.
    pub disk: u64,
    /// Transactions waiting.
    pub queued: usize,
    /// Open watches.
    pub watchers: usize,
    /// Revisions that the slowest open watch is behind.
    pub watch_lag: u64,
}

/// Names a time to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TtlId(pub u64);

/// What to do with a time to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TtlOp {
    /// Begin one of this length.
    Grant(Duration),
    /// Begin it anew with its full length.
    KeepAlive(TtlId),
    /// End it now: its keys are deleted at one revision.
    Revoke(TtlId),
    /// Only tell.
    Inspect(TtlId),
}

/// A time to live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TtlInfo {
    /// Its name.
    pub id: TtlId,
    /// Its full length.
    pub granted: Duration,
    /// What is left of it; zero once it has ended.
    pub remaining: Duration,
    /// The keys that hang on it, in order.
    pub keys: Vec<Key>,
}
