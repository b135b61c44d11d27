//! The MVCC core that every embedded engine shares.
//!
//! ```text
//! txn ─▶ Queue ─▶ Committer: validate ─▶ Journal::append ─▶ apply ─▶ publish ─▶ wake ─▶ reply
//!                                                                      │
//! get, list, snapshot, watch ◀──────────── State (one ArcSwap) ◀───────┘
//! ```
//!
//! **Invariants.**
//! - The published `State` is one value: readers load a pointer and see one revision of everything. What is written
//!   later goes in place where it can (a version behind those of its key, a key into its leaf, a change into the
//!   log), above the revision at which those readers stop.
//! - It changes once per batch, after the journal has it, with the registry of watchers locked. What a journal
//!   refused was never in it: a batch is checked against the state and the batch's own writes beside it.
//! - A watch is a number; it owns no part of the state. Only compaction can expire it, and only while it has
//!   something left to read.
//! - The committer neither waits nor spawns: without a journal and in simulations the callers' own polls drive it,
//!   whoever holds it commits for the others; with a journal a thread does ([`Drive`]). Either way the store runs on
//!   any executor.
//! - Compaction is worked off in pieces between the batches; the journal folds its files in pieces as well.

mod chain;
mod committer;
mod cursor;
mod driver;
mod history;
mod journal;
mod leases;
mod log;
mod map;
mod queue;
pub mod record;
mod round;
mod snapshot;
mod state;
mod ttl;
mod watchers;

#[cfg(test)]
mod tests;

pub use driver::Drive;
pub use history::History;
pub use journal::{Horizon, Journal, NoJournal, Record, Recovered, Usage};
pub(super) use queue::Contents;
pub use snapshot::Snapshot;

use super::{
    Compare, Got, Key, KeyRange, Limits, ListOptions, Op, Page, ReadAt, Revision, Storage, StorageError,
    StorageResult, StorageStatus, TtlInfo, TtlOp, Txn, TxnOutcome, WatchOptions, WatchStream,
};
use async_trait::async_trait;
use committer::Committer;
use cursor::{Cursor, Shared};
use driver::Driver;
use history::Retention;
use kube_core::env::Env;
use queue::{Answer, Phase, Queue, Request};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use ttl::Expiry;

/// How an embedded store behaves.
#[derive(Clone, Debug)]
pub struct MvccOptions {
    /// How large a request may be.
    pub limits: Limits,
    /// How many requests may wait for the committer, at least 1; more are [`StorageError::Busy`].
    pub queue: usize,
    /// Where the clock and the task of times to live come from; without it there are none.
    pub env: Option<Env>,
    /// How much history is kept.
    pub history: History,
    /// Who runs the committer.
    pub drive: Drive,
}

impl Default for MvccOptions {
    fn default() -> Self {
        let (limits, history, drive) = (Limits::NONE, History::default(), Drive::default());
        Self { limits, queue: 4096, env: None, history, drive }
    }
}

/// A store with all its state in this process and its history in a [`Journal`].
///
/// Reads never wait: [`ReadAt::AtLeast`] a revision above the newest is [`StorageError::Future`] at once, because
/// every revision that a caller can have learned of is published already.
/// A condition or a watch that begins below the compacted revision is [`StorageError::Expired`].
///
/// A watch with bookmarks is woken by changes of its range only; it is told of the newest revision when it is next
/// polled. [`WatchStream::try_next`] and [`WatchStream::position`] see it at once.
///
/// When the journal fails, the batch at hand is answered [`StorageError::Unknown`], and afterwards writes and
/// drained watches end with [`StorageError::Closed`]; reads go on. Without room for more, puts are
/// [`StorageError::NoSpace`]; history is then dropped early, and puts go on as soon as there is room.
///
/// Dropping a store that a thread runs waits until the thread has done what was queued.
#[derive(Debug)]
pub struct MvccStorage<J: Journal>(Arc<Core<J>>);

#[derive(Debug)]
struct Core<J> {
    shared: Arc<Shared>,
    queue: Arc<Queue>,
    driver: Driver<J>,
    limits: Limits,
    expiry: Option<Arc<Expiry>>,
    /// Reads are refused as well.
    shut: AtomicBool,
}

impl<J: Journal> MvccStorage<J> {
    /// A store of what `journal` holds. Recovered times to live begin anew with their full length.
    ///
    /// # Errors
    /// What [`Journal::recover`] meets.
    pub fn over(journal: J, options: MvccOptions) -> StorageResult<Self> {
        let MvccOptions { limits, queue, env, history, drive } = options;
        let queue = Arc::new(Queue::new(queue.max(1)));
        let retention = Retention::new(history, env.clone());
        let committer = Committer::recover(journal, queue.clone(), retention)?;
        let shared = Arc::new(Shared::new(committer.state()));
        let driver = Driver::start(drive, committer, &queue, &shared)?;
        let (expiry, shut) = (env.map(Expiry::new), false.into());
        let core = Arc::new(Core { shared, queue, driver, limits, expiry, shut });
        ttl::restart(&core);
        Ok(Self(core))
    }

    /// Encrypts everything that the journal holds anew with the newest key; afterwards older keys are no longer
    /// needed. Writes go on meanwhile. A rotation that was interrupted is finished by calling this again.
    ///
    /// # Errors
    /// [`StorageError::Unknown`] when the journal fails.
    pub async fn rotate(&self) -> StorageResult<()> {
        self.0.submit(Request::Rotate).await.map(drop)
    }

    /// Replaces everything by `contents` at one revision above all others, which ends older watches with
    /// [`StorageError::Expired`].
    pub(super) async fn replace(&self, contents: Contents) -> StorageResult<Revision> {
        match self.0.submit(Request::Replace(contents)).await? {
            Answer::Replaced(revision) => {
                ttl::restart(&self.0);
                Ok(revision)
            }
            _ => Err(mixed_up()),
        }
    }

    /// Writes the first values of a new store.
    pub(super) fn seed(&self, ops: Vec<Op>) {
        // A new queue has room, and nobody waits for the answer: there is no condition that could fail.
        drop(self.0.queue.submit(Request::Txn(Txn::of(ops))));
        self.0.driver.drive(&self.0.queue, &self.0.shared);
    }
}

impl<J> Drop for MvccStorage<J>
where
    J: Journal,
{
    fn drop(&mut self) {
        self.0.driver.end(&self.0.queue);
    }
}

impl<J: Journal> Core<J> {
    fn open(&self) -> StorageResult<()> {
        if self.shut.load(Ordering::SeqCst) { Err(StorageError::Closed) } else { Ok(()) }
    }

    fn get(&self, key: &Key, at: ReadAt) -> StorageResult<Got> {
        self.open()?;
        let state = self.shared.published.load();
        let revision = state.resolve(at)?;
        Ok(Got { kv: state.at(key, revision).cloned(), revision })
    }

    async fn submit(&self, request: Request) -> StorageResult<Answer> {
        self.open()?;
        let request = match self.driver.answer_now(request, &self.queue, &self.shared) {
            Ok(answer) => return answer,
            Err(request) => request,
        };
        let answer = self.queue.submit(request)?;
        self.driver.drive(&self.queue, &self.shared);
        let lost = || StorageError::Unknown { reason: "the committer is gone".into() };
        answer.await.unwrap_or_else(|_| Err(lost()))
    }

    fn close(&self) {
        self.shut.store(true, Ordering::SeqCst);
        self.queue.end(Phase::Closed);
        self.shared.close();
        self.driver.drive(&self.queue, &self.shared);
        if let Some(expiry) = &self.expiry {
            expiry.wake();
        }
    }

    fn status(&self) -> StorageStatus {
        let state = self.shared.published.load();
        let watchers = self.shared.watchers();
        StorageStatus {
            head: state.head,
            compacted: state.compacted,
            incarnation: state.incarnation,
            keys: state.keys,
            bytes: state.bytes,
            disk: self.shared.disk.load(Ordering::Relaxed),
            queued: self.queue.len(),
            watchers: watchers.len(),
            watch_lag: watchers.lag(state.head),
        }
    }
}

impl<J> Drop for Core<J> {
    fn drop(&mut self) {
        if let Some(expiry) = &self.expiry {
            expiry.wake();
        }
    }
}

fn mixed_up() -> StorageError {
    StorageError::Corrupt { what: "the answer of the committer".into() }
}

#[async_trait]
impl<J: Journal> Storage for MvccStorage<J> {
    async fn get(&self, key: &Key, at: ReadAt) -> StorageResult<Got> {
        self.0.get(key, at)
    }

    async fn list(&self, range: &KeyRange, options: &ListOptions) -> StorageResult<Page> {
        self.0.open()?;
        snapshot::page(&self.0.shared.published.load_full(), range, options)
    }

    async fn txn(&self, txn: Txn) -> StorageResult<TxnOutcome> {
        check(&txn, &self.0.limits)?;
        match self.0.submit(Request::Txn(txn)).await? {
            Answer::Txn(outcome) => Ok(outcome),
            _ => Err(mixed_up()),
        }
    }

    async fn watch(&self, range: &KeyRange, options: &WatchOptions) -> StorageResult<WatchStream> {
        self.0.open()?;
        let cursor = Cursor::open(self.0.shared.clone(), range, options)?;
        Ok(WatchStream::new(Box::new(cursor)))
    }

    async fn ttl(&self, op: TtlOp) -> StorageResult<TtlInfo> {
        ttl::run(&self.0, op).await
    }

    async fn current(&self) -> StorageResult<Revision> {
        self.0.open()?;
        Ok(self.0.shared.published.load().head)
    }

    async fn compact(&self, revision: Revision) -> StorageResult<()> {
        self.0.submit(Request::Compact(revision)).await.map(drop)
    }

    fn limits(&self) -> Limits {
        self.0.limits
    }

    fn snapshot(&self) -> Option<Snapshot> {
        Some(Snapshot::new(self.0.shared.published.load_full()))
    }

    fn status(&self) -> StorageStatus {
        self.0.status()
    }

    fn close(&self) {
        self.0.close();
    }

    async fn closed(&self) {
        self.0.driver.released(&self.0.queue, &self.0.shared).await;
    }
}

/// What can be judged without the state.
pub(super) fn check(txn: &Txn, limits: &Limits) -> StorageResult<()> {
    let within = |what, actual, limit| {
        if actual > limit { Err(StorageError::TooLarge { what, actual, limit }) } else { Ok(()) }
    };
    within("compares", txn.compares.len(), limits.max_txn_ops)?;
    within("operations", txn.ops.len(), limits.max_txn_ops)?;
    if limits.max_request_bytes < usize::MAX {
        let compares: usize = txn.compares.iter().map(compare_bytes).sum();
        let ops: usize = txn.ops.iter().map(op_bytes).sum();
        within("bytes of the request", compares + ops, limits.max_request_bytes)?;
    }
    if txn.ops.len() > 1 {
        let mut keys: Vec<&Key> = txn.ops.iter().map(Op::key).collect();
        keys.sort_unstable();
        if let Some([twice, _]) = keys.array_windows().find(|[a, b]| a == b) {
            return Err(StorageError::Invalid { reason: format!("{twice} is written twice") });
        }
    }
    Ok(())
}

fn compare_bytes(compare: &Compare) -> usize {
    match compare {
        Compare::Unchanged { key, .. } | Compare::Absent { key } | Compare::Exists { key } => {
            key.as_str().len()
        }
        Compare::RangeUnchanged { range, .. } => range.start().len() + range.end().map_or(0, str::len),
    }
}

fn op_bytes(op: &Op) -> usize {
    match op {
        Op::Put { key, value, .. } => key.as_str().len() + value.len(),
        Op::Delete { key } => key.as_str().len(),
    }
}
