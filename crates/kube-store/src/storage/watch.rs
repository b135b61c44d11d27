//! Watching.

use super::{Key, KeyValue, Revision, StorageResult};
use futures::Stream;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Where a watch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchFrom {
    /// After this revision.
    After(Revision),
    /// After the newest.
    Now,
    /// With the state at the newest revision as one batch of puts, then a bookmark of that revision, then changes.
    Initial,
}

/// How to watch.
#[derive(Clone, Copy, Debug)]
pub struct WatchOptions {
    /// Where to begin.
    pub from: WatchFrom,
    /// Whether events carry the value before, where the engine still has it.
    pub previous: bool,
    /// Whether to tell of revisions that changed nothing in the range (coalesced, only when there is nothing else
    /// to deliver).
    pub bookmarks: bool,
}

/// One delivery of a watch.
#[derive(Clone, Debug)]
pub enum WatchItem {
    /// Everything that one revision (or the initial state) changed in the range.
    Batch(Batch),
    /// Everything up to this revision was delivered.
    Bookmark(Revision),
}

/// Everything that one revision changed in the range.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The revision.
    pub revision: Revision,
    /// The changes, in key order. Watches of the same changes share them.
    pub events: Arc<[Event]>,
}

/// A change of one key.
#[derive(Clone, Debug)]
pub enum Event {
    /// Created or replaced.
    Put {
        /// The value now.
        kv: Arc<KeyValue>,
        /// The value before; `None` when it was absent, not asked for, or no longer held.
        previous: Option<Arc<KeyValue>>,
    },
    /// Deleted.
    Delete {
        /// The key.
        key: Key,
        /// The value before; `None` when not asked for or no longer held.
        previous: Option<Arc<KeyValue>>,
    },
}

impl Event {
    /// The key changed.
    pub fn key(&self) -> &Key {
        match self {
            Self::Put { kv, .. } => &kv.key,
            Self::Delete { key, .. } => key,
        }
    }

    /// The value before; `None` when it was absent, not asked for, or no longer held.
    pub fn previous(&self) -> Option<&Arc<KeyValue>> {
        match self {
            Self::Put { previous, .. } | Self::Delete { previous, .. } => previous.as_ref(),
        }
    }

    /// The same without the value before.
    #[must_use]
    pub fn without_previous(&self) -> Self {
        match self {
            Self::Put { kv, .. } => Self::Put { kv: kv.clone(), previous: None },
            Self::Delete { key, .. } => Self::Delete { key: key.clone(), previous: None },
        }
    }
}

/// One delivery of a watch, lent by whoever has it.
#[derive(Clone, Copy, Debug)]
pub enum Delivery<'a> {
    /// Everything that one revision changed in the range, in key order.
    Changes(Revision, &'a [Event]),
    /// Everything up to this revision was delivered.
    Bookmark(Revision),
}

impl<'a> Delivery<'a> {
    /// The same as `item`.
    pub fn of(item: &'a WatchItem) -> Self {
        match item {
            WatchItem::Batch(batch) => Self::Changes(batch.revision, &batch.events),
            WatchItem::Bookmark(revision) => Self::Bookmark(*revision),
        }
    }
}

/// What an engine implements to deliver a watch.
pub trait WatchSource: Send {
    /// The next delivery; `Ready(None)` never comes: a watch ends with an error.
    ///
    /// Whoever is woken may poll on the spot, inside [`Waker::wake`](std::task::Waker::wake): an engine wakes without
    /// holding a lock that polling takes.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<StorageResult<WatchItem>>;

    /// The next delivery if one is at hand, without waiting and without registering a waker.
    fn try_next(&mut self) -> Option<StorageResult<WatchItem>>;

    /// Shows up to `limit` deliveries that are at hand; tells how many. A source whose deliveries lie in shared memory
    /// lends them, which is faster than handing them out.
    ///
    /// # Errors
    /// Why the watch ended. What was at hand before that was shown.
    fn visit(&mut self, limit: usize, see: &mut dyn FnMut(Delivery<'_>)) -> StorageResult<usize> {
        for seen in 0..limit {
            match self.try_next() {
                None => return Ok(seen),
                Some(item) => see(Delivery::of(&item?)),
            }
        }
        Ok(limit)
    }

    /// Everything up to this revision was delivered, as far as the source knows without waiting.
    fn position(&self) -> Revision;
}

/// A stream of deliveries. After an error it ends.
pub struct WatchStream {
    source: Option<Box<dyn WatchSource>>,
    position: Revision,
}

impl WatchStream {
    /// A stream that delivers from `source`.
    pub fn new(source: Box<dyn WatchSource>) -> Self {
        let position = source.position();
        Self { source: Some(source), position }
    }

    /// The next delivery if one is at hand, without waiting.
    pub fn try_next(&mut self) -> Option<StorageResult<WatchItem>> {
        let item = self.source.as_mut()?.try_next()?;
        if item.is_err() {
            self.end();
        }
        Some(item)
    }

    /// Shows up to `limit` deliveries that are at hand, without waiting and without handing them out; tells how many.
    /// The fastest way to read: nothing is copied and no count of references moves.
    ///
    /// # Errors
    /// Why the watch ended; it has nothing to show from then on. What was at hand before that was shown.
    pub fn visit(&mut self, limit: usize, mut see: impl FnMut(Delivery<'_>)) -> StorageResult<usize> {
        let Some(source) = self.source.as_mut() else { return Ok(0) };
        source.visit(limit, &mut see).inspect_err(|_| self.end())
    }

    /// Everything up to this revision was delivered.
    pub fn position(&self) -> Revision {
        self.source.as_ref().map_or(self.position, |source| source.position())
    }

    fn end(&mut self) {
        self.position = self.position();
        self.source = None;
    }
}

impl Stream for WatchStream {
    type Item = StorageResult<WatchItem>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(source) = self.source.as_mut() else { return Poll::Ready(None) };
        let Poll::Ready(item) = source.poll_next(cx) else { return Poll::Pending };
        if item.is_err() {
            self.end();
        }
        Poll::Ready(Some(item))
    }
}

impl fmt::Debug for WatchStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchStream").field("position", &self.position()).finish_non_exhaustive()
    }
}
