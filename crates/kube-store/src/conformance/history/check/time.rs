//! When things happened.

use super::super::Leniency;
use super::super::call::{Action, Call, History};
use super::order::has_effect;
use super::{read_at, write_at};
use crate::storage::{Revision, StorageError, TxnOutcome, WatchItem};
use std::collections::{BTreeMap, BTreeSet};

/// What was known when, and what could have been.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// What was known from a time on, as places in the order of everything; grows with time.
    known: Vec<(u64, u64)>,
    /// When the write of a revision was asked for; `None` where nobody asked.
    asked: BTreeMap<Revision, Option<u64>>,
    /// Revisions that a store showed when it was opened again.
    opened: BTreeSet<Revision>,
    /// Compactions: begun, done, up to.
    compactions: Vec<(u64, Option<u64>, Revision)>,
    /// When the store was first closed, or failed.
    closed: Option<u64>,
    /// Whether revisions that nobody asked for are those of others.
    others: bool,
}

impl Times {
    pub(super) fn of(history: &History, leniency: Leniency) -> Self {
        let mut times = Self { others: leniency.remote, ..Self::default() };
        let mut known = Vec::new();
        times.closed = closed(history);
        for call in &history.calls {
            let Some(end) = call.end else { continue };
            let place = match &call.action {
                Action::Txn { txn, result: Some(Ok(TxnOutcome::Committed { revision, previous })) } => {
                    Some(if has_effect(txn, previous) { write_at(*revision) } else { read_at(*revision) })
                }
                Action::Txn { result: Some(Ok(TxnOutcome::Failed { revision, .. })), .. }
                | Action::Current { result: Some(Ok(revision)) }
                | Action::Opened { head: revision } => Some(read_at(*revision)),
                Action::Get { result: Some(Ok(got)), .. } => Some(read_at(got.revision)),
                Action::List { result: Some(Ok(page)), .. } => Some(read_at(page.revision)),
                Action::Compact { revision, result } => {
                    let done = matches!(result, Some(Ok(()))).then_some(end);
                    times.compactions.push((call.begin, done, *revision));
                    done.map(|_| write_at(*revision))
                }
                _ => None,
            };
            known.extend(place.map(|place| (end, place)));
        }
        for watch in &history.watches {
            for (at, item) in &watch.items {
                match item {
                    Ok(WatchItem::Batch(batch)) => known.push((*at, write_at(batch.revision))),
                    Ok(WatchItem::Bookmark(revision)) => known.push((*at, write_at(*revision))),
                    Err(_) => {}
                }
            }
        }
        known.sort_unstable();
        let mut highest = 0;
        for (_, place) in &mut known {
            highest = highest.max(*place);
            *place = highest;
        }
        times.known = known;
        times
    }

    /// The place that everything which begins at `time` must not be before.
    pub(super) fn floor(&self, time: u64) -> u64 {
        let before = self.known.partition_point(|(at, _)| *at < time);
        before.checked_sub(1).map_or(0, |last| self.known[last].1)
    }

    /// Notes a write, asked for at `begin`.
    pub(super) fn wrote(&mut self, revision: Revision, begin: Option<u64>) {
        self.asked.insert(revision, begin);
    }

    /// How many revisions were written.
    pub(super) fn written(&self) -> usize {
        self.asked.len()
    }

    /// Takes in the revisions that exist without a write.
    pub(super) fn hold(&mut self, opened: BTreeSet<Revision>) {
        self.opened = opened;
    }

    /// Whether somebody could know of `revision` at `time`.
    pub(super) fn exists(&self, revision: Revision, time: u64) -> bool {
        match self.asked.get(&revision) {
            Some(begin) => begin.is_none_or(|begin| begin < time),
            None => self.others || revision == Revision::ZERO || self.opened.contains(&revision),
        }
    }

    /// The newest revision that could have been written at `time`.
    pub(super) fn latest(&self, time: u64) -> Revision {
        let asked = |begin: &Option<u64>| begin.is_none_or(|begin| begin < time);
        self.asked.iter().rev().find(|(_, begin)| asked(begin)).map_or(Revision::ZERO, |(at, _)| *at)
    }

    /// Whether a compaction to `revision` or above was begun before `time`.
    pub(super) fn may_be_compacted(&self, revision: Revision, time: u64) -> bool {
        self.compactions.iter().any(|(begin, _, to)| *begin < time && *to >= revision)
    }

    /// Whether a compaction above `revision` was done before `time`.
    pub(super) fn is_compacted(&self, revision: Revision, time: u64) -> bool {
        self.compactions.iter().any(|(_, done, to)| done.is_some_and(|done| done < time) && *to > revision)
    }

    /// Whether the store may be closed at `time`.
    pub(super) fn may_be_closed(&self, time: u64) -> bool {
        self.closed.is_some_and(|closed| closed < time)
    }
}

/// When the store may first have been closed, or have failed. Whoever is told of a failure is not always who caused it:
/// that may have been somebody who waited for no answer.
fn closed(history: &History) -> Option<u64> {
    let told = |call: &&Call| {
        let (Action::Txn { result: Some(Err(error)), .. }
        | Action::Ttl { result: Some(Err(error)), .. }
        | Action::Get { result: Some(Err(error)), .. }
        | Action::List { result: Some(Err(error)), .. }
        | Action::Current { result: Some(Err(error)) }
        | Action::Compact { result: Some(Err(error)), .. }) = &call.action
        else {
            return false;
        };
        matches!(error, StorageError::Unknown { .. } | StorageError::Closed | StorageError::Medium { .. })
    };
    let failed = history.calls.iter().any(|call| told(&call));
    let causes = history
        .calls
        .iter()
        .filter(|call| matches!(call.action, Action::Close) || told(call) || (failed && call.end.is_none()));
    causes.map(|call| call.begin).min()
}
