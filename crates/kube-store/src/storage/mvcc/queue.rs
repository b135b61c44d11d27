//! Requests on their way to the committer.

use crate::storage::{Key, KeyValue, Revision, StorageError, StorageResult, TtlId, Txn, TxnOutcome};
use futures::channel::oneshot;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Something that the committer does, one after the other.
#[derive(Debug)]
pub(super) enum Request {
    Txn(Txn),
    Compact(Revision),
    Grant(Duration),
    Revoke(TtlId),
    Replace(Contents),
    Rotate,
}

impl Request {
    /// Whether it may share a batch with others.
    pub(super) fn is_write(&self) -> bool {
        matches!(self, Self::Txn(_) | Self::Grant(_) | Self::Revoke(_))
    }
}

/// Everything that a store is to hold from now on.
#[derive(Clone, Debug)]
pub(in crate::storage) struct Contents {
    /// The store goes on above this revision.
    pub(in crate::storage) revision: Revision,
    pub(in crate::storage) leases: Vec<(TtlId, Duration)>,
    /// In key order.
    pub(in crate::storage) rows: Vec<Arc<KeyValue>>,
}

/// What became of a [`Request`].
#[derive(Debug)]
pub(super) enum Answer {
    Txn(TxnOutcome),
    Compacted,
    Granted(TtlId),
    /// The keys that were deleted, and the length the lease had.
    Revoked(Vec<Key>, Duration),
    Replaced(Revision),
    Rotated,
}

/// Takes the answer to one request. Whoever no longer listens loses only the answer.
pub(super) type Reply = oneshot::Sender<StorageResult<Answer>>;

/// The bounded queue before the committer.
#[derive(Debug)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    /// Whoever waits for requests.
    filled: Condvar,
    limit: usize,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: VecDeque<(Request, Reply)>,
    phase: Phase,
}

/// How long requests are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// They are.
    #[default]
    Open,
    /// What waits is done, and then nothing more comes.
    Ending,
    /// Not even what waits is done.
    Closed,
}

impl Queue {
    /// A queue for `limit` requests.
    pub(super) fn new(limit: usize) -> Self {
        Self { inner: Mutex::default(), filled: Condvar::new(), limit }
    }

    /// Queues a request; from now on it will be done, whether or not its answer is awaited.
    pub(super) fn submit(&self, request: Request) -> StorageResult<oneshot::Receiver<StorageResult<Answer>>> {
        let (reply, answer) = oneshot::channel();
        let mut inner = self.lock();
        if inner.phase != Phase::Open {
            return Err(StorageError::Closed);
        }
        if inner.waiting.len() >= self.limit {
            return Err(StorageError::Busy { limit: self.limit });
        }
        inner.waiting.push_back((request, reply));
        drop(inner);
        self.filled.notify_one();
        Ok(answer)
    }

    /// Everything that waits.
    pub(super) fn take(&self) -> VecDeque<(Request, Reply)> {
        std::mem::take(&mut self.lock().waiting)
    }

    /// How many requests wait.
    pub(super) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// How long requests are taken.
    pub(super) fn phase(&self) -> Phase {
        self.lock().phase
    }

    /// Takes no more requests; never goes back to an earlier phase.
    pub(super) fn end(&self, phase: Phase) {
        let mut inner = self.lock();
        if inner.phase != Phase::Closed {
            inner.phase = phase;
        }
        drop(inner);
        self.filled.notify_all();
    }

    /// Blocks until a request waits, no more are taken, or `at_most` is over.
    pub(super) fn wait(&self, at_most: Duration) {
        let idle = |inner: &mut Inner| inner.waiting.is_empty() && inner.phase == Phase::Open;
        drop(self.filled.wait_timeout_while(self.lock(), at_most, idle));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every section is one operation of the deque, or one assignment.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
