//! Finding a free place in a range.

use super::taken::Taken;
use kube_core::error::ApiError;
use kube_store::objects::{Contribution, Read};
use kube_store::storage::{Key, KeyRange};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many numbers in a row are found to be taken before all that is taken is read at once.
const PROBES: usize = 8;

/// What is believed to be taken. It only says where to look first: what counts is what the store says, and others that
/// write there may be unknown here.
#[derive(Debug, Default)]
pub(super) struct Believed(Mutex<Belief>);

/// A number is believed to be taken from the moment at which it is chosen, so that of many writers no two try the same.
#[derive(Debug, Default)]
struct Belief {
    taken: Taken,
    /// Those of the taken that are being given back, the oldest first: free once that is written.
    released: VecDeque<u128>,
    /// Those of the taken that were chosen last: free again where the write failed.
    chosen: VecDeque<u128>,
}

/// So many of those that are given back, and of those that were chosen, are known.
const KNOWN: usize = 256;

/// A number to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) number: u128,
    from: Source,
}

/// Why a number may be free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// Nothing says that it is taken.
    Free,
    /// It was to be given back.
    Released,
    /// It was chosen for a write that may have failed.
    Chosen,
}

impl Believed {
    /// Takes note of a number that is about to be given back.
    pub(super) fn release(&self, number: u128) {
        self.belief().release(number);
    }

    /// The next number to try; `None` where none may be free.
    pub(super) fn choose(&self, places: &Places<'_>) -> Option<Choice> {
        self.belief().choose(places)
    }

    /// Takes note of how a choice went: whether the store has it as free.
    pub(super) fn tried(&self, choice: Choice, is_free: bool) {
        self.belief().tried(choice, is_free);
    }

    fn belief(&self) -> MutexGuard<'_, Belief> {
        // Every section leaves the runs whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Belief {
    fn release(&mut self, number: u128) {
        self.taken.insert(number);
        self.released.push_back(number);
        if self.released.len() > KNOWN
            && let Some(oldest) = self.released.pop_front()
        {
            self.taken.remove(oldest);
        }
    }

    /// The next number to try, which is believed to be taken from now on. In each span those come first that are not
    /// being given back.
    fn choose(&mut self, places: &Places<'_>) -> Option<Choice> {
        let known = places.spans.iter().find_map(|span| {
            if let Some(number) = places.free_in(&self.taken, *span) {
                self.taken.insert(number);
                return Some(Choice { number, from: Source::Free });
            }
            let number = places.take_from(&mut self.released, *span)?;
            Some(Choice { number, from: Source::Released })
        });
        known.or_else(|| {
            let number = places.spans.iter().find_map(|span| places.take_from(&mut self.chosen, *span))?;
            Some(Choice { number, from: Source::Chosen })
        })
    }

    fn tried(&mut self, choice: Choice, is_free: bool) {
        let list = match choice.from {
            _ if is_free => &mut self.chosen,
            // What gives it back may not be written yet.
            Source::Released => &mut self.released,
            Source::Free | Source::Chosen => return,
        };
        list.push_back(choice.number);
        if list.len() > KNOWN {
            list.pop_front();
        }
    }
}

/// Where numbers stand in the store.
pub(super) struct Places<'a> {
    /// First and last numbers, in the order of trying.
    pub(super) spans: Vec<(u128, u128)>,
    /// Numbers that this very write has taken.
    pub(super) except: &'a BTreeSet<u128>,
    /// The key of a number.
    pub(super) key: &'a (dyn Fn(u128) -> Key + Send + Sync),
    /// The number of a key.
    pub(super) number: &'a (dyn Fn(&Key) -> Option<u128> + Send + Sync),
    /// All keys.
    pub(super) all: KeyRange,
}

impl Places<'_> {
    /// The first of a list that is in a span.
    fn take_from(&self, list: &mut VecDeque<u128>, (low, high): (u128, u128)) -> Option<u128> {
        let fits = |number: &u128| (low..=high).contains(number) && !self.except.contains(number);
        list.remove(list.iter().position(fits)?)
    }

    /// The lowest number of a span that is not taken.
    fn free_in(&self, taken: &Taken, (low, high): (u128, u128)) -> Option<u128> {
        let mut at = taken.next_free(low, high)?;
        while self.except.contains(&at) {
            at = taken.next_free(at.checked_add(1)?, high)?;
        }
        Some(at)
    }
}

/// The first number that is free, with that reading; `None` where all were taken at one moment.
pub(super) async fn first_free(
    cx: &Contribution<'_>,
    believed: &Believed,
    places: &Places<'_>,
) -> Result<Option<(u128, Read)>, ApiError> {
    // Each round in which one was seen free and then lost is one in which another writer got it.
    loop {
        for _ in 0..PROBES {
            let Some(choice) = believed.choose(places) else { break };
            let read = cx.get(&(places.key)(choice.number)).await?;
            let is_free = read.value().is_none();
            if cx.is_dry_run() && is_free {
                believed.release(choice.number);
            } else {
                believed.tried(choice, is_free);
            }
            if is_free {
                return Ok(Some((choice.number, read)));
            }
        }
        let taken: Taken =
            cx.list(&places.all).await?.items.iter().filter_map(|(key, _)| (places.number)(key)).collect();
        let is_full = places.spans.iter().all(|span| places.free_in(&taken, *span).is_none());
        *believed.belief() = Belief { taken, ..Belief::default() };
        if is_full {
            return Ok(None);
        }
    }
}
