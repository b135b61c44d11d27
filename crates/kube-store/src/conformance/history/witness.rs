//! The watch that must not miss a thing.

use crate::storage::{
    KeyRange, Revision, Storage, StorageError, WatchFrom, WatchItem, WatchOptions, WatchStream,
};
use futures::StreamExt;
use std::sync::{Arc, Mutex, PoisonError};

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

/// Reads until everything up to `head` was delivered.
pub(super) async fn drain(stream: &mut WatchStream, head: Revision) -> Alive {
    loop {
        // A watch of a quiet range knows that it has everything once it was looked at, and is not woken for it.
        while let Some(item) = stream.try_next() {
            item?;
        }
        if stream.position() >= head {
            return Ok(());
        }
        match stream.next().await {
            Some(item) => drop::<WatchItem>(item?),
            None => return Err(StorageError::Closed),
        }
    }
}
