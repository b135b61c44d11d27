//! A watch: a cursor in the shared log.

use super::log::Logged;
use super::state::State;
use super::watchers::{RangeName, Slot, Watchers};
use crate::storage::{
    Batch, Delivery, Event, KeyRange, Revision, StorageError, StorageResult, WatchFrom, WatchItem,
    WatchOptions, WatchSource,
};
use arc_swap::ArcSwap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What readers, watches and the committer share.
#[derive(Debug)]
pub(super) struct Shared {
    /// Replaced once per batch, with the watchers locked.
    pub(super) published: ArcSwap<State>,
    pub(super) closed: AtomicBool,
    /// Bytes on the medium.
    pub(super) disk: AtomicU64,
    watchers: Mutex<Watchers>,
}

impl Shared {
    /// A store that shows `state`.
    pub(super) fn new(state: Arc<State>) -> Self {
        let (closed, disk) = (AtomicBool::new(false), AtomicU64::new(0));
        Self { published: ArcSwap::new(state), closed, disk, watchers: Mutex::default() }
    }

    /// The open watches.
    pub(super) fn watchers(&self) -> MutexGuard<'_, Watchers> {
        // No section leaves the registry half-changed: it calls nothing that panics.
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the store was closed.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}

/// A watch. It holds no part of the state, so that a stalled one keeps nothing in memory.
#[derive(Debug)]
pub(super) struct Cursor {
    shared: Arc<Shared>,
    /// Its number in the registry.
    id: usize,
    reader: Reader,
}

/// What a watch reads, and how far it has come.
#[derive(Debug)]
struct Reader {
    slot: Arc<Slot>,
    range: KeyRange,
    name: RangeName,
    previous: bool,
    bookmarks: bool,
    begin: Begin,
    /// The newest revision that the consumer was told of.
    told: Revision,
}

/// How much of one revision a watch sees.
enum Part {
    Nothing,
    All,
    Some(Vec<Event>),
}

/// What is owed before changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begin {
    State,
    Bookmark,
    Done,
}

impl Cursor {
    /// A watch of `range`.
    pub(super) fn open(shared: Arc<Shared>, range: &KeyRange, options: &WatchOptions) -> StorageResult<Self> {
        let mut watchers = shared.watchers();
        // Nothing is published while the watchers are locked, so the watch misses nothing.
        let state = shared.published.load();
        let from = match options.from {
            WatchFrom::After(revision) => revision,
            WatchFrom::Now | WatchFrom::Initial => state.head,
        };
        state.held(from)?;
        let slot = Slot::at(from);
        let (id, name) = watchers.add(slot.clone(), range);
        if from == state.head {
            watchers.park(id, None);
        }
        let begin = if options.from == WatchFrom::Initial { Begin::State } else { Begin::Done };
        drop((state, watchers));
        let WatchOptions { previous, bookmarks, .. } = *options;
        let reader = Reader { slot, range: range.clone(), name, previous, bookmarks, begin, told: from };
        Ok(Self { shared, id, reader })
    }

    /// The next delivery. Without one the watch is parked, to be woken through `waker`.
    fn next(&mut self, waker: Option<&Waker>) -> Option<StorageResult<WatchItem>> {
        loop {
            let closed = self.shared.is_closed();
            let state = self.shared.published.load();
            if let Some(item) = self.reader.take(&state) {
                return Some(item);
            }
            if closed {
                return Some(Err(StorageError::Closed));
            }
            if waker.is_none() && self.reader.slot.position().is_none() {
                return None;
            }
            // While the watchers are locked nothing is published: what is parked now misses nothing.
            let mut watchers = self.shared.watchers();
            let drained =
                self.reader.slot.position().is_none() || self.shared.published.load().head == state.head;
            if drained && self.shared.is_closed() == closed {
                watchers.park(self.id, waker);
                return None;
            }
        }
    }
}

impl Reader {
    /// The next delivery out of `state`.
    fn take(&mut self, state: &State) -> Option<StorageResult<WatchItem>> {
        match self.begin {
            Begin::State => return Some(Ok(self.initial(state))),
            Begin::Bookmark => {
                self.begin = Begin::Done;
                return Some(Ok(WatchItem::Bookmark(self.told)));
            }
            Begin::Done => {}
        }
        if let Some(position) = self.slot.position() {
            if position < state.compacted {
                return Some(Err(StorageError::Expired {
                    asked: position,
                    compacted: state.compacted,
                    next: None,
                }));
            }
            if let Some(batch) = self.batch(state, position) {
                self.slot.advance(batch.revision);
                self.told = batch.revision;
                return Some(Ok(WatchItem::Batch(batch)));
            }
            // A commit may have come since `state` was loaded: never go back.
            self.slot.advance(state.head.max(position));
        }
        (self.bookmarks && state.head > self.told).then(|| {
            self.told = state.head;
            Ok(WatchItem::Bookmark(state.head))
        })
    }

    /// Shows the changes at hand, as long as nothing else is owed.
    fn visit(&mut self, state: &State, limit: usize, see: &mut dyn FnMut(Delivery<'_>)) -> usize {
        let Some(position) = self.slot.position() else { return 0 };
        if self.begin != Begin::Done || position < state.compacted {
            return 0;
        }
        let (mut seen, mut last) = (0, position);
        for (revision, logged) in state.changes(position) {
            if seen == limit {
                break;
            }
            let all = logged.view(self.previous);
            match self.part(logged) {
                Part::Nothing => {}
                Part::All => {
                    see(Delivery::Changes(revision, all));
                    (seen, last) = (seen + 1, revision);
                }
                Part::Some(events) => {
                    see(Delivery::Changes(revision, &events));
                    (seen, last) = (seen + 1, revision);
                }
            }
        }
        if seen > 0 {
            self.slot.advance(last);
            self.told = last;
        }
        seen
    }

    /// The next delivery after `after`.
    fn batch(&self, state: &State, after: Revision) -> Option<Batch> {
        state.changes(after).find_map(|(revision, logged)| {
            let all = logged.view(self.previous);
            match self.part(logged) {
                Part::Nothing => None,
                // Shared by every watch that sees the same.
                Part::All => Some(Batch { revision, events: all.clone() }),
                Part::Some(events) => Some(Batch { revision, events: events.into() }),
            }
        })
    }

    /// What the watch sees of the changes of one revision.
    fn part(&self, logged: &Logged) -> Part {
        if logged.is_within(self.name) {
            return Part::All;
        }
        let all = logged.view(self.previous);
        let inside = |event: &&Event| self.range.contains(event.key());
        match all.iter().filter(inside).count() {
            0 => Part::Nothing,
            some if some == all.len() => {
                logged.note_within(self.name);
                Part::All
            }
            _ => Part::Some(all.iter().filter(inside).cloned().collect()),
        }
    }

    /// The state as one batch, which may be empty. The watch goes on from there.
    fn initial(&mut self, state: &State) -> WatchItem {
        let values = state.range(self.range.start(), &self.range, state.head);
        let events = values.map(|kv| Event::Put { kv: kv.clone(), previous: None }).collect();
        self.begin = Begin::Bookmark;
        self.told = state.head;
        if let Some(position) = self.slot.position() {
            self.slot.advance(state.head.max(position));
        }
        WatchItem::Batch(Batch { revision: state.head, events })
    }
}

impl WatchSource for Cursor {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<StorageResult<WatchItem>> {
        self.next(Some(cx.waker())).map_or(Poll::Pending, Poll::Ready)
    }

    fn try_next(&mut self) -> Option<StorageResult<WatchItem>> {
        self.next(None)
    }

    fn visit(&mut self, limit: usize, see: &mut dyn FnMut(Delivery<'_>)) -> StorageResult<usize> {
        let mut seen = self.reader.visit(&self.shared.published.load(), limit, see);
        // What is owed before or instead of changes, and parking.
        while seen < limit {
            match self.next(None) {
                None => break,
                Some(item) => see(Delivery::of(&item?)),
            }
            seen += 1;
        }
        Ok(seen)
    }

    fn position(&self) -> Revision {
        if self.reader.begin == Begin::State {
            return Revision::ZERO;
        }
        let head = self.shared.published.load().head;
        self.reader.slot.position().unwrap_or(head)
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.shared.watchers().remove(self.id);
    }
}
