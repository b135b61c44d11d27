//! Timers: who is to be woken when.

use kube_core::env::Mono;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::task::Waker;

/// One timer that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimerId {
    place: usize,
    number: u64,
}

/// A heap of moments over a table of wakers. Timers that are cleared stay in the heap until they come up or until they
/// outnumber the others.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(Mono, u64, usize)>>,
    table: Vec<Option<(u64, Waker)>>,
    free: Vec<usize>,
    next: u64,
    live: usize,
}

/// Cleared timers that are no burden.
const SPARE: usize = 64;

impl Timers {
    pub(super) fn set(&mut self, at: Mono, waker: Waker) -> TimerId {
        let number = self.next;
        self.next += 1;
        let place = self.free.pop().unwrap_or_else(|| {
            self.table.push(None);
            self.table.len() - 1
        });
        if let Some(entry) = self.table.get_mut(place) {
            *entry = Some((number, waker));
        }
        self.heap.push(Reverse((at, number, place)));
        self.live += 1;
        TimerId { place, number }
    }

    /// Whether the timer has not come up yet and wakes `waker`.
    pub(super) fn is_set(&self, timer: TimerId, waker: &Waker) -> bool {
        self.entry(timer).is_some_and(|set| set.will_wake(waker))
    }

    fn entry(&self, timer: TimerId) -> Option<&Waker> {
        let (number, waker) = self.table.get(timer.place)?.as_ref()?;
        (*number == timer.number).then_some(waker)
    }

    pub(super) fn clear(&mut self, timer: TimerId) -> Option<Waker> {
        self.entry(timer)?;
        let waker = self.take(timer.place);
        if self.heap.len() > 2 * self.live + SPARE {
            let table = &self.table;
            self.heap.retain(|Reverse((_, number, place))| is_live(table, *number, *place));
        }
        waker
    }

    fn take(&mut self, place: usize) -> Option<Waker> {
        let (_, waker) = self.table.get_mut(place)?.take()?;
        self.free.push(place);
        self.live -= 1;
        Some(waker)
    }

    /// Takes out all timers of the earliest moment, in the order in which they were set, and gives the moment.
    pub(super) fn take_due(&mut self, due: &mut Vec<Waker>) -> Option<Mono> {
        let mut moment = None;
        while let Some(&Reverse((at, number, place))) = self.heap.peek() {
            if !is_live(&self.table, number, place) {
                self.heap.pop();
                continue;
            }
            if moment.is_some_and(|moment| at > moment) {
                break;
            }
            moment = Some(at);
            self.heap.pop();
            due.extend(self.take(place));
        }
        moment
    }
}

fn is_live(table: &[Option<(u64, Waker)>], number: u64, place: usize) -> bool {
    table.get(place).is_some_and(|entry| entry.as_ref().is_some_and(|(set, _)| *set == number))
}
