//! From the store's watch into the log.

use super::KindCache;
use super::entry::Entry;
use super::log::suffix;
use crate::storage::{
    Batch, Event, KeyValue, StorageError, StorageResult, WatchFrom, WatchItem, WatchOptions, WatchStream,
};
use crate::unreadable::Unreadable;
use futures::Stream;
use kube_core::env::BoxFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The watch below a cache.
#[derive(Default)]
pub(super) enum Feed {
    /// Not asked for yet.
    #[default]
    Idle,
    /// Asked for.
    Opening(BoxFuture<'static, StorageResult<WatchStream>>),
    /// Delivering the state it begins with.
    Initial(WatchStream, Vec<Arc<KeyValue>>),
    /// Delivering changes.
    Open(WatchStream),
    /// Over.
    Ended,
}

impl Feed {
    /// Takes in what is there without waiting; tells whether the log moved.
    pub(super) fn pump(&mut self, cache: &KindCache) -> bool {
        // The store wakes the cache, whoever happened to ask last.
        let mut cx = Context::from_waker(&cache.alarm);
        let mut moved = false;
        loop {
            match std::mem::replace(self, Self::Ended) {
                Self::Idle => *self = Self::Opening(open(cache)),
                Self::Opening(mut opening) => match opening.as_mut().poll(&mut cx) {
                    Poll::Pending => {
                        *self = Self::Opening(opening);
                        return moved;
                    }
                    Poll::Ready(Ok(stream)) => *self = Self::Initial(stream, Vec::new()),
                    Poll::Ready(Err(error)) => {
                        *self = failed(cache, error);
                        moved = true;
                    }
                },
                Self::Initial(stream, state) => match step_initial(cache, stream, state, &mut cx) {
                    Step::Again(next) => *self = next,
                    Step::Wait(next) => {
                        *self = next;
                        return moved;
                    }
                    Step::Moved(next) => {
                        *self = next;
                        moved = true;
                    }
                },
                Self::Open(stream) => match step_open(cache, stream, &mut cx) {
                    Step::Again(next) => *self = next,
                    Step::Wait(next) => {
                        if let Self::Open(stream) = &next {
                            moved |= cache.log().advance(stream.position());
                        }
                        *self = next;
                        return moved;
                    }
                    Step::Moved(next) => {
                        *self = next;
                        moved = true;
                    }
                },
                Self::Ended => return moved,
            }
        }
    }
}

enum Step {
    Again(Feed),
    Wait(Feed),
    Moved(Feed),
}

fn open(cache: &KindCache) -> BoxFuture<'static, StorageResult<WatchStream>> {
    let (storage, range) = (cache.storage.clone(), cache.range.clone());
    Box::pin(async move {
        let options = WatchOptions { from: WatchFrom::Initial, previous: false, bookmarks: true };
        storage.watch(&range, &options).await
    })
}

/// A watch that fell behind compaction begins again with the present state; any other failure is final.
fn failed(cache: &KindCache, error: StorageError) -> Feed {
    if matches!(error, StorageError::Expired { .. }) {
        return Feed::Idle;
    }
    cache.log().end(error.into());
    Feed::Ended
}

fn step_initial(
    cache: &KindCache,
    mut stream: WatchStream,
    mut state: Vec<Arc<KeyValue>>,
    cx: &mut Context<'_>,
) -> Step {
    match Pin::new(&mut stream).poll_next(cx) {
        Poll::Pending => Step::Wait(Feed::Initial(stream, state)),
        Poll::Ready(Some(Ok(WatchItem::Batch(batch)))) => {
            state.extend(batch.events.iter().filter_map(|event| match event {
                Event::Put { kv, .. } => Some(kv.clone()),
                Event::Delete { .. } => None,
            }));
            Step::Again(Feed::Initial(stream, state))
        }
        Poll::Ready(Some(Ok(WatchItem::Bookmark(revision)))) => {
            let read = state.iter().filter_map(|kv| Some((suffix(&kv.key, &cache.prefix), read(cache, kv)?)));
            let state = read.collect();
            cache.log().replace(state, revision);
            Step::Moved(Feed::Open(stream))
        }
        Poll::Ready(Some(Err(error))) => Step::Moved(failed(cache, error)),
        Poll::Ready(None) => Step::Moved(failed(cache, StorageError::Closed)),
    }
}

fn step_open(cache: &KindCache, mut stream: WatchStream, cx: &mut Context<'_>) -> Step {
    match Pin::new(&mut stream).poll_next(cx) {
        Poll::Pending => Step::Wait(Feed::Open(stream)),
        Poll::Ready(Some(Ok(WatchItem::Batch(batch)))) => {
            apply(cache, &batch);
            Step::Moved(Feed::Open(stream))
        }
        Poll::Ready(Some(Ok(WatchItem::Bookmark(revision)))) => {
            if cache.log().advance(revision) {
                Step::Moved(Feed::Open(stream))
            } else {
                Step::Again(Feed::Open(stream))
            }
        }
        Poll::Ready(Some(Err(error))) => Step::Moved(failed(cache, error)),
        Poll::Ready(None) => Step::Moved(failed(cache, StorageError::Closed)),
    }
}

/// All changes of one revision, at once.
fn apply(cache: &KindCache, batch: &Batch) {
    let changes: Vec<_> = batch
        .events
        .iter()
        .map(|event| {
            let key = suffix(event.key(), &cache.prefix);
            match event {
                Event::Put { kv, .. } => (key, read(cache, kv)),
                Event::Delete { .. } => (key, None),
            }
        })
        .collect();
    let mut log = cache.log();
    for (key, entry) in changes {
        match entry {
            Some(entry) => log.put(&key, entry, batch.revision),
            None => log.delete(&key, batch.revision),
        }
    }
    log.advance(batch.revision);
}

/// What does not read as an object is no object: nothing above could do anything with it.
fn read(cache: &KindCache, kv: &KeyValue) -> Option<Entry> {
    let note = |error| {
        let unreadable = Unreadable::new(&kv.key, kv.mod_revision, &kv.value, &error);
        cache.left_out.note(unreadable);
    };
    Entry::read(kv).map_err(note).ok()
}
