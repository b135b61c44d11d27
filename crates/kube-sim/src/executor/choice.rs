//! Which of the ready tasks runs next.

use super::shared::Ready;
use kube_core::env::Rng;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How the next task is chosen among those that are ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Choice {
    /// Each with the same probability.
    #[default]
    Uniform,
    /// By priorities that are drawn when a task is spawned, and of which a few fall at random moments: rare orders,
    /// in which one task is far behind the others, become likely.
    ///
    /// Source: Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs" (ASPLOS 2010).
    Priorities {
        /// How often the priority of the running task falls below all others.
        changes: u32,
        /// Within how many steps that happens.
        within: u64,
    },
}

/// Whose tasks may run before others that were ready earlier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reorder {
    /// Everybody's.
    #[default]
    All,
    /// Those of these processes alone (the part of a task's name before the first `:`); all others run in the order
    /// in which they became ready.
    Only(Vec<Arc<str>>),
}

/// A task that keeps itself ready is not preferred for ever.
const PATIENCE: u32 = 256;

#[derive(Debug)]
pub(super) struct Chooser {
    choice: Choice,
    reorder: Reorder,
    rng: Rng,
    steps: u64,
    priorities: Vec<u64>,
    falls: Vec<u64>,
    lowest: u64,
    last: (usize, u32),
    /// Whether each slot's task may be reordered; not kept where all may.
    free: BTreeMap<usize, bool>,
}

impl Chooser {
    pub(super) fn new(choice: Choice, reorder: Reorder, mut rng: Rng) -> Self {
        let mut falls = Vec::new();
        if let Choice::Priorities { changes, within } = choice {
            let bound = usize::try_from(within).unwrap_or(usize::MAX);
            falls.extend((0..changes).map(|_| rng.below(bound) as u64));
            // The earliest last, to be taken first.
            falls.sort_unstable_by(|a, b| b.cmp(a));
        }
        Self {
            choice,
            reorder,
            rng,
            steps: 0,
            priorities: Vec::new(),
            falls,
            lowest: u64::from(u32::MAX),
            last: (usize::MAX, 0),
            free: BTreeMap::new(),
        }
    }

    /// Takes note of a new task.
    pub(super) fn adopt(&mut self, slot: usize, name: &str) {
        if let Choice::Priorities { .. } = self.choice {
            if self.priorities.len() <= slot {
                self.priorities.resize(slot + 1, 0);
            }
            if let Some(priority) = self.priorities.get_mut(slot) {
                // Above all priorities that have fallen.
                *priority = self.rng.next_u64() | (1 << 40);
            }
        }
        if let Reorder::Only(processes) = &self.reorder {
            let process = name.split_once(':').map_or(name, |(process, _)| process);
            self.free.insert(slot, processes.iter().any(|free| **free == *process));
        }
    }

    /// Takes the next task out of `ready`.
    pub(super) fn pick(&mut self, ready: &mut Vec<Ready>) -> Option<Ready> {
        self.steps += 1;
        let index = match ready.len() {
            0 => return None,
            // A draw only where there is a choice keeps traces short and equal.
            1 => 0,
            count => match self.choice {
                Choice::Uniform => self.rng.below(count),
                Choice::Priorities { .. } => self.highest(ready),
            },
        };
        let index = if self.may_reorder(ready.get(index)?) { index } else { first(ready) };
        let picked = ready.swap_remove(index);
        self.note(picked.id.slot);
        Some(picked)
    }

    fn may_reorder(&self, ready: &Ready) -> bool {
        self.reorder == Reorder::All || self.free.get(&ready.id.slot).copied().unwrap_or(false)
    }

    fn highest(&self, ready: &[Ready]) -> usize {
        let priority = |ready: &Ready| self.priorities.get(ready.id.slot).copied().unwrap_or(u64::MAX);
        let all = ready.iter().enumerate();
        all.max_by_key(|(_, ready)| (priority(ready), std::cmp::Reverse(ready.ticket)))
            .map_or(0, |(index, _)| index)
    }

    /// Lets the priority of the running task fall when its moment has come, or when it has run for too long.
    fn note(&mut self, slot: usize) {
        if !matches!(self.choice, Choice::Priorities { .. }) {
            return;
        }
        let (last, times) = self.last;
        self.last = if last == slot { (slot, times + 1) } else { (slot, 1) };
        let due = self.falls.pop_if(|fall| *fall <= self.steps).is_some();
        if due || self.last.1 > PATIENCE {
            self.last.1 = 0;
            self.lowest = self.lowest.saturating_sub(1);
            if let Some(priority) = self.priorities.get_mut(slot) {
                *priority = self.lowest;
            }
        }
    }
}

/// The one that was ready first.
fn first(ready: &[Ready]) -> usize {
    ready.iter().enumerate().min_by_key(|(_, ready)| ready.ticket).map_or(0, |(index, _)| index)
}
