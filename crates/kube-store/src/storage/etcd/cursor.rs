//! A watch of this process: a reader of a feed.

use super::core::Core;
use super::feed::Feed;
use super::log::Next;
use crate::storage::{
    Batch, Event, KeyRange, KeyValue, Revision, StorageError, StorageResult, WatchItem, WatchOptions,
    WatchSource,
};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

/// A reader of the changes in one range.
pub(super) struct Cursor {
    core: Arc<Core>,
    feed: Arc<Feed>,
    id: u64,
    range: KeyRange,
    previous: bool,
    bookmarks: bool,
    /// What comes before changes.
    owed: VecDeque<WatchItem>,
    /// Everything up to here was delivered.
    position: Arc<AtomicU64>,
    /// The newest revision that the consumer was told of.
    told: Revision,
}

impl Cursor {
    /// A reader of everything in `range` after `from`, which was read linearizably; before that `state`, if any.
    pub(super) fn open(
        core: Arc<Core>,
        range: &KeyRange,
        options: &WatchOptions,
        from: Revision,
        state: Option<Vec<Arc<KeyValue>>>,
    ) -> Self {
        let (id, position) = core.enter(from);
        let feed = core.feed_after(from, options.previous);
        let owed = state.map_or_else(VecDeque::new, |items| {
            let put = |kv| Event::Put { kv, previous: None };
            let events = items.into_iter().map(put).collect();
            [WatchItem::Batch(Batch { revision: from, events }), WatchItem::Bookmark(from)].into()
        });
        let WatchOptions { previous, bookmarks, .. } = *options;
        let range = range.clone();
        Self { core, feed, id, range, previous, bookmarks, owed, position, told: from }
    }

    fn at(&self) -> Revision {
        Revision::new(self.position.load(Ordering::Relaxed))
    }

    fn go(&self, revision: Revision) {
        self.position.store(revision.get(), Ordering::Relaxed);
    }

    fn next(&mut self, waker: Option<&Waker>) -> Option<StorageResult<WatchItem>> {
        if let Some(item) = self.owed.pop_front() {
            return Some(Ok(item));
        }
        loop {
            let position = self.at();
            if !self.feed.is_shared()
                && let Some(shared) = self.core.shared_after(position, self.previous)
            {
                self.go_over(shared);
            }
            // Held from looking to waiting, so that nothing comes in between.
            let mut log = self.feed.log();
            match log.next(&self.range, position, self.previous) {
                Next::Changes(batch) => {
                    self.go(batch.revision);
                    self.told = batch.revision;
                    return Some(Ok(WatchItem::Batch(batch)));
                }
                Next::Ended(error) => return Some(Err(error)),
                Next::Gone => {
                    drop(log);
                    self.go_over(self.core.feed_after(position, self.previous));
                }
                Next::Nothing(through) => {
                    self.go(through);
                    if self.core.is_over(through) {
                        return Some(Err(StorageError::Closed));
                    }
                    if self.bookmarks && through > self.told {
                        self.told = through;
                        return Some(Ok(WatchItem::Bookmark(through)));
                    }
                    if let Some(waker) = waker {
                        log.wait(self.id, waker.clone(), &self.range, self.bookmarks);
                    }
                    return None;
                }
            }
        }
    }

    /// Reads `feed` from now on.
    fn go_over(&mut self, feed: Arc<Feed>) {
        self.feed.log().leave(self.id);
        self.feed = feed;
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.feed.log().leave(self.id);
        self.core.leave(self.id);
    }
}

impl WatchSource for Cursor {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<StorageResult<WatchItem>> {
        self.next(Some(cx.waker())).map_or(Poll::Pending, Poll::Ready)
    }

    fn try_next(&mut self) -> Option<StorageResult<WatchItem>> {
        self.next(None)
    }

    fn position(&self) -> Revision {
        let position = self.at();
        if !self.owed.is_empty() {
            return position;
        }
        match self.feed.log().next(&self.range, position, false) {
            Next::Nothing(through) => through,
            _ => position,
        }
    }
}
