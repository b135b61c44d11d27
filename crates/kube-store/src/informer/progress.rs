//! How far an informer has come, and whoever waits for it.

use crate::storage::Revision;
use kube_core::error::ApiError;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Revision reached, whether the first state is complete, and why the informer ended if it did.
#[derive(Debug, Default)]
pub(super) struct Progress {
    state: Mutex<State>,
    // Not a `watch` channel: that one wakes its waiters in random order.
    moved: Notify,
    // Apart from the other: whoever waits for the end is not to be woken by every change before it.
    ended: Notify,
}

#[derive(Debug, Default)]
struct State {
    revision: Revision,
    synced: bool,
    closed: Option<ApiError>,
}

impl Progress {
    pub(super) fn revision(&self) -> Revision {
        self.state().revision
    }

    pub(super) fn is_synced(&self) -> bool {
        self.state().synced
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed.is_some()
    }

    /// Everything up to `revision` was told to the handlers.
    pub(super) fn reach(&self, revision: Revision) {
        self.change(|state| {
            let further = revision > state.revision;
            state.revision = state.revision.max(revision);
            further
        });
    }

    /// The first state is complete as of `revision`.
    pub(super) fn sync(&self, revision: Revision) {
        self.change(|state| {
            state.revision = state.revision.max(revision);
            state.synced = true;
            true
        });
    }

    /// Ends for good. The first cause stays.
    pub(super) fn close(&self, cause: ApiError) {
        self.change(|state| {
            let first = state.closed.is_none();
            state.closed.get_or_insert(cause);
            first
        });
        self.ended.notify_waiters();
    }

    pub(super) async fn synced(&self) -> Result<(), ApiError> {
        self.until(|state| state.synced).await
    }

    pub(super) async fn wait_for(&self, revision: Revision) -> Result<(), ApiError> {
        self.until(|state| state.revision >= revision).await
    }

    pub(super) async fn closed(&self) -> ApiError {
        loop {
            // Before looking, as below.
            let ended = self.ended.notified();
            if let Some(cause) = self.state().closed.clone() {
                return cause;
            }
            ended.await;
        }
    }

    async fn until(&self, done: impl Fn(&State) -> bool + Send + Sync) -> Result<(), ApiError> {
        loop {
            // Before looking: what moves between the look and the wait is not missed.
            let moved = self.moved.notified();
            match self.look(&done) {
                Some(result) => return result,
                None => moved.await,
            }
        }
    }

    fn look(&self, done: impl Fn(&State) -> bool) -> Option<Result<(), ApiError>> {
        let state = self.state();
        if done(&state) {
            return Some(Ok(()));
        }
        state.closed.clone().map(Err)
    }

    fn change(&self, change: impl FnOnce(&mut State) -> bool) {
        let moved = change(&mut self.state());
        if moved {
            self.moved.notify_waiters();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every section is a few assignments: no panic leaves it half-written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
