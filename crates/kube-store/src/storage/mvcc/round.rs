//! One batch on its way to the journal.

use super::Record;
use super::leases::Leases;
use super::log::Changes;
use super::queue::{Answer, Request};
use super::state::State;
use crate::storage::{
    Compare, Event, Key, KeyRange, KeyValue, Op, Revision, StorageError, StorageResult, TtlId, Txn,
    TxnOutcome,
};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// Whether a condition holds, and else what stands at its key.
#[derive(Debug)]
enum Check {
    Holds,
    Broken(Option<Arc<KeyValue>>),
}

/// A batch on its way to the journal. Nothing of it is in the state yet: a journal may refuse it.
#[derive(Debug)]
pub(super) struct Round<'a> {
    state: &'a State,
    head: Revision,
    /// Once they differ from those of the state.
    leases: Option<Leases>,
    records: Vec<Record>,
    /// What stands at the keys written by the first `noted` records.
    pending: BTreeMap<Key, Option<Arc<KeyValue>>>,
    noted: usize,
    /// Bytes that puts may still take.
    room: u64,
    lacked_room: bool,
}

/// What a write takes beside its keys and values, about.
const OVERHEAD: u64 = 64;

impl<'a> Round<'a> {
    /// A batch on top of `state`, for which the journal has `room`.
    pub(super) fn over(state: &'a State, room: u64) -> Self {
        Self {
            state,
            head: state.head,
            leases: None,
            records: Vec::new(),
            pending: BTreeMap::new(),
            noted: 0,
            room,
            lacked_room: false,
        }
    }

    /// Whether something was refused for want of room.
    pub(super) fn lacked_room(&self) -> bool {
        self.lacked_room
    }

    /// What is to be journaled, and the times to live afterwards if they changed.
    pub(super) fn done(self) -> (Vec<Record>, Option<Leases>) {
        (self.records, self.leases)
    }

    /// Does one request.
    pub(super) fn answer(&mut self, request: Request) -> StorageResult<Answer> {
        self.note();
        match request {
            Request::Txn(txn) => self.txn(txn).map(Answer::Txn),
            Request::Grant(length) => {
                self.take_room(OVERHEAD)?;
                let id = self.leases_mut().grant(length);
                self.records.push(Record::Granted { id, length });
                Ok(Answer::Granted(id))
            }
            Request::Revoke(id) => self.revoke(id),
            Request::Compact(_) | Request::Replace(_) | Request::Rotate => {
                Err(StorageError::Invalid { reason: "this is a batch of its own".into() })
            }
        }
    }

    /// Lets the next request see what the ones before it wrote. The last of a batch is seen by nobody, so that a
    /// batch of one, the usual case in memory, notes nothing.
    fn note(&mut self) {
        for record in self.records.get(self.noted..).unwrap_or_default() {
            if let Record::Write { events, .. } = record {
                self.pending.extend(events.iter().map(|event| match event {
                    Event::Put { kv, .. } => (kv.key.clone(), Some(kv.clone())),
                    Event::Delete { key, .. } => (key.clone(), None),
                }));
            }
        }
        self.noted = self.records.len();
    }

    fn newest(&self, key: &Key) -> Option<&Arc<KeyValue>> {
        match self.pending.get(key) {
            Some(pending) => pending.as_ref(),
            None => self.state.newest(key),
        }
    }

    fn txn(&mut self, txn: Txn) -> StorageResult<TxnOutcome> {
        for (at, compare) in txn.compares.iter().enumerate() {
            if let Check::Broken(current) = self.check(compare)? {
                return Ok(TxnOutcome::Failed { revision: self.head, compare: at, current });
            }
        }
        for op in &txn.ops {
            if let Op::Put { ttl: Some(id), .. } = op {
                self.leases.as_ref().unwrap_or(&self.state.leases).get(*id)?;
            }
        }
        if self.room < u64::MAX {
            let puts = txn.ops.iter().filter(|op| matches!(op, Op::Put { .. }));
            let bytes = puts.map(|op| super::op_bytes(op) as u64 + OVERHEAD).sum::<u64>();
            self.take_room(bytes)?;
        }
        let revision = self.head.next();
        let mut previous = Vec::with_capacity(txn.ops.len());
        let mut events = Vec::with_capacity(txn.ops.len());
        for op in txn.ops {
            let (before, event) = self.event(revision, op);
            previous.push(before);
            events.extend(event);
        }
        if events.is_empty() {
            return Ok(TxnOutcome::Committed { revision: self.head, previous });
        }
        if events.len() > 1 {
            events.sort_unstable_by(|a, b| a.key().cmp(b.key()));
        }
        self.record(revision, events);
        Ok(TxnOutcome::Committed { revision, previous })
    }

    fn take_room(&mut self, bytes: u64) -> StorageResult<()> {
        if let Some(room) = self.room.checked_sub(bytes) {
            self.room = room;
            return Ok(());
        }
        self.lacked_room = true;
        Err(StorageError::NoSpace)
    }

    fn check(&self, compare: &Compare) -> StorageResult<Check> {
        let (holds, key) = match compare {
            Compare::Unchanged { key, revision } => {
                (self.newest(key).is_some_and(|kv| kv.mod_revision == *revision), key)
            }
            Compare::Absent { key } => (self.newest(key).is_none(), key),
            Compare::Exists { key } => (self.newest(key).is_some(), key),
            Compare::RangeUnchanged { range, revision } => {
                let holds = self.unchanged(range, *revision)?;
                return Ok(if holds { Check::Holds } else { Check::Broken(None) });
            }
        };
        Ok(if holds { Check::Holds } else { Check::Broken(self.newest(key).cloned()) })
    }

    fn unchanged(&self, range: &KeyRange, revision: Revision) -> StorageResult<bool> {
        // A revision of this very batch is none that anybody can have read.
        let from = (Bound::Included(range.start()), range.end().map_or(Bound::Unbounded, Bound::Excluded));
        let empty = range.end().is_some_and(|end| end <= range.start());
        let pending = !empty && self.pending.range::<str, _>(from).next().is_some();
        Ok(self.state.unchanged(range, revision)? && !pending)
    }

    /// What `op` does at `revision`: the value before, and the event unless nothing happens.
    fn event(&self, revision: Revision, op: Op) -> (Option<Arc<KeyValue>>, Option<Event>) {
        let previous = self.newest(op.key()).cloned();
        let event = match op {
            Op::Put { key, value, ttl } => {
                let create_revision = previous.as_ref().map_or(revision, |old| old.create_revision);
                let version = previous.as_ref().map_or(1, |old| old.version + 1);
                let kv = KeyValue { key, value, create_revision, mod_revision: revision, version, ttl };
                Some(Event::Put { kv: Arc::new(kv), previous: previous.clone() })
            }
            Op::Delete { key } => {
                previous.is_some().then(|| Event::Delete { key, previous: previous.clone() })
            }
        };
        (previous, event)
    }

    fn revoke(&mut self, id: TtlId) -> StorageResult<Answer> {
        let lease = self.leases_mut().get(id)?;
        let (keys, granted) = (lease.keys.iter().cloned().collect::<Vec<_>>(), lease.granted);
        let revision = self.head.next();
        let deletes = keys.iter().cloned().map(|key| Op::Delete { key });
        // In key order already: the keys of a lease are an ordered set.
        let events: Vec<Event> = deletes.filter_map(|op| self.event(revision, op).1).collect();
        if !events.is_empty() {
            self.record(revision, events);
        }
        self.leases_mut().end(id);
        self.records.push(Record::Ended { id });
        Ok(Answer::Revoked(keys, granted))
    }

    fn record(&mut self, revision: Revision, events: Vec<Event>) {
        if events.iter().any(hangs) {
            let leases = self.leases_mut();
            for event in &events {
                leases.follow(event);
            }
        }
        let events = match <[Event; 1]>::try_from(events) {
            // Most transactions write one key: one allocation less.
            Ok(one) => Arc::new(one) as Changes,
            Err(events) => events.into(),
        };
        self.head = revision;
        self.records.push(Record::Write { revision, events });
    }

    fn leases_mut(&mut self) -> &mut Leases {
        self.leases.get_or_insert_with(|| self.state.leases.clone())
    }
}

/// Whether `event` concerns a time to live.
fn hangs(event: &Event) -> bool {
    let attached = |kv: &Arc<KeyValue>| kv.ttl.is_some();
    match event {
        Event::Put { kv, previous } => attached(kv) || previous.as_ref().is_some_and(attached),
        Event::Delete { previous, .. } => previous.as_ref().is_some_and(attached),
    }
}
