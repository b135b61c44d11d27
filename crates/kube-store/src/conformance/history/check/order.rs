//! The writes of a history in the order of their revisions.

use super::super::Leniency;
use super::super::call::{Action, Call, History};
use super::super::timeline::Timeline;
use super::time::Times;
use super::{Finding, Judged, Rule, broken, same};
use crate::storage::{
    Batch, Compare, Event, Key, KeyRange, KeyValue, Op, Revision, StorageError, StorageResult, Txn,
    TxnOutcome, WatchFrom, WatchItem,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Every write, in order, and when things happened.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) timeline: Timeline,
    pub(super) times: Times,
    pub(super) judged: Judged,
    pub(super) leniency: Leniency,
}

/// A transaction with its call.
struct Asked<'a> {
    begin: u64,
    txn: &'a Txn,
    applied: bool,
}

/// A committed transaction: its call, what it asked, and what it told of the values before.
type Committed<'a> = (&'a Call, &'a Txn, &'a [Option<Arc<KeyValue>>]);

/// What is known about writes before they are put in order.
struct Writes<'a> {
    committed: BTreeMap<Revision, Committed<'a>>,
    unknown: Vec<Asked<'a>>,
    refused: Vec<&'a Txn>,
    /// What a watch of everything told of each revision, and when it first did.
    told: BTreeMap<Revision, (u64, &'a Batch)>,
    /// Revisions that a store showed as its newest when it was opened again.
    opened: BTreeSet<Revision>,
}

impl Order {
    /// Puts the writes of `history` in order.
    pub(super) fn of(history: &History, leniency: Leniency) -> Result<Self, Finding> {
        let mut writes = Writes::of(history)?;
        let (timeline, times) = (Timeline::default(), Times::of(history, leniency));
        let mut order = Self { timeline, times, judged: Judged::default(), leniency };
        let revisions: BTreeSet<Revision> =
            writes.committed.keys().chain(writes.told.keys()).copied().collect();
        let mut newest = Revision::ZERO;
        if leniency.remote {
            newest = writes.opened.first().copied().unwrap_or_default();
        }
        for revision in revisions {
            let before = Revision::new(revision.get() - 1);
            if leniency.remote {
                order.judged.others += before.get().saturating_sub(newest.get());
            } else if before != newest && !writes.opened.contains(&before) {
                return broken(Rule::KnownWriter, format!("nobody wrote between {newest} and {revision}"));
            }
            order.write(revision, &mut writes)?;
            newest = revision;
        }
        order.times.hold(writes.opened);
        order.judged.writes = order.times.written();
        order.judged.unknown_lost = writes.unknown.iter().filter(|asked| !asked.applied).count();
        Ok(order)
    }

    /// Writes one revision.
    fn write(&mut self, revision: Revision, writes: &mut Writes<'_>) -> Result<(), Finding> {
        if let Some((call, txn, previous)) = writes.committed.get(&revision) {
            self.conditions(revision, txn)?;
            let before = self.timeline.write(revision, &txn.ops);
            same(Rule::Previous, || format!("the values before {revision}"), &previous.to_vec(), &before)?;
            self.times.wrote(revision, Some(call.begin));
            return Ok(());
        }
        let Some((at, batch)) = writes.told.get(&revision).copied() else { return Ok(()) };
        let matching = writes
            .unknown
            .iter_mut()
            .find(|asked| !asked.applied && asked.begin < at && self.matches(&asked.txn.ops, batch));
        if let Some(asked) = matching {
            asked.applied = true;
            let (begin, txn) = (asked.begin, asked.txn);
            self.conditions(revision, txn)?;
            self.timeline.write(revision, &txn.ops);
            self.times.wrote(revision, Some(begin));
            self.judged.unknown_applied += 1;
            return Ok(());
        }
        if self.ends_a_time_to_live(batch) {
            let ops: Vec<Op> =
                batch.events.iter().map(|event| Op::Delete { key: event.key().clone() }).collect();
            self.timeline.write(revision, &ops);
            self.times.wrote(revision, None);
            return Ok(());
        }
        if writes.refused.iter().any(|txn| self.matches(&txn.ops, batch)) {
            return broken(Rule::Refusal, format!("{revision} is a write that was refused: {batch:?}"));
        }
        broken(Rule::KnownWriter, format!("nobody asked for {revision}: {batch:?}"))
    }

    /// Holds the conditions of what commits at `revision`.
    fn conditions(&self, revision: Revision, txn: &Txn) -> Result<(), Finding> {
        let before = Revision::new(revision.get() - 1);
        match txn.compares.iter().find(|compare| !self.holds(compare, before)) {
            Some(compare) => {
                broken(Rule::Conditions, format!("{revision} committed, but {compare:?} does not hold"))
            }
            None => Ok(()),
        }
    }

    /// Whether a condition holds at `revision`.
    pub(super) fn holds(&self, compare: &Compare, revision: Revision) -> bool {
        let at = |key: &Key| self.timeline.at(key, revision);
        match compare {
            Compare::Unchanged { key, revision } => at(key).is_some_and(|kv| kv.mod_revision == *revision),
            Compare::Absent { key } => at(key).is_none(),
            Compare::Exists { key } => at(key).is_some(),
            Compare::RangeUnchanged { range, revision: since } if self.leniency.remote => {
                let at = |revision| self.timeline.range(range.start(), range, revision);
                at(*since).eq(at(revision))
            }
            Compare::RangeUnchanged { range, revision: since } => {
                self.timeline.after(*since, range).next().is_none_or(|(first, _)| first > revision)
            }
        }
    }

    /// Whether a watch that told `batch` could have seen `ops` being applied to the newest state.
    fn matches(&self, ops: &[Op], batch: &Batch) -> bool {
        let effective =
            ops.iter().filter(|op| matches!(op, Op::Put { .. }) || self.timeline.newest(op.key()).is_some());
        let wanted: BTreeMap<&Key, Option<&bytes::Bytes>> = effective
            .map(|op| match op {
                Op::Put { key, value, .. } => (key, Some(value)),
                Op::Delete { key } => (key, None),
            })
            .collect();
        let seen: BTreeMap<&Key, Option<&bytes::Bytes>> = batch
            .events
            .iter()
            .map(|event| match event {
                Event::Put { kv, .. } => (&kv.key, Some(&kv.value)),
                Event::Delete { key, .. } => (key, None),
            })
            .collect();
        !wanted.is_empty() && wanted == seen
    }

    /// Whether a batch deletes exactly the keys of one time to live.
    fn ends_a_time_to_live(&self, batch: &Batch) -> bool {
        let deletes = batch.events.iter().all(|event| matches!(event, Event::Delete { .. }));
        let keys: BTreeSet<Key> = batch.events.iter().map(|event| event.key().clone()).collect();
        deletes && keys.first().and_then(|key| self.timeline.siblings(key)) == Some(keys)
    }
}

impl<'a> Writes<'a> {
    fn of(history: &'a History) -> Result<Self, Finding> {
        let mut writes = Self {
            committed: BTreeMap::new(),
            unknown: Vec::new(),
            refused: Vec::new(),
            told: told(history),
            opened: BTreeSet::new(),
        };
        for call in &history.calls {
            match &call.action {
                Action::Txn { txn, result } => writes.asked(call, txn, result.as_ref())?,
                Action::Opened { head } => drop(writes.opened.insert(*head)),
                _ => {}
            }
        }
        Ok(writes)
    }

    fn asked(
        &mut self,
        call: &'a Call,
        txn: &'a Txn,
        result: Option<&'a StorageResult<TxnOutcome>>,
    ) -> Result<(), Finding> {
        match result {
            Some(Ok(TxnOutcome::Committed { revision, previous })) if has_effect(txn, previous) => {
                if let Some((_, other, _)) = self.committed.insert(*revision, (call, txn, previous)) {
                    return broken(Rule::OwnRevision, format!("{revision} is both {other:?} and {txn:?}"));
                }
            }
            Some(Ok(_)) => {}
            None | Some(Err(StorageError::Unknown { .. } | StorageError::Closed)) => {
                self.unknown.push(Asked { begin: call.begin, txn, applied: false });
            }
            Some(Err(_)) => self.refused.push(txn),
        }
        Ok(())
    }
}

/// Whether a committed transaction made a revision.
pub(super) fn has_effect(txn: &Txn, previous: &[Option<Arc<KeyValue>>]) -> bool {
    txn.ops.iter().any(|op| matches!(op, Op::Put { .. })) || previous.iter().any(Option::is_some)
}

/// What watches of everything told: the first batch of each revision.
fn told(history: &History) -> BTreeMap<Revision, (u64, &Batch)> {
    let mut told: BTreeMap<Revision, (u64, &Batch)> = BTreeMap::new();
    for watch in history.watches.iter().filter(|watch| watch.range == KeyRange::all()) {
        let state = usize::from(watch.options.from == WatchFrom::Initial);
        for (at, item) in watch.items.iter().skip(state) {
            if let Ok(WatchItem::Batch(batch)) = item {
                let first = told.entry(batch.revision).or_insert((*at, batch));
                if *at < first.0 {
                    *first = (*at, batch);
                }
            }
        }
    }
    told
}
