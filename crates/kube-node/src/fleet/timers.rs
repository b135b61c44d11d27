//! When pods are looked at next: one heap for all of them.

use kube_core::env::Mono;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// One heap of moments. A pod that is given another moment leaves the old one in the heap, where it is passed over.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(Mono, u32)>>,
    /// Of each slot the moment that counts.
    set: Vec<Option<Mono>>,
}

impl Timers {
    /// Looks at `slot` at that moment, instead of another.
    pub(super) fn set(&mut self, slot: usize, at: Option<Mono>) {
        if self.set.len() <= slot {
            self.set.resize(slot + 1, None);
        }
        if self.set[slot] == at {
            return;
        }
        self.set[slot] = at;
        if let (Some(at), Ok(slot)) = (at, u32::try_from(slot)) {
            self.heap.push(Reverse((at, slot)));
        }
    }

    /// Looks at `slot` at that moment, or sooner if that was said before.
    pub(super) fn set_by(&mut self, slot: usize, at: Mono) {
        let sooner = self.set.get(slot).copied().flatten().map_or(at, |set| set.min(at));
        self.set(slot, Some(sooner));
    }

    /// The next slot that is due by `now`.
    pub(super) fn pop(&mut self, now: Mono) -> Option<usize> {
        let at = self.next()?;
        if at > now {
            return None;
        }
        let Reverse((_, slot)) = self.heap.pop()?;
        let slot = slot as usize;
        self.set[slot] = None;
        Some(slot)
    }

    /// The first moment that counts.
    pub(super) fn next(&mut self) -> Option<Mono> {
        while let Some(Reverse((at, slot))) = self.heap.peek() {
            if self.set.get(*slot as usize).copied().flatten() == Some(*at) {
                return Some(*at);
            }
            self.heap.pop();
        }
        None
    }
}
