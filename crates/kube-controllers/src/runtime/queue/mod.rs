//! The work queue: which key is reconciled next, without clocks, tasks or locks.
//!
//! # Invariants
//! - A key is never handed out twice at a time.
//! - An [`add`](WorkQueue::add) while the key is being worked on leads to exactly one later run; any number of adds
//!   before a run are one run.
//! - Among keys that are due, higher priority goes first, then first come, first served; every [`FAIRNESS`]th key handed
//!   out is the one that came first of all, so that nobody waits for ever.
//! - A delay is only ever shortened by another add.
//!
//! Source: `k8s.io/client-go/util/workqueue`, `sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue`.

mod limits;
mod ready;
#[cfg(test)]
mod tests;

pub use limits::RetryLimits;

use super::cause::{Cause, Causes};
use kube_core::env::Mono;
use kube_core::map::{Places, fx_hash};
use kube_store::mutant::{self, Mutant};
use limits::Bucket;
use ready::{Ready, Slot};
use std::collections::BTreeMap;
use std::hash::Hash;
use std::time::Duration;

/// Priority of events of objects that were there when the controller began: behind everything fresh.
pub const INITIAL_PRIORITY: i32 = -100;

/// How often the key that came first is handed out whatever its priority.
pub const FAIRNESS: u64 = 16;

/// A queue of keys to work on. Pure: the time is an argument.
#[derive(Debug)]
pub struct WorkQueue<K> {
    /// Where the state of a key lies that is queued, running, or has failed.
    keys: Places,
    /// States; `None` where nothing lies.
    slots: Vec<Option<State<K>>>,
    free: Vec<Slot>,
    ready: Ready,
    waiting: BTreeMap<(Mono, u64), Slot>,
    limits: RetryLimits,
    bucket: Bucket,
    turn: u64,
    running: usize,
    closed: bool,
    counts: QueueCounts,
}

/// How to add a key.
#[derive(Clone, Debug)]
pub struct Add {
    /// Keys of higher priority go first.
    pub priority: i32,
    /// How long the key stays back.
    pub delay: Duration,
    /// Why.
    pub causes: Causes,
}

impl Add {
    /// At once, with priority 0.
    pub fn now(cause: Cause) -> Self {
        Self { priority: 0, delay: Duration::ZERO, causes: Causes::of(cause) }
    }

    /// With that priority.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// After that delay.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

/// A key that was handed out. Give it back with [`WorkQueue::done`].
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the key stays locked until it is given back"]
#[non_exhaustive]
pub struct Lease<K> {
    /// The key.
    pub key: K,
    /// Why it is to be worked on.
    pub causes: Causes,
    /// Failures in a row before this run.
    pub attempt: u32,
    /// Priority it had.
    pub priority: i32,
    /// Since when it was due.
    pub due: Mono,
    slot: Slot,
}

/// What comes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Nothing more to do until the key is added again. Forgets failures.
    Done,
    /// The key is to run again after this time. Forgets failures.
    Again(Duration),
    /// The run failed: again after a delay that grows, and that is at least this long.
    Retry(Duration),
}

/// What a queue has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueCounts {
    /// Adds, merged ones included.
    pub adds: u64,
    /// Runs handed out.
    pub runs: u64,
    /// Runs that failed and were queued again.
    pub retries: u64,
}

#[derive(Debug)]
struct State<K> {
    key: K,
    hash: u64,
    queued: Option<Queued>,
    running: bool,
    failures: u32,
}

#[derive(Debug)]
struct Queued {
    at: Mono,
    priority: i32,
    turn: u64,
    causes: Causes,
}

impl<K: Eq + Hash + Clone> WorkQueue<K> {
    /// An empty queue.
    pub fn new(limits: RetryLimits) -> Self {
        Self {
            keys: Places::default(),
            slots: Vec::new(),
            free: Vec::new(),
            ready: Ready::default(),
            waiting: BTreeMap::new(),
            limits,
            bucket: Bucket::default(),
            turn: 0,
            running: 0,
            closed: false,
            counts: QueueCounts::default(),
        }
    }

    /// Queues `key`. A key that is queued already keeps its place, the higher priority and the earlier time.
    /// Ignored after [`WorkQueue::shut_down`].
    pub fn add(&mut self, key: K, add: Add, now: Mono) {
        if self.closed {
            return;
        }
        let slot = self.slot_of(key);
        self.add_at(slot, add, now);
    }

    /// Where the state of `key` lies.
    fn slot_of(&mut self, key: K) -> Slot {
        let hash = fx_hash(&key);
        let lies_at = |slot: Slot| state_at(&self.slots, slot).is_some_and(|state| state.key == key);
        if let Some(slot) = self.keys.find(hash, lies_at) {
            return slot;
        }
        let state = State { key, hash, queued: None, running: false, failures: 0 };
        // There are never as many keys as a slot has numbers.
        let next = Slot::try_from(self.slots.len()).unwrap_or(Slot::MAX);
        let slot = self.free.pop().unwrap_or(next);
        self.keys.insert(hash, slot, |other| {
            state_at(&self.slots, other).map_or(0, |state: &State<K>| state.hash)
        });
        match self.slots.get_mut(slot as usize) {
            Some(empty) => *empty = Some(state),
            None => self.slots.push(Some(state)),
        }
        slot
    }

    fn state(&mut self, slot: Slot) -> Option<&mut State<K>> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    fn forget(&mut self, slot: Slot) {
        if let Some(state) = self.slots.get_mut(slot as usize).and_then(Option::take) {
            self.keys.remove(state.hash, slot);
            self.free.push(slot);
        }
    }

    fn add_at(&mut self, slot: Slot, add: Add, now: Mono) {
        if self.closed {
            return;
        }
        self.counts.adds += 1;
        let (at, turn) = (now + add.delay, self.turn);
        let Some(state) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        if state.running && mutant::is(Mutant::LosesBusyKeys) {
            return;
        }
        let Some(queued) = &mut state.queued else {
            state.queued = Some(Queued { at, priority: add.priority, turn, causes: add.causes });
            self.turn += 1;
            return self.place(slot, now);
        };
        queued.causes.merge(add.causes);
        if queued.at <= at && queued.priority >= add.priority {
            return;
        }
        if !state.running {
            self.ready.remove(queued.priority, queued.turn);
            self.waiting.remove(&(queued.at, queued.turn));
        }
        queued.at = queued.at.min(at);
        queued.priority = queued.priority.max(add.priority);
        self.place(slot, now);
    }

    /// Puts a queued key that is not running where it belongs.
    fn place(&mut self, slot: Slot, now: Mono) {
        let state = state_at(&self.slots, slot);
        let Some(State { queued: Some(queued), running: false, .. }) = state else { return };
        if queued.at <= now {
            self.ready.insert(queued.priority, queued.turn, slot);
        } else {
            self.waiting.insert((queued.at, queued.turn), slot);
        }
    }

    /// The next key that is due.
    pub fn pop(&mut self, now: Mono) -> Option<Lease<K>> {
        self.advance(now);
        let fair = self.counts.runs % FAIRNESS == FAIRNESS - 1;
        let slot = if fair { self.ready.pop_oldest()? } else { self.ready.pop_first()? };
        let state = self.state(slot)?;
        let queued = state.queued.take()?;
        debug_assert!(!state.running, "a ready key is not running");
        state.running = true;
        let (key, attempt) = (state.key.clone(), state.failures);
        self.running += 1;
        self.counts.runs += 1;
        let Queued { at, priority, causes, .. } = queued;
        Some(Lease { key, causes, attempt, priority, due: at, slot })
    }

    /// Makes the keys due whose time has come, and gives when to do so again: at the time of the next delayed key.
    pub fn advance(&mut self, now: Mono) -> Option<Mono> {
        while let Some(first) = self.waiting.first_entry() {
            let at = first.key().0;
            if at > now {
                return Some(at);
            }
            let slot = first.remove();
            self.place(slot, now);
        }
        None
    }

    /// Gives a key back.
    #[expect(clippy::needless_pass_by_value, reason = "a key is given back once")]
    pub fn done(&mut self, lease: Lease<K>, finish: Finish, now: Mono) {
        let Lease { slot, priority, .. } = lease;
        let Some(state) = self.state(slot) else { return };
        debug_assert!(state.running, "a key is given back once");
        state.running = false;
        let failures = state.failures;
        state.failures = if matches!(finish, Finish::Retry(_)) { failures.saturating_add(1) } else { 0 };
        self.running -= 1;
        // What was added in the meantime.
        self.place(slot, now);
        match finish {
            Finish::Done => {}
            Finish::Again(delay) => {
                self.add_at(slot, Add { priority, delay, causes: Causes::of(Cause::Requeued) }, now);
            }
            Finish::Retry(at_least) => {
                self.counts.retries += 1;
                let turn = self.bucket.reserve(&self.limits, now);
                let delay = self.limits.backoff(failures).max(turn).max(at_least);
                self.add_at(slot, Add { priority, delay, causes: Causes::of(Cause::Failed) }, now);
            }
        }
        let closed = self.closed;
        if self.state(slot).is_some_and(|state| state.queued.is_none() && (state.failures == 0 || closed)) {
            self.forget(slot);
        }
    }

    /// Takes no more keys and drops the delayed ones. Keys that are due are still handed out, so that a caller who
    /// goes on until [`WorkQueue::is_drained`] loses nothing.
    pub fn shut_down(&mut self) {
        self.closed = true;
        for slot in std::mem::take(&mut self.waiting).into_values() {
            self.forget(slot);
        }
    }

    /// [`WorkQueue::shut_down`], and drops what is due as well: only what runs is finished.
    pub fn abandon(&mut self) {
        self.shut_down();
        for slot in self.ready.drain() {
            self.forget(slot);
        }
        for state in self.slots.iter_mut().flatten() {
            state.queued = None;
        }
    }

    /// Whether the queue was shut down.
    pub fn is_shut_down(&self) -> bool {
        self.closed
    }

    /// Whether nothing is due and nothing runs.
    pub fn is_drained(&self) -> bool {
        self.ready.is_empty() && self.running == 0
    }

    /// Keys that are due.
    pub fn len(&self) -> usize {
        self.ready.len()
    }

    /// Whether no key is due.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Keys that stay back for now.
    pub fn delayed(&self) -> usize {
        self.waiting.len()
    }

    /// Keys being worked on.
    pub fn running(&self) -> usize {
        self.running
    }

    /// What the queue has seen.
    pub fn counts(&self) -> QueueCounts {
        self.counts
    }
}

fn state_at<K>(slots: &[Option<State<K>>], slot: Slot) -> Option<&State<K>> {
    slots.get(slot as usize)?.as_ref()
}
