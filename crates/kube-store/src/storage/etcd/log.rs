//! Changes on their way from etcd to the watches of this process.

use crate::storage::{Batch, Event, KeyRange, Revision, StorageError};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::Waker;

/// The changes of one watch of etcd, for any number of readers.
#[derive(Debug)]
pub(super) struct Log {
    batches: VecDeque<Batch>,
    events: usize,
    /// How many events are kept.
    capacity: usize,
    /// Everything after this revision is here, or still to come.
    from: Revision,
    /// Everything up to this revision is here.
    through: Revision,
    /// What a reader has not seen up to here it may not see any more.
    compacted: Revision,
    end: Option<StorageError>,
    waiting: BTreeMap<u64, Waiting>,
}

/// A reader that has everything.
#[derive(Debug)]
struct Waiting {
    waker: Waker,
    range: KeyRange,
    /// Whether it wants to know of changes elsewhere.
    elsewhere: bool,
}

/// What is there for a reader.
#[derive(Debug)]
pub(super) enum Next {
    /// The next changes, of its range only.
    Changes(Batch),
    /// Nothing more up to this revision.
    Nothing(Revision),
    /// What follows is no longer here: ask etcd.
    Gone,
    /// It is over.
    Ended(StorageError),
}

impl Log {
    /// An empty log of everything after `from`.
    pub(super) fn new(from: Revision, capacity: usize) -> Self {
        Self {
            batches: VecDeque::new(),
            events: 0,
            capacity,
            from,
            through: from,
            compacted: Revision::ZERO,
            end: None,
            waiting: BTreeMap::new(),
        }
    }

    /// Everything up to here is known.
    pub(super) fn through(&self) -> Revision {
        self.through
    }

    /// Whether everything after `position` is here or to come.
    pub(super) fn has(&self, position: Revision) -> bool {
        position >= self.from && self.end.is_none()
    }

    /// Adds what came, and that there is nothing else up to `through`. Tells whom to wake.
    pub(super) fn add(&mut self, batches: Vec<Batch>, through: Revision) -> Vec<Waker> {
        let moved = through > self.through;
        let changed = |range: &KeyRange| {
            batches.iter().flat_map(|batch| batch.events.iter()).any(|event| range.contains(event.key()))
        };
        let wanted = |waiting: &Waiting| (moved && waiting.elsewhere) || changed(&waiting.range);
        let woken = self.take_waiting(wanted);
        self.events += batches.iter().map(|batch| batch.events.len()).sum::<usize>();
        self.batches.extend(batches);
        self.through = self.through.max(through);
        while self.events > self.capacity
            && let Some(oldest) = self.batches.pop_front()
        {
            self.events -= oldest.events.len();
            self.from = oldest.revision;
        }
        woken
    }

    /// What was not read up to `revision` is not to be read any more.
    pub(super) fn compact(&mut self, revision: Revision) -> Vec<Waker> {
        self.compacted = self.compacted.max(revision);
        self.take_waiting(|_| true)
    }

    /// History is gone up to `head`: begins anew there.
    pub(super) fn restart(&mut self, head: Revision, compacted: Revision) -> Vec<Waker> {
        self.batches.clear();
        self.events = 0;
        (self.from, self.through) = (head, head);
        self.compact(compacted)
    }

    /// Nothing comes any more.
    pub(super) fn end(&mut self, error: StorageError) -> Vec<Waker> {
        self.end.get_or_insert(error);
        self.take_waiting(|_| true)
    }

    /// Wakes everybody.
    pub(super) fn stir(&mut self) -> Vec<Waker> {
        self.take_waiting(|_| true)
    }

    fn take_waiting(&mut self, wanted: impl Fn(&Waiting) -> bool) -> Vec<Waker> {
        self.waiting.extract_if(.., |_, waiting| wanted(waiting)).map(|(_, waiting)| waiting.waker).collect()
    }

    /// What a reader of `range` at `position` gets next.
    pub(super) fn next(&self, range: &KeyRange, position: Revision, previous: bool) -> Next {
        let gone = |compacted| Next::Ended(StorageError::Expired { asked: position, compacted, next: None });
        if position < self.from {
            return if position < self.compacted { gone(self.compacted) } else { Next::Gone };
        }
        let first = self.batches.partition_point(|batch| batch.revision <= position);
        for batch in self.batches.iter().skip(first) {
            if let Some(events) = part(&batch.events, range, previous) {
                if batch.revision <= self.compacted {
                    return gone(self.compacted);
                }
                return Next::Changes(Batch { revision: batch.revision, events });
            }
        }
        match &self.end {
            Some(error) => Next::Ended(error.clone()),
            None => Next::Nothing(self.through.max(position)),
        }
    }

    /// Wakes reader number `id` for changes in `range`, and for others where `elsewhere`.
    pub(super) fn wait(&mut self, id: u64, waker: Waker, range: &KeyRange, elsewhere: bool) {
        self.waiting.insert(id, Waiting { waker, range: range.clone(), elsewhere });
    }

    /// Reader number `id` is gone.
    pub(super) fn leave(&mut self, id: u64) {
        self.waiting.remove(&id);
    }
}

/// The events in `range`; the same ones where it is all of them.
fn part(events: &Arc<[Event]>, range: &KeyRange, previous: bool) -> Option<Arc<[Event]>> {
    let inside = |event: &&Event| range.contains(event.key());
    let count = events.iter().filter(inside).count();
    if count == 0 {
        return None;
    }
    let plain = previous || events.iter().all(|event| event.previous().is_none());
    if count == events.len() && plain {
        return Some(events.clone());
    }
    let shown = |event: &Event| if previous { event.clone() } else { event.without_previous() };
    Some(events.iter().filter(inside).map(shown).collect())
}
