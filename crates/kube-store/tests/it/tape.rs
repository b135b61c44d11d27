//! A durable journal in memory: what a disk that never lies would hold. It outlives the stores opened on it.

use kube_core::env::Env;
use kube_store::storage::mvcc::{
    History, Horizon, Journal, MvccOptions, MvccStorage, Record, Recovered, Snapshot,
};
use kube_store::storage::{KeyRange, Revision, Storage, StorageError, StorageResult, TtlId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// A tape. Clones are the same tape.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    leases: BTreeMap<TtlId, Duration>,
    /// The newest lease that was ever granted and has ended: its name is not given again.
    ended: Option<TtlId>,
    rows: Vec<Recovered>,
    records: Vec<Record>,
    compacted: Revision,
    locked: bool,
    /// Whether the next append fails, and whether it is kept all the same.
    fails: Option<bool>,
}

impl Tape {
    /// Opens a store on the tape, through whatever `wrap` makes of its journal.
    pub(crate) fn load<J: Journal>(
        &self,
        env: &Env,
        wrap: impl FnOnce(Reel) -> J,
    ) -> StorageResult<Arc<dyn Storage>> {
        let journal = wrap(Reel { tape: self.clone(), locks: false });
        let options = MvccOptions { env: Some(env.clone()), history: History::ALL, ..MvccOptions::default() };
        Ok(Arc::new(MvccStorage::over(journal, options)?))
    }

    /// Lets the next append fail.
    pub(crate) fn fail(&self, kept: bool) {
        self.held().fails = Some(kept);
    }

    /// Lets nothing fail.
    pub(crate) fn fail_no_more(&self) {
        self.held().fails = None;
    }

    /// Lets whoever comes next in, whoever is still there.
    pub(crate) fn unlock(&self) {
        self.held().locked = false;
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap()
    }
}

/// The journal of one opening.
#[derive(Debug)]
pub(crate) struct Reel {
    tape: Tape,
    locks: bool,
}

impl Journal for Reel {
    fn recover(&mut self, sink: &mut dyn FnMut(Recovered)) -> StorageResult<Horizon> {
        let mut held = self.tape.held();
        if held.locked {
            return Err(StorageError::Invalid { reason: "the tape is in use".into() });
        }
        (held.locked, self.locks) = (true, true);
        if let Some(id) = held.ended {
            sink(Recovered::Record(Record::Granted { id, length: Duration::ZERO }));
            sink(Recovered::Record(Record::Ended { id }));
        }
        let granted = held.leases.iter().map(|(id, length)| Record::Granted { id: *id, length: *length });
        granted.map(Recovered::Record).for_each(&mut *sink);
        held.rows.iter().cloned().for_each(&mut *sink);
        held.records.iter().cloned().map(Recovered::Record).for_each(sink);
        Ok(Horizon { compacted: held.compacted, used: held.compacted, incarnation: 7 })
    }

    fn append(&mut self, batch: &[Record]) -> StorageResult<()> {
        let mut held = self.tape.held();
        let fails = held.fails.take();
        if fails != Some(false) {
            held.records.extend_from_slice(batch);
        }
        match fails {
            Some(_) => Err(StorageError::Corrupt { what: "the tape tore".into() }),
            None => Ok(()),
        }
    }

    fn compact(&mut self, revision: Revision, live: &Snapshot) -> StorageResult<()> {
        let mut held = self.tape.held();
        held.rows = live.range(&KeyRange::all()).cloned().map(Recovered::Row).collect();
        let above = |record: &Record| matches!(record, Record::Write { revision: at, .. } if *at > revision);
        let below = held.records.iter().position(above).unwrap_or(held.records.len());
        for record in held.records.drain(..below).collect::<Vec<_>>() {
            match record {
                Record::Granted { id, length } => drop(held.leases.insert(id, length)),
                Record::Reset { .. } => unreachable!("nothing is imported here"),
                Record::Ended { id } => {
                    held.leases.remove(&id);
                    held.ended = held.ended.max(Some(id));
                }
                Record::Write { .. } => {}
            }
        }
        held.compacted = revision;
        Ok(())
    }
}

impl Drop for Reel {
    fn drop(&mut self) {
        if self.locks {
            self.tape.unlock();
        }
    }
}
