//! Who is to be woken by a commit.

mod ranges;
#[cfg(test)]
mod tests;

use super::log::Changes;
use crate::storage::{KeyRange, Revision};
pub(super) use ranges::RangeName;
use ranges::Ranges;
use slab::Slab;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;

/// How far one watch has come. The watch itself moves it while it reads; once it has read everything it is *parked*,
/// and the first commit that touches its range moves it to just before that commit.
///
/// A parked watch is therefore always at the newest revision, without anybody counting along: a watch of a quiet
/// range costs nothing, and no compaction can overtake it.
#[derive(Debug)]
pub(super) struct Slot(AtomicU64);

const PARKED: u64 = u64::MAX;

impl Slot {
    /// A watch that has been told everything up to `revision`.
    pub(super) fn at(revision: Revision) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(revision.get())))
    }

    /// Everything up to this revision was delivered; `None` while parked.
    ///
    /// Load the published state first: a commit marks the slots before it publishes.
    pub(super) fn position(&self) -> Option<Revision> {
        let at = self.0.load(Ordering::SeqCst);
        (at != PARKED).then(|| Revision::new(at))
    }

    /// Moves an unparked watch on.
    pub(super) fn advance(&self, revision: Revision) {
        self.0.store(revision.get(), Ordering::Release);
    }

    fn park(&self) {
        self.0.store(PARKED, Ordering::SeqCst);
    }

    fn unpark(&self, revision: Revision) {
        self.0.store(revision.get(), Ordering::SeqCst);
    }
}

/// Every open watch, and by range those that are parked.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    watches: Slab<Watch>,
    ranges: Ranges,
}

#[derive(Debug)]
struct Watch {
    slot: Arc<Slot>,
    /// The number of its range.
    range: usize,
    /// Its place among the parked watches of its range.
    parked: Option<usize>,
    waker: Option<Waker>,
}

impl Watchers {
    /// Adds a watch of `range`; the answer names both.
    pub(super) fn add(&mut self, slot: Arc<Slot>, range: &KeyRange) -> (usize, RangeName) {
        let range = self.ranges.join(range);
        (self.watches.insert(Watch { slot, range, parked: None, waker: None }), self.ranges.name(range))
    }

    /// Parks the watch `id`, to be woken through `waker`. Parked already, it keeps its waker unless there is a new
    /// one.
    pub(super) fn park(&mut self, id: usize, waker: Option<&Waker>) {
        let Some(watch) = self.watches.get_mut(id) else { return };
        match (&mut watch.waker, waker) {
            (Some(held), Some(waker)) => held.clone_from(waker),
            (held @ None, Some(waker)) => *held = Some(waker.clone()),
            (_, None) => {}
        }
        if watch.parked.is_none() {
            watch.slot.park();
            watch.parked = Some(self.ranges.park(watch.range, id));
        }
    }

    /// Unparks the watches that `changes` concern; their wakers go to `woken`. Call this before the changes are
    /// published, and keep the registry locked until they are.
    pub(super) fn unpark(&mut self, revision: Revision, changes: &Changes, woken: &mut Vec<Waker>) {
        let before = Revision::new(revision.get().saturating_sub(1));
        let watches = &mut self.watches;
        for event in changes.iter() {
            self.ranges.unpark(event.key().as_str(), |id| {
                let Some(watch) = watches.get_mut(id) else { return };
                watch.parked = None;
                watch.slot.unpark(before);
                woken.extend(watch.waker.take());
            });
        }
    }

    /// Unparks every watch at `revision`, the newest until now: what it has not read is gone.
    pub(super) fn unpark_all(&mut self, revision: Revision, woken: &mut Vec<Waker>) {
        let watches = &mut self.watches;
        self.ranges.unpark_all(|id| {
            let Some(watch) = watches.get_mut(id) else { return };
            watch.parked = None;
            watch.slot.unpark(revision);
            woken.extend(watch.waker.take());
        });
    }

    /// Every waker of every parked watch, so that each looks again. They stay parked.
    pub(super) fn wake_all(&mut self, woken: &mut Vec<Waker>) {
        woken.extend(self.watches.iter_mut().filter_map(|(_, watch)| watch.waker.take()));
    }

    /// Forgets the watch `id`.
    pub(super) fn remove(&mut self, id: usize) {
        let Some(watch) = self.watches.try_remove(id) else { return };
        let moved = watch.parked.and_then(|place| self.ranges.leave_parked(watch.range, place));
        if let Some(moved) = moved.and_then(|moved| self.watches.get_mut(moved)) {
            moved.parked = watch.parked;
        }
        self.ranges.leave(watch.range);
    }

    /// How many watches are open.
    pub(super) fn len(&self) -> usize {
        self.watches.len()
    }

    /// How many revisions the slowest is behind `head`.
    pub(super) fn lag(&self, head: Revision) -> u64 {
        let behind = |(_, watch): (usize, &Watch)| {
            watch.slot.position().map_or(0, |at| head.get().saturating_sub(at.get()))
        };
        self.watches.iter().map(behind).max().unwrap_or(0)
    }
}
