//! The one place that writes: validate, journal, apply, publish. It neither waits nor spawns; whoever drives it
//! calls [`Committer::step`].

use super::log::Changes;
use super::queue::{Answer, Queue, Reply, Request};
use super::state::State;
use super::{Journal, Record, Snapshot};
use crate::storage::{
    Compare, Event, KeyValue, Op, Revision, StorageError, StorageResult, TtlId, Txn, TxnOutcome,
};
use std::collections::VecDeque;
use std::sync::Arc;

/// Decides, in order, what becomes of every queued request.
#[derive(Debug)]
pub(super) struct Committer<J> {
    journal: J,
    queue: Arc<Queue>,
    taken: VecDeque<(Request, Reply)>,
    /// What is durable and published.
    state: State,
    stopped: bool,
}

/// What one step did: publish first, then wake the watchers, then reply.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// The state to publish, if it changed.
    pub(super) state: Option<Arc<State>>,
    /// What changed, in order.
    pub(super) writes: Vec<(Revision, Changes)>,
    /// The answers.
    pub(super) replies: Vec<(Reply, StorageResult<Answer>)>,
    /// Why no write is taken any more.
    pub(super) poisoned: Option<StorageError>,
}

impl<J: Journal> Committer<J> {
    /// A committer of what `journal` held, which answers what `queue` takes. Also tells the incarnation.
    pub(super) fn recover(mut journal: J, queue: Arc<Queue>) -> StorageResult<(Self, u64)> {
        let mut state = State::default();
        let horizon = journal.recover(&mut |recovered| state.recover(recovered))?;
        state.compacted = horizon.compacted;
        state.head = state.head.max(horizon.used).max(horizon.compacted);
        Ok((Self { journal, queue, taken: VecDeque::new(), state, stopped: false }, horizon.incarnation))
    }

    /// The state to begin with.
    pub(super) fn state(&self) -> Arc<State> {
        Arc::new(self.state.clone())
    }

    /// Answers everything from now on with [`StorageError::Closed`].
    pub(super) fn stop(&mut self) {
        self.stopped = true;
    }

    /// Does one batch of what waits: a compaction alone, or all writes up to the next one. `None` when nothing
    /// waits.
    pub(super) fn step(&mut self) -> Option<Effects> {
        if self.taken.is_empty() {
            self.taken = self.queue.take();
        }
        if self.stopped {
            let replies: Vec<_> =
                self.taken.drain(..).map(|(_, reply)| (reply, Err(StorageError::Closed))).collect();
            return (!replies.is_empty()).then(|| Effects { replies, ..Effects::default() });
        }
        match self.taken.pop_front()? {
            (Request::Compact(revision), reply) => Some(self.compact(revision, reply)),
            first => Some(self.commit(first)),
        }
    }

    fn compact(&mut self, revision: Revision, reply: Reply) -> Effects {
        let mut effects = Effects::default();
        let done = self.compacted(revision).map(|state| {
            effects.state = state;
            Answer::Compacted
        });
        effects.replies.push((reply, done));
        effects
    }

    fn compacted(&mut self, revision: Revision) -> StorageResult<Option<Arc<State>>> {
        let head = self.state.head;
        if revision > head {
            return Err(StorageError::Future { asked: revision, head });
        }
        if revision <= self.state.compacted {
            return Ok(None);
        }
        self.journal.compact(revision, &Snapshot::new(self.state()).at(revision)?)?;
        self.state.compact(revision);
        Ok(Some(self.state()))
    }

    fn commit(&mut self, first: (Request, Reply)) -> Effects {
        let mut round = Round { state: self.state.clone(), records: Vec::new() };
        let mut replies = Vec::with_capacity(self.taken.len() + 1);
        let mut next = Some(first);
        while let Some((request, reply)) = next {
            replies.push((reply, round.answer(request)));
            next = self.taken.pop_front_if(|(request, _)| !matches!(request, Request::Compact(_)));
        }
        if round.records.is_empty() {
            return Effects { replies, ..Effects::default() };
        }
        if let Err(error) = self.journal.append(&round.records) {
            return self.poison(replies, error);
        }
        let writes = round.into_writes(&mut self.state);
        Effects { state: Some(self.state()), writes, replies, poisoned: None }
    }

    /// Nothing of the batch is shown; the answers cannot tell what a restart will find.
    fn poison(&mut self, replies: Vec<(Reply, StorageResult<Answer>)>, error: StorageError) -> Effects {
        self.stopped = true;
        let unknown = StorageError::Unknown { reason: format!("the journal failed: {error}") };
        let replies = replies.into_iter().map(|(reply, _)| (reply, Err(unknown.clone()))).collect();
        Effects { replies, poisoned: Some(error), ..Effects::default() }
    }
}

/// Whether a condition holds, and else what stands at its key.
#[derive(Debug)]
enum Check {
    Holds,
    Broken(Option<Arc<KeyValue>>),
}

/// A batch on its way to the journal: nothing of it shows yet.
#[derive(Debug)]
struct Round {
    state: State,
    records: Vec<Record>,
}

impl Round {
    fn answer(&mut self, request: Request) -> StorageResult<Answer> {
        match request {
            Request::Txn(txn) => self.txn(txn).map(Answer::Txn),
            Request::Grant(length) => {
                let id = self.state.grant(length);
                self.records.push(Record::Granted { id, length });
                Ok(Answer::Granted(id))
            }
            Request::Revoke(id) => self.revoke(id),
            Request::Compact(_) => {
                Err(StorageError::Invalid { reason: "a compaction is a batch of its own".into() })
            }
        }
    }

    fn txn(&mut self, txn: Txn) -> StorageResult<TxnOutcome> {
        for (at, compare) in txn.compares.iter().enumerate() {
            if let Check::Broken(current) = self.check(compare)? {
                return Ok(TxnOutcome::Failed { revision: self.state.head, compare: at, current });
            }
        }
        for op in &txn.ops {
            if let Op::Put { ttl: Some(id), .. } = op {
                self.state.lease(*id)?;
            }
        }
        let revision = self.state.head.next();
        let mut previous = Vec::with_capacity(txn.ops.len());
        let mut events = Vec::with_capacity(txn.ops.len());
        for op in txn.ops {
            let (before, event) = self.write(revision, op);
            previous.push(before);
            events.extend(event);
        }
        if events.is_empty() {
            return Ok(TxnOutcome::Committed { revision: self.state.head, previous });
        }
        if events.len() > 1 {
            events.sort_unstable_by(|a, b| a.key().cmp(b.key()));
        }
        self.record(revision, events.into());
        Ok(TxnOutcome::Committed { revision, previous })
    }

    fn check(&self, compare: &Compare) -> StorageResult<Check> {
        let (holds, key) = match compare {
            Compare::Unchanged { key, revision } => {
                (self.state.newest(key).is_some_and(|kv| kv.mod_revision == *revision), key)
            }
            Compare::Absent { key } => (self.state.newest(key).is_none(), key),
            Compare::Exists { key } => (self.state.newest(key).is_some(), key),
            Compare::RangeUnchanged { range, revision } => {
                let holds = self.state.unchanged(range, *revision)?;
                return Ok(if holds { Check::Holds } else { Check::Broken(None) });
            }
        };
        Ok(if holds { Check::Holds } else { Check::Broken(self.state.newest(key).cloned()) })
    }

    fn write(&mut self, revision: Revision, op: Op) -> (Option<Arc<KeyValue>>, Option<Event>) {
        match op {
            Op::Put { key, value, ttl } => {
                let old = self.state.newest(&key);
                let create_revision = old.map_or(revision, |old| old.create_revision);
                let version = old.map_or(1, |old| old.version + 1);
                let kv = KeyValue { key, value, create_revision, mod_revision: revision, version, ttl };
                let kv = Arc::new(kv);
                let previous = self.state.write(&kv.key, revision, Some(kv.clone()));
                (previous.clone(), Some(Event::Put { kv, previous }))
            }
            Op::Delete { key } => {
                if self.state.newest(&key).is_none() {
                    return (None, None);
                }
                let previous = self.state.write(&key, revision, None);
                (previous.clone(), Some(Event::Delete { key, previous }))
            }
        }
    }

    fn revoke(&mut self, id: TtlId) -> StorageResult<Answer> {
        let lease = self.state.lease(id)?;
        let (keys, granted) = (lease.keys.iter().cloned().collect::<Vec<_>>(), lease.granted);
        let revision = self.state.head.next();
        let deletes = keys.iter().cloned().map(|key| Op::Delete { key });
        // In key order already: the keys of a lease are an ordered set.
        let events: Changes = deletes.filter_map(|op| self.write(revision, op).1).collect();
        if !events.is_empty() {
            self.record(revision, events);
        }
        self.state.end(id);
        self.records.push(Record::Ended { id });
        Ok(Answer::Revoked(keys, granted))
    }

    fn record(&mut self, revision: Revision, events: Changes) {
        self.state.head = revision;
        self.records.push(Record::Write { revision, events });
    }

    /// Makes the batch the new state; tells what it wrote.
    fn into_writes(mut self, state: &mut State) -> Vec<(Revision, Changes)> {
        let mut writes = Vec::with_capacity(self.records.len());
        for record in self.records {
            if let Record::Write { revision, events } = record {
                self.state.remember(revision, events.clone());
                writes.push((revision, events));
            }
        }
        *state = self.state;
        writes
    }
}
