//! The log of changes that all watches read.

use super::watchers::RangeName;
use crate::storage::{Event, Revision};
use imbl::OrdMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Changes by revision, in shared segments. Cheap to clone.
///
/// A clone sees what is appended to its last segment later: whoever reads stops at the revision it knows as newest.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    /// By the number of the segment: its first revision divided by its length.
    segments: OrdMap<u64, Arc<Segment>>,
    tail: Option<(u64, Arc<Segment>)>,
}

/// The changes of one revision, in key order.
pub(super) type Changes = Arc<[Event]>;

/// The changes of one revision, as watches share them.
#[derive(Debug)]
pub(super) struct Logged {
    all: Changes,
    /// The same without the values before, made for the first watch that does not want them.
    plain: OnceLock<Changes>,
    /// A range that holds all of them, the last one asked about: watches come in crowds, and the next one need not
    /// look at the keys.
    within: AtomicU64,
}

impl Logged {
    fn new(all: Changes) -> Self {
        Self { all, plain: OnceLock::new(), within: AtomicU64::new(0) }
    }

    /// Whether the range of that name is known to hold all of the changes.
    pub(super) fn is_within(&self, range: RangeName) -> bool {
        self.within.load(Ordering::Relaxed) == range.0
    }

    /// The range of that name holds all of the changes.
    pub(super) fn note_within(&self, range: RangeName) {
        self.within.store(range.0, Ordering::Relaxed);
    }

    /// The changes, with or without the value before.
    pub(super) fn view(&self, previous: bool) -> &Changes {
        if previous {
            return &self.all;
        }
        self.plain.get_or_init(|| {
            if self.all.iter().all(|event| event.previous().is_none()) {
                return self.all.clone();
            }
            self.all.iter().map(Event::without_previous).collect()
        })
    }
}

impl Clone for Logged {
    fn clone(&self) -> Self {
        let within = self.within.load(Ordering::Relaxed).into();
        Self { all: self.all.clone(), plain: self.plain.clone(), within }
    }
}

const SEGMENT_LEN: u64 = 256;

#[derive(Debug)]
struct Segment {
    slots: Box<[OnceLock<Logged>]>,
}

impl Log {
    /// Appends the changes of `revision`, which is above all others.
    pub(super) fn push(&mut self, revision: Revision, changes: Changes) {
        let (number, slot) = place(revision);
        let segment = match &self.tail {
            Some((tail, segment)) if *tail == number => segment,
            _ => {
                let segment = Arc::new(Segment::new());
                self.segments.insert(number, segment.clone());
                &self.tail.insert((number, segment)).1
            }
        };
        let fresh = segment.slots.get(slot).is_some_and(|slot| slot.set(Logged::new(changes)).is_ok());
        debug_assert!(fresh, "a revision is appended once");
    }

    /// The changes of the revisions above `after`, up to and with `through`, the oldest first.
    pub(super) fn scan(&self, after: Revision, through: Revision) -> Scan<'_> {
        Scan { log: self, next: after.get().saturating_add(1), through: through.get(), segment: None }
    }

    /// Forgets revisions up to and with `oldest`, about `budget` of them; answers whether there are more.
    pub(super) fn prune(&mut self, oldest: Revision, budget: usize) -> bool {
        let (number, slot) = place(oldest);
        for _ in 0..=budget as u64 / SEGMENT_LEN {
            match self.segments.get_min() {
                Some((first, _)) if *first < number => {
                    let first = *first;
                    self.segments.remove(&first);
                }
                Some((first, segment)) if *first == number && segment.holds_up_to(slot) => {
                    let rest = Arc::new(segment.without(slot));
                    self.segments.insert(number, rest);
                }
                _ => break,
            }
        }
        self.tail = self.segments.get_max().map(|(number, segment)| (*number, segment.clone()));
        let oldest = self.segments.get_min();
        oldest.is_some_and(|(first, rest)| *first < number || (*first == number && rest.holds_up_to(slot)))
    }

    /// How many segments are held.
    #[cfg(test)]
    pub(super) fn segments(&self) -> usize {
        self.segments.len()
    }

    fn segment(&self, number: u64) -> Option<(u64, &Segment)> {
        match &self.tail {
            Some((tail, segment)) if *tail == number => Some((number, segment)),
            Some((tail, _)) if *tail < number => None,
            // Nearly always the segment is there, and found much faster by its number.
            _ => match self.segments.get(&number) {
                Some(segment) => Some((number, segment)),
                None => self.segments.get_next(&number).map(|(number, segment)| (*number, &**segment)),
            },
        }
    }
}

impl Segment {
    fn new() -> Self {
        Self { slots: (0..SEGMENT_LEN).map(|_| OnceLock::new()).collect() }
    }

    /// Whether one of the slots up to and with `last` is filled.
    fn holds_up_to(&self, last: usize) -> bool {
        self.slots.iter().take(last + 1).any(|slot| slot.get().is_some())
    }

    /// The segment without the slots up to and with `last`.
    fn without(&self, last: usize) -> Self {
        let keep = |(at, slot): (usize, &OnceLock<Logged>)| {
            if at > last { slot.clone() } else { OnceLock::new() }
        };
        Self { slots: self.slots.iter().enumerate().map(keep).collect() }
    }
}

/// The changes of a run of revisions.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    log: &'a Log,
    next: u64,
    through: u64,
    segment: Option<(u64, &'a Segment)>,
}

impl<'a> Iterator for Scan<'a> {
    type Item = (Revision, &'a Logged);

    fn next(&mut self) -> Option<Self::Item> {
        while self.next <= self.through {
            let (number, slot) = place(Revision::new(self.next));
            let segment = match self.segment {
                Some((held, segment)) if held == number => segment,
                _ => {
                    let (held, segment) = self.log.segment(number)?;
                    self.segment = Some((held, segment));
                    if held > number {
                        self.next = held * SEGMENT_LEN;
                        continue;
                    }
                    segment
                }
            };
            let revision = Revision::new(self.next);
            self.next += 1;
            // Revisions may be left out (a store that went on after a crash).
            if let Some(logged) = segment.slots.get(slot).and_then(OnceLock::get) {
                return Some((revision, logged));
            }
        }
        None
    }
}

/// Number of the segment and of the slot in it.
fn place(revision: Revision) -> (u64, usize) {
    let slot = usize::try_from(revision.get() % SEGMENT_LEN).unwrap_or(0);
    (revision.get() / SEGMENT_LEN, slot)
}
