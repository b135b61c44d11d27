//! Keys that are due, by priority and then by turn.

use std::collections::{BTreeMap, VecDeque};

/// Where the state of a key lies.
pub(super) type Slot = u32;

/// Lanes that are kept while nothing is in them: controllers have few priorities.
const KEPT: usize = 4;

/// What a key that was taken out leaves behind.
const NOTHING: Slot = Slot::MAX;

/// Keys that are due. Nearly all come in order of their turns, so that putting one in and taking the first out costs
/// the same however many there are.
#[derive(Debug, Default)]
pub(super) struct Ready {
    /// By priority, highest first.
    lanes: Vec<(i32, Lane)>,
    len: usize,
}

/// Keys of one priority.
#[derive(Debug, Default)]
struct Lane {
    /// In order of turns; the first is a key.
    queue: VecDeque<(u64, Slot)>,
    /// Those that came when others of later turns were in the queue.
    late: BTreeMap<u64, Slot>,
}

impl Ready {
    /// Puts a key in.
    pub(super) fn insert(&mut self, priority: i32, turn: u64, slot: Slot) {
        let at = self.lanes.partition_point(|(other, _)| *other > priority);
        if self.lanes.get(at).is_none_or(|(other, _)| *other != priority) {
            self.lanes.insert(at, (priority, Lane::default()));
        }
        let lane = &mut self.lanes[at].1;
        match lane.queue.back() {
            Some((last, _)) if *last >= turn => _ = lane.late.insert(turn, slot),
            _ => lane.queue.push_back((turn, slot)),
        }
        self.len += 1;
    }

    /// Takes a key out, if it is in.
    pub(super) fn remove(&mut self, priority: i32, turn: u64) {
        let at = self.lanes.partition_point(|(other, _)| *other > priority);
        if let Some((_, lane)) = self.lanes.get_mut(at).filter(|(other, _)| *other == priority)
            && lane.remove(turn)
        {
            self.len -= 1;
            self.tidy(at);
        }
    }

    /// Takes out the key of the highest priority that came first.
    pub(super) fn pop_first(&mut self) -> Option<Slot> {
        let at = self.lanes.iter().position(|(_, lane)| lane.first().is_some())?;
        self.pop_from(at)
    }

    /// Takes out the key that came first, of all priorities.
    pub(super) fn pop_oldest(&mut self) -> Option<Slot> {
        let firsts = self.lanes.iter().enumerate().filter_map(|(at, (_, lane))| Some((lane.first()?, at)));
        let (_, at) = firsts.min()?;
        self.pop_from(at)
    }

    fn pop_from(&mut self, at: usize) -> Option<Slot> {
        let slot = self.lanes.get_mut(at)?.1.pop()?;
        self.len -= 1;
        self.tidy(at);
        Some(slot)
    }

    /// Takes all keys out, in the order in which they would have come.
    pub(super) fn drain(&mut self) -> Vec<Slot> {
        std::iter::from_fn(|| self.pop_first()).collect()
    }

    fn tidy(&mut self, at: usize) {
        if self.lanes.len() > KEPT && self.lanes[at].1.first().is_none() {
            self.lanes.remove(at);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Lane {
    /// The lowest turn.
    fn first(&self) -> Option<u64> {
        let queued = self.queue.front().map(|(turn, _)| *turn);
        let late = self.late.first_key_value().map(|(turn, _)| *turn);
        queued.into_iter().chain(late).min()
    }

    fn pop(&mut self) -> Option<Slot> {
        let first = self.first()?;
        if let Some(slot) = self.late.remove(&first) {
            return Some(slot);
        }
        let (_, slot) = self.queue.pop_front()?;
        self.trim();
        Some(slot)
    }

    fn remove(&mut self, turn: u64) -> bool {
        if self.late.remove(&turn).is_some() {
            return true;
        }
        let Ok(at) = self.queue.binary_search_by_key(&turn, |(turn, _)| *turn) else { return false };
        let was = std::mem::replace(&mut self.queue[at].1, NOTHING);
        self.trim();
        was != NOTHING
    }

    /// What was taken out is not the first.
    fn trim(&mut self) {
        while self.queue.front().is_some_and(|(_, slot)| *slot == NOTHING) {
            self.queue.pop_front();
        }
    }
}
