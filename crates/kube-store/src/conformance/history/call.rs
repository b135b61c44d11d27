//! What a history is made of.

use crate::storage::{
    Got, Key, KeyRange, ListOptions, Page, ReadAt, Revision, StorageResult, TtlInfo, TtlOp, Txn, TxnOutcome,
    WatchItem, WatchOptions,
};

/// Everything that was recorded, in no particular order.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The calls.
    pub calls: Vec<Call>,
    /// The watches.
    pub watches: Vec<WatchLog>,
}

/// One call. Times are ticks of the recorder: only their order means anything.
#[derive(Clone, Debug)]
pub struct Call {
    /// When it began.
    pub begin: u64,
    /// When it was answered; `None` when nobody waited for the answer.
    pub end: Option<u64>,
    /// What was asked, and what came of it.
    pub action: Action,
}

/// What was asked, and what came of it. A result is `None` when nobody waited for the answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Action {
    /// A get.
    Get {
        /// The key.
        key: Key,
        /// Which revision.
        at: ReadAt,
        /// The answer.
        result: Option<StorageResult<Got>>,
    },
    /// A list.
    List {
        /// The range.
        range: KeyRange,
        /// How.
        options: ListOptions,
        /// The answer.
        result: Option<StorageResult<Page>>,
    },
    /// A transaction.
    Txn {
        /// The transaction.
        txn: Txn,
        /// The answer.
        result: Option<StorageResult<TxnOutcome>>,
    },
    /// Something about a time to live.
    Ttl {
        /// What.
        op: TtlOp,
        /// The answer.
        result: Option<StorageResult<TtlInfo>>,
    },
    /// A barrier.
    Current {
        /// The answer.
        result: Option<StorageResult<Revision>>,
    },
    /// A compaction.
    Compact {
        /// Up to this revision.
        revision: Revision,
        /// The answer.
        result: Option<StorageResult<()>>,
    },
    /// The store was closed.
    Close,
    /// The store was opened again and showed this revision as its newest. Revisions up to it may be missing.
    Opened {
        /// The newest revision.
        head: Revision,
    },
}

/// One watch.
#[derive(Clone, Debug)]
pub struct WatchLog {
    /// When it was asked for.
    pub begin: u64,
    /// When it was opened.
    pub opened: u64,
    /// The keys watched.
    pub range: KeyRange,
    /// How.
    pub options: WatchOptions,
    /// Why it was refused.
    pub refused: Option<crate::storage::StorageError>,
    /// What was delivered, and when.
    pub items: Vec<(u64, StorageResult<WatchItem>)>,
    /// What the watch said of its position when it was dropped, if it had not ended.
    pub position: Option<Revision>,
}
