//! Everything a store knows at one revision, as one persistent value.

use super::chain::Chain;
use super::log::{Changes, Log};
use super::{Record, Recovered};
use crate::storage::{Event, Key, KeyRange, KeyValue, ReadAt, Revision, StorageError, StorageResult, TtlId};
use imbl::{OrdMap, OrdSet};
use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

/// The state of a store and the history it still holds. Cheap to clone: everything large is shared.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) head: Revision,
    pub(super) compacted: Revision,
    pub(super) keys: usize,
    pub(super) bytes: u64,
    map: OrdMap<Key, Chain>,
    log: Log,
    leases: OrdMap<TtlId, Lease>,
    last_ttl: u64,
}

/// A time to live, without its deadline: this state knows no clock.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) granted: Duration,
    pub(super) keys: OrdSet<Key>,
}

impl State {
    /// The newest value of `key`.
    pub(super) fn newest(&self, key: &Key) -> Option<&Arc<KeyValue>> {
        self.map.get(key)?.newest()
    }

    /// The value of `key` that `revision` shows.
    pub(super) fn at(&self, key: &Key, revision: Revision) -> Option<&Arc<KeyValue>> {
        self.map.get(key)?.at(revision)
    }

    /// The values from `start` on that `revision` shows, up to the end of `range`.
    pub(super) fn range<'a>(
        &'a self,
        start: &'a str,
        range: &'a KeyRange,
        revision: Revision,
    ) -> impl Iterator<Item = &'a Arc<KeyValue>> + use<'a> {
        self.chains(start, range).filter_map(move |chain| chain.at(revision))
    }

    /// How many values [`State::range`] has.
    pub(super) fn count(&self, start: &str, range: &KeyRange, revision: Revision) -> usize {
        self.chains(start, range).filter(|chain| chain.is_live(revision)).count()
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
            return Err(StorageError::Expired { asked, compacted: self.compacted });
        }
        Ok(())
    }

    /// Whether nothing in `range` was written after `revision`, deletes included.
    pub(super) fn unchanged(&self, range: &KeyRange, revision: Revision) -> StorageResult<bool> {
        self.held(revision)?;
        // Deleted keys keep their chain until compaction, so that the map alone can tell.
        Ok(self.chains(range.start(), range).all(|chain| chain.revision() <= revision))
    }

    /// The changes above `after`, the oldest first.
    pub(super) fn changes(&self, after: Revision) -> impl Iterator<Item = (Revision, &Changes)> {
        self.log.scan(after, self.head)
    }

    /// Writes `key` at `revision`, above all others; returns the value before.
    pub(super) fn write(
        &mut self,
        key: &Key,
        revision: Revision,
        kv: Option<Arc<KeyValue>>,
    ) -> Option<Arc<KeyValue>> {
        let previous = self.newest(key).cloned();
        if let Some(old) = &previous {
            self.keys -= 1;
            self.bytes -= size(old);
            self.detach(old);
        }
        if let Some(new) = &kv {
            self.keys += 1;
            self.bytes += size(new);
            self.attach(new);
        }
        match self.map.get_mut(key) {
            Some(chain) => chain.push(revision, kv),
            None => drop(self.map.insert(key.clone(), Chain::new(revision, kv))),
        }
        previous
    }

    /// Records the changes of `revision`, already written.
    pub(super) fn remember(&mut self, revision: Revision, changes: Changes) {
        self.log.push(revision, changes);
    }

    /// Forgets what no revision from `oldest` on shows.
    pub(super) fn compact(&mut self, oldest: Revision) {
        let changed: BTreeSet<Key> = self
            .log
            .scan(self.compacted, oldest)
            .flat_map(|(_, changes)| changes.iter().map(|event| event.key().clone()))
            .collect();
        for key in changed {
            let Some(chain) = self.map.get(&key) else { continue };
            match chain.pruned(oldest) {
                Some(pruned) => self.map.insert(key, pruned),
                None => self.map.remove(&key),
            };
        }
        self.log.prune(oldest);
        self.compacted = oldest;
    }

    /// The lease `id`.
    pub(super) fn lease(&self, id: TtlId) -> StorageResult<&Lease> {
        self.leases.get(&id).ok_or_else(|| StorageError::NotFound { what: format!("time to live {}", id.0) })
    }

    /// Every lease.
    pub(super) fn leases(&self) -> impl Iterator<Item = (TtlId, &Lease)> {
        self.leases.iter().map(|(id, lease)| (*id, lease))
    }

    /// Begins a lease.
    pub(super) fn grant(&mut self, granted: Duration) -> TtlId {
        let id = TtlId(self.last_ttl + 1);
        self.begin(id, granted);
        id
    }

    /// Ends a lease that has no keys any more.
    pub(super) fn end(&mut self, id: TtlId) {
        self.leases.remove(&id);
    }

    /// Takes in one thing that a journal held.
    pub(super) fn recover(&mut self, recovered: Recovered) {
        match recovered {
            Recovered::Row(kv) => drop(self.write(&kv.key, kv.mod_revision, Some(kv.clone()))),
            Recovered::Record(Record::Granted { id, length }) => self.begin(id, length),
            Recovered::Record(Record::Ended { id }) => self.end(id),
            Recovered::Record(Record::Write { revision, events }) => {
                let changes: Changes = events.iter().map(|event| self.replay(revision, event)).collect();
                self.remember(revision, changes);
                self.head = revision;
            }
        }
    }

    fn replay(&mut self, revision: Revision, event: &Event) -> Event {
        match event {
            Event::Put { kv, .. } => {
                let previous = self.write(&kv.key, revision, Some(kv.clone()));
                Event::Put { kv: kv.clone(), previous }
            }
            Event::Delete { key, .. } => {
                Event::Delete { key: key.clone(), previous: self.write(key, revision, None) }
            }
        }
    }

    fn begin(&mut self, id: TtlId, granted: Duration) {
        self.last_ttl = self.last_ttl.max(id.0);
        self.leases.insert(id, Lease { granted, keys: OrdSet::new() });
    }

    fn attach(&mut self, kv: &KeyValue) {
        if let Some(lease) = kv.ttl.and_then(|id| self.leases.get_mut(&id)) {
            lease.keys.insert(kv.key.clone());
        }
    }

    fn detach(&mut self, kv: &KeyValue) {
        if let Some(lease) = kv.ttl.and_then(|id| self.leases.get_mut(&id)) {
            lease.keys.remove(&kv.key);
        }
    }

    fn chains<'a>(
        &'a self,
        start: &'a str,
        range: &'a KeyRange,
    ) -> impl Iterator<Item = &'a Chain> + use<'a> {
        let start = start.max(range.start());
        let empty = range.end().is_some_and(|end| end <= start);
        let bounds = (Bound::Included(start), range.end().map_or(Bound::Unbounded, Bound::Excluded));
        (!empty).then(|| self.map.range::<_, str>(bounds)).into_iter().flatten().map(|(_, chain)| chain)
    }
}

fn size(kv: &KeyValue) -> u64 {
    let bytes = kv.key.as_str().len() + kv.value.len();
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
