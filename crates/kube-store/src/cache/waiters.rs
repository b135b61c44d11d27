//! Everybody who waits for a cache to move on, by what they wait for.

use super::entry::Entry;
use super::filter::Term;
use super::log::Change;
use crate::objects::strategy::FieldTree;
use crate::storage::Revision;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Everybody who waits for a cache to move on.
///
/// Whoever waits for some changes only is not woken for the others, and is told when it goes on that it has missed
/// nothing up to the first that concerns it. Nobody is woken twice without having waited again.
#[derive(Debug, Default)]
pub(super) struct Waiters(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    last: u64,
    places: BTreeMap<u64, Place>,
    /// The places of those who wait for one value of a term, by both.
    by_term: BTreeMap<Term, BTreeMap<Arc<str>, BTreeSet<u64>>>,
    /// The places of all others.
    others: BTreeSet<u64>,
    /// Whoever waits was told of every change before this one that concerns it.
    up_to: Reached,
}

#[derive(Debug)]
struct Place {
    interest: Interest,
    state: State,
}

#[derive(Debug)]
enum State {
    Away,
    Waiting {
        waker: Waker,
        /// For those who want to know how far the cache is: what they know.
        told: Option<Revision>,
    },
    /// By a change; this is what comes before it.
    Woken(Reached),
}

/// What somebody waits for.
#[derive(Clone, Debug)]
pub(super) enum Interest {
    /// That the cache moves on, with or without changes.
    Progress,
    /// Any change.
    Changes,
    /// A change of an object that has, or had, this value.
    Value(Term, Arc<str>),
}

/// A place in the log: the number of a change, and a revision up to which all changes have lower numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reached {
    pub(super) position: u64,
    pub(super) revision: Revision,
}

impl Waiters {
    /// A place to wait at.
    pub(super) fn join(self: &Arc<Self>, interest: Interest) -> Waiter {
        let mut waiting = self.lock();
        waiting.last += 1;
        let number = waiting.last;
        waiting.list(&interest, |places| places.insert(number));
        waiting.places.insert(number, Place { interest, state: State::Away });
        Waiter { all: self.clone(), number }
    }

    /// The wakers of those whom `changes` concern, which end before number `up_to.position`, and of those who wait for
    /// progress: wake them without holding a lock. Everything up to `up_to` is in the log.
    pub(super) fn concerned<'a>(
        &self,
        changes: impl ExactSizeIterator<Item = &'a Arc<Change>>,
        up_to: Reached,
        fields: &FieldTree,
    ) -> Vec<Waker> {
        let mut woken = Vec::new();
        let mut waiting = self.lock();
        let first = up_to.position.saturating_sub(changes.len() as u64);
        let mut before = waiting.up_to.revision;
        for (number, change) in (first..).zip(changes) {
            let reached = Reached { position: number, revision: before };
            if number == first {
                waiting.wake_others(reached, &mut woken);
            }
            waiting.wake_for(change, reached, fields, &mut woken);
            before = change.revision.max(before);
        }
        waiting.wake_where(&mut woken, |place| matches!(place.interest, Interest::Progress));
        waiting.up_to = up_to;
        woken
    }

    /// Wakes whoever wants to know how far the cache is, and does not know that it is at `revision`.
    pub(super) fn wake_uninformed(&self, revision: Revision) {
        let mut woken = Vec::new();
        self.lock().wake_where(
            &mut woken,
            |place| matches!(place.state, State::Waiting { told: Some(told), .. } if told < revision),
        );
        woken.into_iter().for_each(Waker::wake);
    }

    /// The wakers of everybody who waits: each has to look for itself.
    pub(super) fn all(&self, up_to: Reached) -> Vec<Waker> {
        let mut woken = Vec::new();
        let mut waiting = self.lock();
        waiting.wake_where(&mut woken, |_| true);
        waiting.up_to = up_to;
        woken
    }

    /// Up to where whoever waits was told.
    pub(super) fn up_to(&self) -> Reached {
        self.lock().up_to
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn list(&mut self, interest: &Interest, change: impl FnOnce(&mut BTreeSet<u64>) -> bool) {
        let Interest::Value(term, value) = interest else {
            change(&mut self.others);
            return;
        };
        let values = self.by_term.entry(term.clone()).or_default();
        let places = values.entry(value.clone()).or_default();
        change(places);
        if places.is_empty() {
            values.remove(value);
        }
        if values.is_empty() {
            self.by_term.remove(term);
        }
    }

    /// Wakes those whom any change concerns: the first one, after which none of them waits.
    fn wake_others(&mut self, before: Reached, woken: &mut Vec<Waker>) {
        for number in &self.others {
            if let Some(place) = self.places.get_mut(number)
                && !matches!(place.interest, Interest::Progress)
            {
                woken.extend(place.wake(before));
            }
        }
    }

    /// Wakes those whom `change` concerns by a value.
    fn wake_for(&mut self, change: &Change, before: Reached, fields: &FieldTree, woken: &mut Vec<Waker>) {
        let Self { places, by_term, .. } = self;
        let mut wake = |numbers: &BTreeSet<u64>| {
            for number in numbers {
                woken.extend(places.get_mut(number).and_then(|place| place.wake(before)));
            }
        };
        let concerned = |entry: &Arc<Entry>, term: &Term| term.value(entry, fields).cloned();
        for (term, values) in by_term {
            let old = change.old.as_ref().and_then(|entry| concerned(entry, term));
            let new = change.new.as_ref().and_then(|entry| concerned(entry, term));
            for value in old.iter().chain(new.iter().filter(|new| Some(*new) != old.as_ref())) {
                values.get(value).into_iter().for_each(&mut wake);
            }
        }
    }

    fn wake_where(&mut self, woken: &mut Vec<Waker>, which: impl Fn(&Place) -> bool) {
        let before = self.up_to;
        woken.extend(
            self.places.values_mut().filter(|place| which(place)).filter_map(|place| place.wake(before)),
        );
    }
}

impl Place {
    fn wake(&mut self, before: Reached) -> Option<Waker> {
        if !matches!(self.state, State::Waiting { .. }) {
            return None;
        }
        match std::mem::replace(&mut self.state, State::Woken(before)) {
            State::Waiting { waker, .. } => Some(waker),
            State::Away | State::Woken(_) => None,
        }
    }
}

/// The place of one who waits; given up when dropped.
#[derive(Debug)]
pub(super) struct Waiter {
    all: Arc<Waiters>,
    number: u64,
}

impl Waiter {
    /// Waits, until the next change of interest, through `waker`; with `told`, also until somebody asks that those
    /// who do not know how far the cache is be told.
    ///
    /// Look at the log once more afterwards: what came before this call wakes nobody.
    pub(super) fn wait(&self, waker: &Waker, told: Option<Revision>) {
        let mut state = State::Waiting { waker: waker.clone(), told };
        // What was there before is dropped after the lock: a waker may hold a task that holds a waiter.
        if let Some(place) = self.all.lock().places.get_mut(&self.number) {
            std::mem::swap(&mut place.state, &mut state);
        }
    }

    /// Ends waiting. Tells up to where nothing concerned whoever waited here; `None` for who did not wait.
    pub(super) fn resume(&self) -> Option<Reached> {
        let mut state = State::Away;
        let mut waiting = self.all.lock();
        let up_to = waiting.up_to;
        std::mem::swap(&mut waiting.places.get_mut(&self.number)?.state, &mut state);
        drop(waiting);
        match state {
            State::Away => None,
            State::Waiting { .. } => Some(up_to),
            State::Woken(before) => Some(before),
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let number = self.number;
        let mut waiting = self.all.lock();
        let place = waiting.places.remove(&number);
        if let Some(place) = &place {
            waiting.list(&place.interest, |places| places.remove(&number));
        }
        drop(waiting);
        drop(place);
    }
}
