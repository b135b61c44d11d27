//! Everything a store knows at one revision.

use super::leases::{Lease, Leases};
use super::log::{Changes, Log, Logged};
use super::map::{Entry, Map};
use super::{Record, Recovered};
use crate::storage::{Event, Key, KeyRange, KeyValue, ReadAt, Revision, StorageError, StorageResult, TtlId};
use std::sync::Arc;

/// How far what nobody can see was swept out, in key order.
#[derive(Debug)]
pub(super) struct Sweep {
    from: Option<Arc<str>>,
}

/// The state of a store and the history it still holds. Cheap to clone: everything large is shared.
///
/// Keys, versions and changes are added in place, above `head`: a clone does not show them, because it stops at its
/// own. So only what is durable may be added.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) head: Revision,
    pub(super) compacted: Revision,
    /// Names the history.
    pub(super) incarnation: u64,
    pub(super) keys: usize,
    pub(super) bytes: u64,
    pub(super) leases: Leases,
    map: Map,
    log: Log,
}

impl State {
    /// The newest value of `key`.
    pub(super) fn newest(&self, key: &Key) -> Option<&Arc<KeyValue>> {
        self.at(key, self.head)
    }

    /// The value of `key` that `revision` shows.
    pub(super) fn at(&self, key: &Key, revision: Revision) -> Option<&Arc<KeyValue>> {
        self.map.get(key.as_str())?.at(revision)
    }

    /// The values from `start` on that `revision` shows, up to the end of `range`.
    pub(super) fn range<'a>(
        &'a self,
        start: &'a str,
        range: &'a KeyRange,
        revision: Revision,
    ) -> impl Iterator<Item = &'a Arc<KeyValue>> + use<'a> {
        self.entries(start, range).filter_map(move |entry| entry.chain.at(revision))
    }

    /// How many values [`State::range`] has.
    pub(super) fn count(&self, start: &str, range: &KeyRange, revision: Revision) -> usize {
        self.entries(start, range).filter(|entry| entry.chain.is_live(revision)).count()
    }

    /// The revision that a read at `at` shows.
    pub(super) fn resolve(&self, at: ReadAt) -> StorageResult<Revision> {
        match at {
            ReadAt::AtLeast(asked) if asked > self.head => {
                Err(StorageError::Future { asked, head: self.head })
            }
            ReadAt::Latest | ReadAt::AtLeast(_) | ReadAt::Any => Ok(self.head),
            ReadAt::Exactly(asked) => self.held(asked).map(|()| asked),
        }
    }

    /// Whether the state at `asked` can be told.
    pub(super) fn held(&self, asked: Revision) -> StorageResult<()> {
        if asked > self.head {
            return Err(StorageError::Future { asked, head: self.head });
        }
        if asked < self.compacted {
            return Err(StorageError::Expired { asked, compacted: self.compacted, next: None });
        }
        Ok(())
    }

    /// Whether nothing in `range` was written after `revision`, deletes included.
    pub(super) fn unchanged(&self, range: &KeyRange, revision: Revision) -> StorageResult<bool> {
        self.held(revision)?;
        // Deleted keys keep their chain until compaction, so that the map alone can tell.
        Ok(self.entries(range.start(), range).all(|entry| entry.chain.revision() <= revision))
    }

    /// The changes above `after`, the oldest first.
    pub(super) fn changes(&self, after: Revision) -> impl Iterator<Item = (Revision, &Logged)> {
        self.log.scan(after, self.head)
    }

    /// Takes in what `revision`, above all others, changed. Clones see nothing of it.
    pub(super) fn apply(&mut self, revision: Revision, changes: Changes) {
        for event in changes.iter() {
            match event {
                Event::Put { kv, previous } => {
                    self.count_out(previous.as_deref());
                    self.keys += 1;
                    self.bytes += size(kv);
                    self.map.write(&kv.key, revision, Some(kv.clone()));
                }
                Event::Delete { key, previous } => {
                    self.count_out(previous.as_deref());
                    self.map.write(key, revision, None);
                }
            }
        }
        self.log.push(revision, changes);
        self.head = revision;
    }

    fn count_out(&mut self, gone: Option<&KeyValue>) {
        if let Some(gone) = gone {
            self.keys -= 1;
            self.bytes -= size(gone);
        }
    }

    /// Shows nothing below `oldest` any more. What nobody can see then is still to be swept out.
    pub(super) fn compact(&mut self, oldest: Revision) -> Sweep {
        self.compacted = oldest;
        Sweep { from: Some("".into()) }
    }

    /// Sweeps on, looking at about `budget` keys and revisions; answers whether there is more.
    pub(super) fn sweep(&mut self, sweep: &mut Sweep, budget: usize) -> bool {
        if self.log.prune(self.compacted, budget) {
            return true;
        }
        sweep.from = sweep.from.take().and_then(|from| self.map.prune(from, self.compacted, budget));
        sweep.from.is_some()
    }

    /// The lease `id`.
    pub(super) fn lease(&self, id: TtlId) -> StorageResult<&Lease> {
        self.leases.get(id)
    }

    /// Every lease.
    pub(super) fn leases(&self) -> impl Iterator<Item = (TtlId, &Lease)> {
        self.leases.iter()
    }

    /// Takes in one thing that a journal held.
    pub(super) fn recover(&mut self, recovered: Recovered) {
        match recovered {
            Recovered::Row(kv) => self.row(&kv),
            Recovered::Record(record) => self.replay(record),
        }
    }

    /// Does what a record says was done.
    pub(super) fn replay(&mut self, record: Record) {
        match record {
            Record::Granted { id, length } => self.leases.begin(id, length),
            Record::Ended { id } => self.leases.end(id),
            Record::Write { revision, events } => {
                let changes: Changes = events.iter().map(|event| self.replayed(event)).collect();
                changes.iter().for_each(|event| self.leases.follow(event));
                self.apply(revision, changes);
            }
            Record::Reset { horizon, leases, rows } => {
                let begun = self.leases.emptied();
                *self = Self { leases: begun, incarnation: horizon.incarnation, ..Self::default() };
                leases.iter().for_each(|(id, length)| self.leases.begin(*id, *length));
                rows.iter().for_each(|kv| self.row(kv));
                (self.head, self.compacted) = (horizon.used, horizon.compacted);
            }
        }
    }

    /// Takes in a value of the compacted state.
    fn row(&mut self, kv: &Arc<KeyValue>) {
        self.leases.follow(&Event::Put { kv: kv.clone(), previous: None });
        self.keys += 1;
        self.bytes += size(kv);
        self.map.write(&kv.key, kv.mod_revision, Some(kv.clone()));
        self.head = self.head.max(kv.mod_revision);
    }

    /// The event with the value before, which a journal does not hold.
    fn replayed(&self, event: &Event) -> Event {
        let previous = self.newest(event.key()).cloned();
        match event {
            Event::Put { kv, .. } => Event::Put { kv: kv.clone(), previous },
            Event::Delete { key, .. } => Event::Delete { key: key.clone(), previous },
        }
    }

    fn entries<'a>(
        &'a self,
        start: &'a str,
        range: &'a KeyRange,
    ) -> impl Iterator<Item = &'a Arc<Entry>> + use<'a> {
        let start = start.max(range.start());
        let empty = range.end().is_some_and(|end| end <= start);
        (!empty).then(|| self.map.range(start, range.end())).into_iter().flatten()
    }
}

fn size(kv: &KeyValue) -> u64 {
    let bytes = kv.key.as_str().len() + kv.value.len();
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
