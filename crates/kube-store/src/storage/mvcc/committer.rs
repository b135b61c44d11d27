//! The one place that writes: validate, journal, apply, publish. It neither waits nor spawns; whoever drives it
//! calls [`Committer::step`].

use super::leases::Leases;
use super::log::Changes;
use super::queue::{Answer, Queue, Reply, Request};
use super::state::State;
use super::{Journal, Record, Snapshot};
use crate::storage::{
    Compare, Event, Key, KeyRange, KeyValue, Op, Revision, StorageError, StorageResult, TtlId, Txn,
    TxnOutcome,
};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
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
        let mut round = Round::over(&self.state);
        let mut replies = Vec::with_capacity(self.taken.len() + 1);
        let mut next = Some(first);
        while let Some((request, reply)) = next {
            replies.push((reply, round.answer(request)));
            next = self.taken.pop_front_if(|(request, _)| !matches!(request, Request::Compact(_)));
        }
        let (records, leases) = round.done();
        match self.write(records, leases) {
            Ok(effects) => Effects { replies, ..effects },
            Err(error) => self.poison(replies, error),
        }
    }

    /// Does one request at once, without the queue; `Err` gives it back where it has to wait its turn.
    pub(super) fn answer_now(
        &mut self,
        request: Request,
    ) -> Result<(Effects, StorageResult<Answer>), Request> {
        if self.stopped || !self.taken.is_empty() || matches!(request, Request::Compact(_)) {
            return Err(request);
        }
        let mut round = Round::over(&self.state);
        let answer = round.answer(request);
        let (records, leases) = round.done();
        Ok(match self.write(records, leases) {
            Ok(effects) => (effects, answer),
            Err(error) => (self.stop_for(error.clone()), Err(unknown(&error))),
        })
    }

    /// Makes a batch durable, and then the new state.
    fn write(&mut self, records: Vec<Record>, leases: Option<Leases>) -> StorageResult<Effects> {
        if records.is_empty() {
            return Ok(Effects::default());
        }
        self.journal.append(&records)?;
        if let Some(leases) = leases {
            self.state.leases = leases;
        }
        let mut writes = Vec::with_capacity(records.len());
        for record in records {
            if let Record::Write { revision, events } = record {
                self.state.apply(revision, events.clone());
                writes.push((revision, events));
            }
        }
        Ok(Effects { state: Some(self.state()), writes, ..Effects::default() })
    }

    /// Nothing of the batch is shown; the answers cannot tell what a restart will find.
    fn poison(&mut self, replies: Vec<(Reply, StorageResult<Answer>)>, error: StorageError) -> Effects {
        let unknown = unknown(&error);
        let replies = replies.into_iter().map(|(reply, _)| (reply, Err(unknown.clone()))).collect();
        Effects { replies, ..self.stop_for(error) }
    }

    fn stop_for(&mut self, error: StorageError) -> Effects {
        self.stopped = true;
        Effects { poisoned: Some(error), ..Effects::default() }
    }
}

fn unknown(error: &StorageError) -> StorageError {
    StorageError::Unknown { reason: format!("the journal failed: {error}") }
}

/// Whether a condition holds, and else what stands at its key.
#[derive(Debug)]
enum Check {
    Holds,
    Broken(Option<Arc<KeyValue>>),
}

/// A batch on its way to the journal. Nothing of it is in the state yet: a journal may refuse it.
#[derive(Debug)]
struct Round<'a> {
    state: &'a State,
    head: Revision,
    /// Once they differ from those of the state.
    leases: Option<Leases>,
    records: Vec<Record>,
    /// What stands at the keys written by the first `noted` records.
    pending: BTreeMap<Key, Option<Arc<KeyValue>>>,
    noted: usize,
}

impl<'a> Round<'a> {
    fn over(state: &'a State) -> Self {
        Self {
            state,
            head: state.head,
            leases: None,
            records: Vec::new(),
            pending: BTreeMap::new(),
            noted: 0,
        }
    }

    fn done(self) -> (Vec<Record>, Option<Leases>) {
        (self.records, self.leases)
    }

    fn answer(&mut self, request: Request) -> StorageResult<Answer> {
        self.note();
        match request {
            Request::Txn(txn) => self.txn(txn).map(Answer::Txn),
            Request::Grant(length) => {
                let id = self.leases_mut().grant(length);
                self.records.push(Record::Granted { id, length });
                Ok(Answer::Granted(id))
            }
            Request::Revoke(id) => self.revoke(id),
            Request::Compact(_) => {
                Err(StorageError::Invalid { reason: "a compaction is a batch of its own".into() })
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
