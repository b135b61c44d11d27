//! Hot loops: keys that are reconciled for ever because the reconcile itself changes something every time.

#[cfg(test)]
mod tests;

use crate::runtime::cause::{Cause, Causes};
use crate::runtime::context::Mark;
use kube_core::resource::ObjectKey;
use std::collections::BTreeMap;
use std::fmt;

/// Rounds in a row after which a loop is told. Long rollouts take fewer: they wait for others in between.
const ROUNDS: u32 = 50;

/// Hot loops remembered.
const REMEMBERED: usize = 32;

/// A key that was reconciled many times in a row for no other reason than what its own reconcile wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HotLoop {
    /// The key.
    pub key: ObjectKey,
    /// How many times in a row so far.
    pub rounds: u32,
    /// The write of its own that led to the last round.
    pub write: Cause,
}

impl fmt::Display for HotLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, rounds, write } = self;
        write!(f, "{key} was reconciled {rounds} times in a row for its own write: {write}")
    }
}

/// Finds hot loops.
#[derive(Debug, Default)]
pub(super) struct Loops {
    /// Keys whose last reconcile wrote.
    keys: BTreeMap<ObjectKey, Run>,
    found: Vec<HotLoop>,
}

#[derive(Debug, Default)]
struct Run {
    rounds: u32,
    wrote: Vec<Mark>,
}

impl Loops {
    /// Takes in a reconcile of `key`: why it ran and what it wrote. Gives the loop that has become one by that.
    pub(super) fn observe(&mut self, key: &ObjectKey, causes: &Causes, wrote: Vec<Mark>) -> Option<HotLoop> {
        if wrote.is_empty() {
            self.keys.remove(key);
            return None;
        }
        let run = self.keys.entry(key.clone()).or_default();
        let own = own_write(causes, &run.wrote);
        run.rounds = if own.is_some() { run.rounds + 1 } else { 0 };
        run.wrote = wrote;
        let found = HotLoop { key: key.clone(), rounds: run.rounds, write: own?.clone() };
        if found.rounds < ROUNDS || !found.rounds.is_power_of_two() && found.rounds != ROUNDS {
            return None;
        }
        self.found.retain(|other| other.key != found.key);
        if self.found.len() == REMEMBERED {
            self.found.remove(0);
        }
        self.found.push(found.clone());
        Some(found)
    }

    /// The loops found so far, the newest last.
    pub(super) fn found(&self) -> &[HotLoop] {
        &self.found
    }
}

/// The last cause, if every cause is one of the writes.
fn own_write<'a>(causes: &'a Causes, wrote: &[Mark]) -> Option<&'a Cause> {
    let is_own = |cause: &Cause| {
        cause.change().is_some_and(|(kind, key, revision)| {
            wrote.iter().any(|(k, written, at)| **k == *kind.kind && written == key && *at == revision)
        })
    };
    let all = causes.more() == 0 && causes.iter().all(is_own);
    causes.last().filter(|_| all)
}
