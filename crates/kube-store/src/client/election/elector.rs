//! The rules. Pure: somebody else reads, writes, waits.

use super::config::{ElectionConfig, JITTER};
use super::record::Record;
use crate::mutant::{self, Mutant};
use crate::storage::Revision;
use jiff::Timestamp;
use kube_core::env::{Mono, Rng};
use std::time::Duration;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The wait is over.
    Due,
    /// The record was read.
    Seen(Option<(Record, Revision)>),
    /// The record, or the fence, was written, at this revision.
    Written(Revision),
    /// It was not written: somebody else had written before.
    Refused,
    /// Nobody knows: no answer, or none in time.
    Failed,
    /// Stop, and give up what was won.
    Stop,
}

/// What to do next; the answer is the next input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read the record.
    Read,
    /// Write the record over the one of this revision, or create it.
    Write {
        /// What to write.
        record: Record,
        /// What it must stand over.
        over: Option<Revision>,
    },
    /// Write the fence, while the record is still of this revision.
    Fence {
        /// The revision of the record.
        over: Revision,
    },
    /// Wait until then. A follower may come back earlier, when it sees that nobody leads.
    Sleep(Mono),
    /// It is over.
    Stopped,
}

/// One that stands for an election.
#[derive(Clone, Debug)]
pub struct Elector {
    config: ElectionConfig,
    /// What was seen last, and when it first was.
    observed: Option<(Record, Revision, Mono)>,
    phase: Phase,
}

/// What is being waited for.
#[derive(Clone, Debug)]
enum Phase {
    Following,
    /// For the record.
    Asking,
    /// For the answer to our record, which was sent then.
    Taking {
        record: Record,
        sent: Mono,
    },
    /// For the fence of the record, which was sent then.
    Fencing {
        record: Record,
        sent: Mono,
        version: Revision,
    },
    /// For the next renewal, or for the answer to one.
    Leading {
        won: Won,
        doing: Doing,
    },
    /// For the answer to what gives this record up, or, when somebody had written before, to who that was.
    Releasing(Record),
    Stopped,
}

/// What was won.
#[derive(Clone, Debug)]
struct Won {
    token: Revision,
    record: Record,
    version: Revision,
    /// When the last renewal that succeeded was sent: others may have counted from then.
    renewed: Mono,
}

#[derive(Clone, Debug)]
enum Doing {
    Resting,
    Renewing {
        record: Record,
        sent: Mono,
    },
    /// Somebody wrote: was it us, with a write whose answer never came?
    Checking,
}

impl Elector {
    /// One that follows; the first input is [`Input::Due`].
    pub fn new(config: ElectionConfig) -> Self {
        Self { config, observed: None, phase: Phase::Following }
    }

    /// The revision of the fence while the election is won, as far as can be known at `now`.
    pub fn leads(&self, now: Mono) -> Option<Revision> {
        self.tenure().filter(|(_, until)| now < *until).map(|(token, _)| token)
    }

    /// The revision of the fence of what was won, and until when it is without another renewal.
    pub fn tenure(&self) -> Option<(Revision, Mono)> {
        match &self.phase {
            Phase::Leading { won, .. } => Some((won.token, self.deadline_of(won))),
            _ => None,
        }
    }

    /// When an answer must have come, asked for at `now`.
    pub fn deadline(&self, now: Mono) -> Mono {
        match &self.phase {
            Phase::Leading { won, .. } => self.deadline_of(won),
            _ => now + self.config.renew_deadline,
        }
    }

    /// Who is known to lead; `None` when nobody is.
    pub fn holder(&self) -> Option<&str> {
        self.observed.as_ref().map(|(record, ..)| &*record.holder).filter(|holder| !holder.is_empty())
    }

    /// Whether it waits for somebody else to go.
    pub fn follows(&self) -> bool {
        matches!(self.phase, Phase::Following)
    }

    fn deadline_of(&self, won: &Won) -> Mono {
        if mutant::is(Mutant::RenewsAfterDeadline) {
            return Mono::from_nanos(u64::MAX);
        }
        won.renewed + self.config.renew_deadline
    }

    /// Takes note of a record that a watch told of while waiting: its time counts from now, and not from when it is
    /// read next.
    pub fn notice(&mut self, record: &Record, version: Revision, now: Mono) {
        if self.follows() {
            self.observe(record, version, now);
        }
    }

    /// Takes in what happened at `now`. `wall` goes into the record and nowhere else.
    pub fn step(&mut self, now: Mono, wall: Timestamp, input: Input, rng: &mut Rng) -> Action {
        let phase = std::mem::replace(&mut self.phase, Phase::Following);
        if input == Input::Stop {
            return self.release(phase, wall);
        }
        match phase {
            Phase::Following => {
                self.phase = Phase::Asking;
                Action::Read
            }
            Phase::Asking => match input {
                Input::Seen(seen) => self.judge(seen, now, wall, rng),
                _ => self.follow(now, rng),
            },
            Phase::Taking { record, sent } => match input {
                Input::Written(version) => {
                    self.observe(&record, version, now);
                    self.phase = Phase::Fencing { record, sent, version };
                    Action::Fence { over: version }
                }
                _ => self.follow(now, rng),
            },
            Phase::Fencing { record, sent, version } => match input {
                Input::Written(token) => self.lead(Won { token, record, version, renewed: sent }, now, rng),
                _ => self.follow(now, rng),
            },
            Phase::Leading { won, doing } => self.renew((won, doing), input, (now, wall), rng),
            Phase::Releasing(record) => self.go(record, input, wall),
            Phase::Stopped => self.stop(),
        }
    }

    /// Waits, together with everybody else who follows, but not in step with them.
    fn follow(&mut self, now: Mono, rng: &mut Rng) -> Action {
        self.phase = Phase::Following;
        let retry = self.config.retry_period;
        Action::Sleep(now + rng.between(retry, retry.mul_f64(1.0 + JITTER)))
    }

    /// Notes a record; one that was seen before keeps its time, and an older one, which only a watch tells of, is no
    /// news. Its revision tells, and not what it says of time: the holder's clock may stand still.
    fn observe(&mut self, record: &Record, version: Revision, now: Mono) {
        if self.observed.as_ref().is_none_or(|(_, known, _)| *known < version) {
            self.observed = Some((record.clone(), version, now));
        }
    }

    /// What the record that a follower read means.
    fn judge(
        &mut self,
        seen: Option<(Record, Revision)>,
        now: Mono,
        wall: Timestamp,
        rng: &mut Rng,
    ) -> Action {
        let Some((record, version)) = seen else {
            self.observed = None;
            return self.take(None, now, wall);
        };
        self.observe(&record, version, now);
        let since = self.observed.as_ref().map_or(now, |(.., since)| *since);
        let held = !record.holder.is_empty() && record.holder != self.config.identity;
        let respected = if mutant::is(Mutant::ExpiresByTheWall) {
            record.renewed.saturating_add(record.duration).is_ok_and(|end| end > wall)
        } else {
            since + record.duration > now
        };
        if held && respected {
            return self.follow(now, rng);
        }
        self.take(Some((record, version)), now, wall)
    }

    fn take(&mut self, over: Option<(Record, Revision)>, now: Mono, wall: Timestamp) -> Action {
        let mine = |record: &Record| record.holder == self.config.identity;
        let (acquired, transitions) = match &over {
            Some((record, _)) if mine(record) => (record.acquired, record.transitions),
            Some((record, _)) => (wall, record.transitions.saturating_add(1)),
            None => (wall, 0),
        };
        let record = Record {
            holder: self.config.identity.clone(),
            duration: self.config.lease_duration,
            acquired,
            renewed: wall,
            transitions,
        };
        self.phase = Phase::Taking { record: record.clone(), sent: now };
        Action::Write { record, over: over.map(|(_, version)| version) }
    }

    /// Goes on leading until the next renewal, if there is time left.
    fn lead(&mut self, won: Won, now: Mono, rng: &mut Rng) -> Action {
        let deadline = self.deadline_of(&won);
        if now >= deadline {
            return self.follow(now, rng);
        }
        let next = (won.renewed + self.config.retry_period).max(now);
        self.phase = Phase::Leading { won, doing: Doing::Resting };
        Action::Sleep(next.min(deadline))
    }

    fn renew(
        &mut self,
        (won, doing): (Won, Doing),
        input: Input,
        (now, wall): (Mono, Timestamp),
        rng: &mut Rng,
    ) -> Action {
        if now >= self.deadline_of(&won) {
            // Whatever the answer is: it came too late.
            return self.follow(now, rng);
        }
        match (doing, input) {
            (Doing::Renewing { record, sent }, Input::Written(version)) => {
                self.observe(&record, version, now);
                self.lead(Won { record, version, renewed: sent, ..won }, now, rng)
            }
            (Doing::Renewing { .. }, Input::Refused) => {
                self.phase = Phase::Leading { won, doing: Doing::Checking };
                Action::Read
            }
            (Doing::Checking, Input::Seen(Some((record, version)))) if record.holder == won.record.holder => {
                self.send(Won { record, version, ..won }, now, wall)
            }
            (Doing::Checking, Input::Seen(seen)) => {
                if let Some((record, version)) = &seen {
                    self.observe(record, *version, now);
                }
                self.follow(now, rng)
            }
            (Doing::Resting, Input::Due) => self.send(won, now, wall),
            _ => {
                let next = (now + self.config.retry_period).min(self.deadline_of(&won));
                self.phase = Phase::Leading { won, doing: Doing::Resting };
                Action::Sleep(next)
            }
        }
    }

    fn send(&mut self, won: Won, now: Mono, wall: Timestamp) -> Action {
        let record = Record { renewed: wall, ..won.record.clone() };
        let over = Some(won.version);
        let doing = Doing::Renewing { record: record.clone(), sent: now };
        self.phase = Phase::Leading { won, doing };
        Action::Write { record, over }
    }

    /// Gives up what was won, so that others need not wait for it to run out.
    fn release(&mut self, phase: Phase, wall: Timestamp) -> Action {
        match phase {
            Phase::Leading { won: Won { record, version, .. }, .. }
            | Phase::Fencing { record, version, .. }
                if !mutant::is(Mutant::ForgetsRelease) =>
            {
                self.give_up(record, version, wall)
            }
            _ => self.stop(),
        }
    }

    fn give_up(&mut self, record: Record, version: Revision, wall: Timestamp) -> Action {
        let free = Record {
            holder: String::new(),
            duration: Duration::from_secs(1),
            acquired: wall,
            renewed: wall,
            transitions: record.transitions,
        };
        self.phase = Phase::Releasing(record);
        Action::Write { record: free, over: Some(version) }
    }

    /// Ends once it is given up. Refused: a renewal whose answer never came was applied, and is what to give up.
    fn go(&mut self, record: Record, input: Input, wall: Timestamp) -> Action {
        match input {
            Input::Refused => {
                self.phase = Phase::Releasing(record);
                Action::Read
            }
            Input::Seen(Some((seen, version))) if seen.holder == record.holder => {
                self.give_up(seen, version, wall)
            }
            _ => self.stop(),
        }
    }

    fn stop(&mut self) -> Action {
        self.phase = Phase::Stopped;
        Action::Stopped
    }
}
