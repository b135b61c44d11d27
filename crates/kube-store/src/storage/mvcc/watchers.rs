//! Who is to be woken by a commit.

use super::log::Changes;
use crate::storage::{KeyRange, Revision};
use std::collections::BTreeMap;
use std::ops::Bound;
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
    next: u64,
    all: BTreeMap<u64, Arc<Slot>>,
    /// By the start of the range; watches of one range share a group.
    groups: BTreeMap<Arc<str>, Vec<Group>>,
}

#[derive(Debug)]
struct Group {
    end: Option<Arc<str>>,
    parked: BTreeMap<u64, Parked>,
}

#[derive(Debug)]
struct Parked {
    slot: Arc<Slot>,
    waker: Option<Waker>,
}

impl Watchers {
    /// Adds a watch; the answer names it.
    pub(super) fn add(&mut self, slot: Arc<Slot>) -> u64 {
        let id = self.next;
        self.next += 1;
        self.all.insert(id, slot);
        id
    }

    /// Parks the watch `id` of `range`, to be woken through `waker`. Parked already, it keeps its waker unless
    /// there is a new one.
    pub(super) fn park(&mut self, id: u64, range: &KeyRange, waker: Option<&Waker>) {
        let Some(slot) = self.all.get(&id).cloned() else { return };
        slot.park();
        let parked = self.group(range).parked.entry(id).or_insert_with(|| Parked { slot, waker: None });
        match (&mut parked.waker, waker) {
            (Some(held), Some(waker)) => held.clone_from(waker),
            (held @ None, Some(waker)) => *held = Some(waker.clone()),
            (_, None) => {}
        }
    }

    /// Unparks the watches that `changes` concern; their wakers go to `woken`. Call this before the changes are
    /// published, and keep the registry locked until they are.
    pub(super) fn unpark(&mut self, revision: Revision, changes: &Changes, woken: &mut Vec<Waker>) {
        let before = Revision::new(revision.get().saturating_sub(1));
        for event in changes.iter() {
            let key = event.key().as_str();
            let from_below = (Bound::Unbounded, Bound::Included(key));
            for group in self.groups.range_mut::<str, _>(from_below).flat_map(|(_, groups)| groups) {
                if group.parked.is_empty() || group.end.as_deref().is_some_and(|end| key >= end) {
                    continue;
                }
                for (_, parked) in std::mem::take(&mut group.parked) {
                    parked.slot.unpark(before);
                    woken.extend(parked.waker);
                }
            }
        }
    }

    /// Unparks every watch at `revision`, the newest until now: what it has not read is gone.
    pub(super) fn unpark_all(&mut self, revision: Revision, woken: &mut Vec<Waker>) {
        for group in self.groups.values_mut().flatten() {
            for (_, parked) in std::mem::take(&mut group.parked) {
                parked.slot.unpark(revision);
                woken.extend(parked.waker);
            }
        }
    }

    /// Every waker of every parked watch, so that each looks again. They stay parked.
    pub(super) fn wake_all(&mut self, woken: &mut Vec<Waker>) {
        let groups = self.groups.values_mut().flatten();
        woken.extend(
            groups.flat_map(|group| group.parked.values_mut()).filter_map(|parked| parked.waker.take()),
        );
    }

    /// Forgets the watch `id` of `range`.
    pub(super) fn remove(&mut self, id: u64, range: &KeyRange) {
        self.all.remove(&id);
        let Some(groups) = self.groups.get_mut(range.start()) else { return };
        groups.retain_mut(|group| {
            group.parked.remove(&id);
            // Others of this range that are not parked now make a new group when they are.
            group.end.as_deref() != range.end() || !group.parked.is_empty()
        });
        if groups.is_empty() {
            self.groups.remove(range.start());
        }
    }

    /// How many watches are open.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// How many revisions the slowest is behind `head`.
    pub(super) fn lag(&self, head: Revision) -> u64 {
        let behind = |slot: &Arc<Slot>| slot.position().map_or(0, |at| head.get().saturating_sub(at.get()));
        self.all.values().map(behind).max().unwrap_or(0)
    }

    fn group(&mut self, range: &KeyRange) -> &mut Group {
        if !self.groups.contains_key(range.start()) {
            self.groups.insert(range.start().into(), Vec::new());
        }
        let groups = self.groups.entry(range.start().into()).or_default();
        let at = groups.iter().position(|group| group.end.as_deref() == range.end()).unwrap_or(groups.len());
        if at == groups.len() {
            groups.push(Group { end: range.end().map(Arc::from), parked: BTreeMap::new() });
        }
        &mut groups[at]
    }
}
