//! The watch that must not miss a thing.

use crate::storage::{
    KeyRange, Revision, Storage, StorageError, WatchFrom, WatchItem, WatchOptions, WatchStream,
};
use futures::StreamExt;
use futures::future::{Either, select};
use kube_core::env::Env;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Whether the store still works.
pub(super) type Alive = Result<(), StorageError>;

/// The watch of everything, which must not miss a thing.
pub(super) struct Witness {
    pub(super) stream: Option<WatchStream>,
    position: Arc<Mutex<Revision>>,
}

impl Witness {
    /// One that goes on from `position`, and moves it.
    pub(super) fn new(position: &Arc<Mutex<Revision>>) -> Self {
        Self { stream: None, position: position.clone() }
    }

    /// Watches `storage`.
    pub(super) async fn open(&mut self, storage: &dyn Storage) -> Alive {
        let from = WatchFrom::After(self.position());
        let options = WatchOptions { from, previous: true, bookmarks: true };
        self.stream = Some(storage.watch(&KeyRange::all(), &options).await?);
        Ok(())
    }

    /// Reads what is at hand.
    pub(super) fn poll(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        while let Some(Ok(_)) = stream.try_next() {}
        let position = stream.position();
        *self.position.lock().unwrap_or_else(PoisonError::into_inner) = position;
    }

    /// How far it has come.
    pub(super) fn position(&self) -> Revision {
        *self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.poll();
    }
}

/// How long a watch is waited for until it is looked at again.
const LOOK: Duration = Duration::from_millis(50);

/// Reads until everything up to `head` was delivered. `clock` is that of a store in another process, whose events are on
/// their way.
pub(super) async fn drain(stream: &mut WatchStream, head: Revision, clock: Option<&Env>) -> Alive {
    loop {
        // A watch of a quiet range knows that it has everything once it was looked at, and is not woken for it.
        while let Some(item) = stream.try_next() {
            item?;
        }
        if stream.position() >= head {
            return Ok(());
        }
        let next = match clock {
            None => stream.next().await,
            // For a quiet range the last event may be one that it is not told of.
            Some(env) => match select(stream.next(), env.sleep(LOOK)).await {
                Either::Left((next, _)) => next,
                Either::Right(_) => continue,
            },
        };
        match next {
            Some(item) => drop::<WatchItem>(item?),
            None => return Err(StorageError::Closed),
        }
    }
}
