//! A watcher from further back than the log: reads the store's own history.

use super::KindCache;
use super::cursor::seen;
use super::entry::Entry;
use super::filter::Filter;
use super::log::Change;
use super::waiters::{Interest, Waiter};
use crate::service::{ObjectEvent, ObjectSource};
use crate::storage::{
    Event, KeyValue, Revision, StorageError, WatchFrom, WatchItem, WatchOptions, WatchStream,
};
use futures::Stream;
use kube_core::error::ApiError;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A watcher with a watch of its own.
pub(super) struct History {
    cache: Arc<KindCache>,
    filter: Filter,
    stream: WatchStream,
    bookmarks: bool,
    pending: VecDeque<ObjectEvent>,
    /// The store wakes the watch of a quiet kind for nothing; the cache is told when somebody asks how far it is.
    waiter: Waiter,
}

impl History {
    /// A watcher of the changes after `revision`.
    ///
    /// # Errors
    /// 410 when the store does not hold them any more.
    pub(super) async fn open(
        cache: Arc<KindCache>,
        filter: Filter,
        revision: Revision,
        bookmarks: bool,
    ) -> Result<Self, ApiError> {
        if let Some(end) = cache.log().torn(revision) {
            return Err(StorageError::Expired { asked: revision, compacted: end, next: None }.into());
        }
        let options = WatchOptions { from: WatchFrom::After(revision), previous: true, bookmarks };
        let stream = cache.storage.watch(&cache.range, &options).await?;
        let waiter = cache.waiters.join(Interest::Progress);
        Ok(Self { cache, filter, stream, bookmarks, pending: VecDeque::new(), waiter })
    }

    fn take(&mut self, revision: Revision, event: Event) -> Result<(), ApiError> {
        // What cannot be read is no object here either; the cache tells of it.
        let read = |kv: Arc<KeyValue>| Entry::read(&kv).map(Arc::new).ok();
        match event {
            Event::Put { kv, previous: None } if kv.version > 1 => {
                // What stood there is not known: tell what is certain now.
                let Ok(raw) = Entry::read(&kv) else { return Ok(()) };
                let matches = self.filter.matches(&raw, &self.cache.fields);
                let (everything, raw) = (self.filter.is_everything(), raw.raw);
                if matches {
                    self.pending.push_back(ObjectEvent::Modified(raw));
                } else if !everything {
                    self.pending.push_back(ObjectEvent::Deleted(raw));
                }
                Ok(())
            }
            Event::Delete { key, previous: None } => {
                Err(ApiError::expired(format!("the last state of {key} is no longer held")))
            }
            Event::Put { kv, previous } => {
                let old = previous.and_then(read);
                self.see(&Change { revision, old, new: read(kv) });
                Ok(())
            }
            Event::Delete { previous, .. } => {
                let old = previous.and_then(read);
                self.see(&Change { revision, old, new: None });
                Ok(())
            }
        }
    }

    fn see(&mut self, change: &Change) {
        self.pending.extend(seen(&self.filter, &self.cache.fields, change));
    }
}

impl ObjectSource for History {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<ObjectEvent, ApiError>> {
        if self.bookmarks && self.pending.is_empty() {
            // Before looking: whoever asks in between is answered.
            self.waiter.wait(cx.waker(), None);
        }
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Poll::Ready(Ok(event));
            }
            match Pin::new(&mut self.stream).poll_next(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(Err(ApiError::closed())),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error.into())),
                Poll::Ready(Some(Ok(WatchItem::Bookmark(revision)))) => {
                    if self.bookmarks {
                        return Poll::Ready(Ok(ObjectEvent::Bookmark(revision)));
                    }
                }
                Poll::Ready(Some(Ok(WatchItem::Batch(batch)))) => {
                    for event in batch.events.iter().cloned() {
                        if let Err(error) = self.take(batch.revision, event) {
                            return Poll::Ready(Err(error));
                        }
                    }
                }
            }
        }
    }
}
