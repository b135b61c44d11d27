//! A journal that breaks its promise.

use crate::tape::Tape;
use kube_store::storage::mvcc::{Horizon, Journal, Record, Recovered, Snapshot};
use kube_store::storage::{Event, Revision, StorageResult};

/// How it is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Every fifth batch is acknowledged and not written.
    LosesBatches,
    /// Of a transaction with several changes only the first is written.
    TearsBatches,
    /// A deletion is not written.
    ResurrectsDeleted,
    /// A time to live is not written.
    ForgetsLeases,
    /// It lets a second one in.
    StaysUnlocked,
}

/// A journal with a fault.
#[derive(Debug)]
pub(crate) struct Faulty<J> {
    inner: J,
    fault: Fault,
    batches: u64,
    tape: Tape,
}

impl<J: Journal> Faulty<J> {
    pub(crate) fn new(inner: J, fault: Fault, tape: &Tape) -> Self {
        Self { inner, fault, batches: 0, tape: tape.clone() }
    }

    fn falsified(&self, record: &Record) -> Option<Record> {
        match (self.fault, record) {
            (Fault::LosesBatches, _) if self.batches.is_multiple_of(5) => None,
            (Fault::ForgetsLeases, Record::Granted { .. } | Record::Ended { .. }) => None,
            (Fault::TearsBatches, Record::Write { revision, events }) => {
                Some(Record::Write { revision: *revision, events: events.iter().take(1).cloned().collect() })
            }
            (Fault::ResurrectsDeleted, Record::Write { revision, events }) => {
                let puts = events.iter().filter(|event| matches!(event, Event::Put { .. }));
                Some(Record::Write { revision: *revision, events: puts.cloned().collect() })
            }
            _ => Some(record.clone()),
        }
    }
}

impl<J: Journal> Journal for Faulty<J> {
    fn recover(&mut self, sink: &mut dyn FnMut(Recovered)) -> StorageResult<Horizon> {
        if self.fault == Fault::StaysUnlocked {
            self.tape.unlock();
        }
        self.inner.recover(sink)
    }

    fn append(&mut self, batch: &[Record]) -> StorageResult<()> {
        self.batches += 1;
        let written: Vec<Record> = batch.iter().filter_map(|record| self.falsified(record)).collect();
        self.inner.append(&written)
    }

    fn compact(&mut self, revision: Revision, live: &Snapshot) -> StorageResult<()> {
        self.inner.compact(revision, live)
    }
}
