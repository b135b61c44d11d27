//! The one place that writes: validate, journal, apply, publish. It neither waits nor spawns; whoever drives it
//! calls [`Committer::step`], and [`Committer::tidy`] when there is nothing to step.

use super::history::Retention;
use super::leases::Leases;
use super::log::Changes;
use super::queue::{Answer, Contents, Phase, Queue, Reply, Request};
use super::round::Round;
use super::state::{State, Sweep};
use super::{Horizon, Journal, Record, Snapshot};
use crate::storage::{Revision, StorageError, StorageResult};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Decides, in order, what becomes of every queued request.
#[derive(Debug)]
pub(super) struct Committer<J> {
    journal: J,
    queue: Arc<Queue>,
    taken: VecDeque<(Request, Reply)>,
    /// What is durable and published.
    state: State,
    retention: Retention,
    /// A compaction under way.
    goal: Option<Goal>,
    /// Who waits for everything to be encrypted anew.
    rotations: Vec<Reply>,
    stopped: bool,
}

/// Where a compaction goes, and who waits for it to come how far.
#[derive(Debug, Default)]
struct Goal {
    revision: Revision,
    /// Somebody was refused for want of room.
    urgent: bool,
    /// The sweeping up to what is compacted already.
    sweep: Option<Sweep>,
    waiting: Vec<(Revision, Reply)>,
}

/// What one step did: publish first, then wake the watchers, then reply.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// The state to publish, if it changed.
    pub(super) state: Option<Arc<State>>,
    /// What changed, in order.
    pub(super) writes: Vec<(Revision, Changes)>,
    /// Every watch has to look: what it has not read is gone.
    pub(super) replaced: bool,
    /// A compaction came to its end: the journal may have something to do.
    pub(super) compacted: bool,
    /// The answers.
    pub(super) replies: Vec<(Reply, StorageResult<Answer>)>,
    /// Why no write is taken any more.
    pub(super) poisoned: Option<StorageError>,
}

/// Keys, or revisions, that one piece of a compaction looks at: less than a millisecond of work.
const PIECE: usize = 2000;

impl<J: Journal> Committer<J> {
    /// A committer of what `journal` held, which answers what `queue` takes.
    pub(super) fn recover(mut journal: J, queue: Arc<Queue>, retention: Retention) -> StorageResult<Self> {
        let mut state = State::default();
        let horizon = journal.recover(&mut |recovered| state.recover(recovered))?;
        state.compacted = horizon.compacted;
        state.head = state.head.max(horizon.used).max(horizon.compacted);
        state.incarnation = horizon.incarnation;
        let (taken, rotations) = (VecDeque::new(), Vec::new());
        Ok(Self { journal, queue, taken, state, retention, goal: None, rotations, stopped: false })
    }

    /// The state to begin with.
    pub(super) fn state(&self) -> Arc<State> {
        Arc::new(self.state.clone())
    }

    /// Bytes on the medium.
    pub(super) fn disk(&self) -> u64 {
        self.journal.usage().disk
    }

    /// How long a driver may wait for requests before it calls [`Committer::tidy`] again.
    pub(super) fn interval(&self) -> Duration {
        self.retention.interval()
    }

    /// Whether room is to be made before anybody asks again.
    pub(super) fn lacks_room(&self) -> bool {
        self.goal.as_ref().is_some_and(|goal| goal.urgent)
    }

    /// Does one batch of what waits: one request of its own kind, or all writes up to the next such; and a piece of
    /// a compaction that is under way. `None` when there is nothing to do.
    pub(super) fn step(&mut self) -> Option<Effects> {
        self.stopped |= self.queue.phase() == Phase::Closed;
        if self.taken.is_empty() {
            self.taken = self.queue.take();
        }
        if self.stopped {
            return self.refuse();
        }
        let mut effects = Effects::default();
        match self.taken.pop_front() {
            None if self.goal.is_none() && self.rotations.is_empty() => return None,
            None => {}
            Some((Request::Compact(revision), reply)) => self.aim(revision, reply, &mut effects),
            Some((Request::Replace(contents), reply)) => self.replace(contents, reply, &mut effects),
            Some((Request::Rotate, reply)) => self.rotations.push(reply),
            Some(first) => self.commit(first, &mut effects),
        }
        self.advance(&mut effects);
        Some(effects)
    }

    /// Does a piece of what has time; answers whether more is left.
    pub(super) fn tidy(&mut self) -> Result<bool, Effects> {
        if self.stopped {
            return Ok(false);
        }
        self.retire();
        match self.journal.tidy() {
            Ok(more) => Ok(more || self.goal.is_some()),
            Err(error) => {
                let mut effects = Effects::default();
                self.poison(error, &mut effects);
                Err(effects)
            }
        }
    }

    /// Answers what waits with [`StorageError::Closed`].
    fn refuse(&mut self) -> Option<Effects> {
        let goal = self.goal.take().into_iter().flat_map(|goal| goal.waiting).map(|(_, reply)| reply);
        let waiting =
            self.taken.drain(..).map(|(_, reply)| reply).chain(goal).chain(self.rotations.drain(..));
        let replies: Vec<_> = waiting.map(|reply| (reply, Err(StorageError::Closed))).collect();
        (!replies.is_empty()).then(|| Effects { replies, ..Effects::default() })
    }

    fn aim(&mut self, revision: Revision, reply: Reply, effects: &mut Effects) {
        let head = self.state.head;
        if revision > head {
            effects.replies.push((reply, Err(StorageError::Future { asked: revision, head })));
        } else if revision <= self.state.compacted && self.goal.is_none() {
            effects.replies.push((reply, Ok(Answer::Compacted)));
        } else {
            let goal = self.goal.get_or_insert_default();
            goal.revision = goal.revision.max(revision);
            goal.waiting.push((revision, reply));
        }
    }

    /// Does a piece of the compaction and of the rotation that are under way.
    fn advance(&mut self, effects: &mut Effects) {
        if effects.poisoned.is_some() {
            return;
        }
        self.compact(effects);
        if self.rotations.is_empty() {
            return;
        }
        match self.journal.rotate() {
            Ok(true) => {}
            Ok(false) => {
                effects.replies.extend(self.rotations.drain(..).map(|reply| (reply, Ok(Answer::Rotated))));
            }
            Err(StorageError::NoSpace) => {
                let refused = |reply| (reply, Err(StorageError::NoSpace));
                effects.replies.extend(self.rotations.drain(..).map(refused));
                self.make_room(true);
            }
            Err(error) => drop(self.poison(error, effects)),
        }
    }

    fn compact(&mut self, effects: &mut Effects) {
        let Some(goal) = &mut self.goal else { return };
        let (state, to) = (&mut self.state, goal.revision);
        let sweep = goal.sweep.get_or_insert_with(|| state.compact(to));
        let more = state.sweep(sweep, PIECE);
        let state = self.state();
        effects.state = Some(state.clone());
        if more {
            return;
        }
        let Some(goal) = &mut self.goal else { return };
        goal.sweep = None;
        let reached = state.compacted;
        if reached < goal.revision {
            // It was raised in between: the next piece begins again.
            return;
        }
        effects.compacted = true;
        let done = Snapshot::new(state).at(reached).and_then(|live| self.journal.compact(reached, &live));
        for (_, reply) in self.goal.take().into_iter().flat_map(|goal| goal.waiting) {
            effects.replies.push((reply, done.clone().map(|()| Answer::Compacted)));
        }
    }

    /// Begins a compaction of what need not be kept.
    fn retire(&mut self) {
        let due = self.retention.due(self.state.head, self.state.compacted);
        if let (Some(revision), None) = (due, &self.goal) {
            self.goal = Some(Goal { revision, ..Goal::default() });
        }
    }

    fn commit(&mut self, first: (Request, Reply), effects: &mut Effects) {
        let mut round = Round::over(&self.state, self.journal.usage().room);
        let mut next = Some(first);
        while let Some((request, reply)) = next {
            effects.replies.push((reply, round.answer(request)));
            next = self.taken.pop_front_if(|(request, _)| request.is_write());
        }
        let lacked_room = round.lacked_room();
        let (records, leases) = round.done();
        // Whoever asked is told among the others.
        drop(self.write(records, leases, effects));
        self.make_room(lacked_room);
    }

    /// Does one request at once, without the queue, and a piece of a compaction that is under way; `Err` gives it back
    /// where it has to wait its turn.
    pub(super) fn answer_now(
        &mut self,
        request: Request,
    ) -> Result<(Effects, StorageResult<Answer>), Request> {
        let busy = !self.taken.is_empty() || !self.rotations.is_empty();
        if self.stopped || busy || !request.is_write() {
            return Err(request);
        }
        let mut effects = Effects::default();
        let mut round = Round::over(&self.state, self.journal.usage().room);
        let mut answer = round.answer(request);
        let lacked_room = round.lacked_room();
        let (records, leases) = round.done();
        if let Err(error) = self.write(records, leases, &mut effects) {
            answer = Err(error);
        }
        self.make_room(lacked_room);
        if !self.lacks_room() {
            self.advance(&mut effects);
        }
        Ok((effects, answer))
    }

    /// Makes a batch durable, and then the new state. `Err` is what everybody in the batch is told instead.
    fn write(
        &mut self,
        records: Vec<Record>,
        leases: Option<Leases>,
        effects: &mut Effects,
    ) -> StorageResult<()> {
        if records.is_empty() {
            return Ok(());
        }
        let mut appended = self.journal.append(&records);
        if matches!(appended, Err(StorageError::NoSpace)) && records.iter().all(Record::needs_no_room) {
            appended = self.clear(effects).and_then(|()| self.journal.append(&records));
        }
        match appended {
            Ok(()) => {}
            Err(StorageError::NoSpace) => {
                // Nothing was written, and nothing is lost but this batch.
                effects.replies.iter_mut().for_each(|(_, answer)| *answer = Err(StorageError::NoSpace));
                self.make_room(true);
                return Err(StorageError::NoSpace);
            }
            Err(error) => return Err(self.poison(error, effects)),
        }
        if let Some(leases) = leases {
            self.state.leases = leases;
        }
        effects.writes.reserve(records.len());
        for record in records {
            if let Record::Write { revision, events } = record {
                self.state.apply(revision, events.clone());
                effects.writes.push((revision, events));
            }
        }
        effects.state = Some(self.state());
        self.retire();
        Ok(())
    }

    /// Deletes go on without room: all that history and cleaning can give is given first.
    fn clear(&mut self, effects: &mut Effects) -> StorageResult<()> {
        self.make_room(true);
        while self.goal.is_some() {
            self.compact(effects);
        }
        while self.journal.tidy()? {}
        Ok(())
    }

    /// History is the first thing to go: what it held may be room for what was refused, next time.
    fn make_room(&mut self, lacking: bool) {
        if lacking && self.state.compacted < self.state.head {
            let goal = self.goal.get_or_insert_default();
            (goal.revision, goal.urgent) = (self.state.head, true);
        }
    }

    fn replace(&mut self, contents: Contents, reply: Reply, effects: &mut Effects) {
        let revision = self.state.head.max(contents.revision).next();
        let incarnation = self.state.incarnation.wrapping_add(1);
        let horizon = Horizon { compacted: revision, used: revision, incarnation };
        let record = Record::Reset { horizon, leases: contents.leases.into(), rows: contents.rows.into() };
        match self.journal.append(std::slice::from_ref(&record)) {
            Ok(()) => {}
            Err(StorageError::NoSpace) => {
                effects.replies.push((reply, Err(StorageError::NoSpace)));
                return self.make_room(true);
            }
            Err(error) => {
                effects.replies.push((reply, Ok(Answer::Replaced(revision))));
                self.poison(error, effects);
                return;
            }
        }
        self.state.replay(record);
        // What was to be compacted is gone.
        let waiting = self.goal.take().into_iter().flat_map(|goal| goal.waiting);
        effects.replies.extend(waiting.map(|(_, reply)| (reply, Ok(Answer::Compacted))));
        effects.replies.push((reply, Ok(Answer::Replaced(revision))));
        effects.state = Some(self.state());
        effects.replaced = true;
    }

    /// Nothing of the batch is shown; the answers cannot tell what a restart will find.
    fn poison(&mut self, error: StorageError, effects: &mut Effects) -> StorageError {
        self.stopped = true;
        let unknown = StorageError::Unknown { reason: format!("the journal failed: {error}") };
        effects.replies.iter_mut().for_each(|(_, answer)| *answer = Err(unknown.clone()));
        (effects.state, effects.poisoned) = (None, Some(error));
        unknown
    }
}
