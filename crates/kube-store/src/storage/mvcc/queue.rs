//! Requests on their way to the committer.

use crate::storage::{Key, Revision, StorageError, StorageResult, TtlId, Txn, TxnOutcome};
use futures::channel::oneshot;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Something that the committer does, one after the other.
#[derive(Debug)]
pub(super) enum Request {
    Txn(Txn),
    Compact(Revision),
    Grant(Duration),
    Revoke(TtlId),
}

/// What became of a [`Request`].
#[derive(Debug)]
pub(super) enum Answer {
    Txn(TxnOutcome),
    Compacted,
    Granted(TtlId),
    /// The keys that were deleted, and the length the lease had.
    Revoked(Vec<Key>, Duration),
}

/// Takes the answer to one request. Whoever no longer listens loses only the answer.
pub(super) type Reply = oneshot::Sender<StorageResult<Answer>>;

/// The bounded queue before the committer.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: Mutex<VecDeque<(Request, Reply)>>,
    limit: usize,
}

impl Queue {
    /// A queue for `limit` requests.
    pub(super) fn new(limit: usize) -> Self {
        Self { waiting: Mutex::default(), limit }
    }

    /// Queues a request; from now on it will be done, whether or not its answer is awaited.
    pub(super) fn submit(&self, request: Request) -> StorageResult<oneshot::Receiver<StorageResult<Answer>>> {
        let (reply, answer) = oneshot::channel();
        let mut waiting = self.lock();
        if waiting.len() >= self.limit {
            return Err(StorageError::Busy { limit: self.limit });
        }
        waiting.push_back((request, reply));
        Ok(answer)
    }

    /// Everything that waits.
    pub(super) fn take(&self) -> VecDeque<(Request, Reply)> {
        std::mem::take(&mut *self.lock())
    }

    /// How many requests wait.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(Request, Reply)>> {
        // Every section is one operation of the deque.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
