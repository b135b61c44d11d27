//! A watch of the toy: a place in its history.

use super::store::{Toy, initial};
use kube_store::storage::{
    Batch, Event, KeyRange, Revision, StorageError, StorageResult, WatchFrom, WatchItem, WatchOptions,
    WatchSource,
};
use std::task::{Context, Poll};

pub(super) struct ToyWatch {
    toy: Toy,
    id: u64,
    range: KeyRange,
    previous: bool,
    bookmarks: bool,
    /// What is owed before changes.
    owes: Owes,
    /// The newest revision that it told of.
    told: Revision,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owes {
    State,
    Bookmark,
    Nothing,
}

impl ToyWatch {
    pub(super) fn new(toy: Toy, id: u64, from: Revision, range: &KeyRange, options: &WatchOptions) -> Self {
        let owes = if options.from == WatchFrom::Initial { Owes::State } else { Owes::Nothing };
        let WatchOptions { previous, bookmarks, .. } = *options;
        Self { toy, id, range: range.clone(), previous, bookmarks, owes, told: from }
    }

    fn next(&mut self) -> Option<StorageResult<WatchItem>> {
        let mut inner = self.toy.inner();
        let head = inner.head();
        match std::mem::replace(&mut self.owes, Owes::Nothing) {
            Owes::State => {
                self.owes = Owes::Bookmark;
                self.told = head;
                inner.positions.insert(self.id, head);
                return Some(Ok(initial(inner.rows(head), &self.range, head)));
            }
            Owes::Bookmark => return Some(Ok(WatchItem::Bookmark(self.told))),
            Owes::Nothing => {}
        }
        let position = inner.positions.get(&self.id).copied().unwrap_or(head);
        for revision in (position.get() + 1..=head.get()).map(Revision::new) {
            let mine: Vec<Event> = inner
                .changes(revision)
                .iter()
                .filter(|event| self.range.contains(event.key()))
                .cloned()
                .collect();
            if mine.is_empty() {
                continue;
            }
            let (asked, compacted) = (position, inner.compacted());
            if revision <= compacted {
                return Some(Err(StorageError::Expired { asked, compacted, next: None }));
            }
            inner.positions.insert(self.id, revision);
            self.told = revision;
            let events =
                if self.previous { mine } else { mine.iter().map(Event::without_previous).collect() };
            return Some(Ok(WatchItem::Batch(Batch { revision, events: events.into() })));
        }
        inner.positions.insert(self.id, head);
        if self.bookmarks && head > self.told {
            self.told = head;
            return Some(Ok(WatchItem::Bookmark(head)));
        }
        inner.closed.then_some(Err(StorageError::Closed))
    }
}

impl WatchSource for ToyWatch {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<StorageResult<WatchItem>> {
        // First be known as waiting, then look: nothing in between is missed.
        self.toy.inner().wakers.push(cx.waker().clone());
        self.next().map_or(Poll::Pending, Poll::Ready)
    }

    fn try_next(&mut self) -> Option<StorageResult<WatchItem>> {
        self.next()
    }

    fn position(&self) -> Revision {
        if self.owes == Owes::State {
            return Revision::ZERO;
        }
        let inner = self.toy.inner();
        let position = inner.positions.get(&self.id).copied().unwrap_or_default();
        let later = (position.get() + 1..=inner.head().get()).map(Revision::new);
        let mut unread =
            later.filter(|at| inner.changes(*at).iter().any(|event| self.range.contains(event.key())));
        // Everything before the first change that it has not told of.
        unread.next().map_or_else(|| inner.head(), |first| Revision::new(first.get() - 1))
    }
}

impl Drop for ToyWatch {
    fn drop(&mut self) {
        self.toy.inner().positions.remove(&self.id);
    }
}
