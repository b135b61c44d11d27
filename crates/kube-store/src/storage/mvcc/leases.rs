//! Times to live and the keys that hang on them, without deadlines: this state knows no clock.

use crate::storage::{Event, Key, KeyValue, StorageError, StorageResult, TtlId};
use imbl::{OrdMap, OrdSet};
use std::time::Duration;

/// Every lease. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Leases {
    map: OrdMap<TtlId, Lease>,
    last: u64,
}

/// A time to live.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) granted: Duration,
    pub(super) keys: OrdSet<Key>,
}

impl Leases {
    /// The lease `id`.
    pub(super) fn get(&self, id: TtlId) -> StorageResult<&Lease> {
        self.map.get(&id).ok_or_else(|| StorageError::NotFound { what: format!("time to live {}", id.0) })
    }

    /// No lease, and none of the names that were given.
    pub(super) fn emptied(&self) -> Self {
        Self { map: OrdMap::new(), last: self.last }
    }

    /// Every lease.
    pub(super) fn iter(&self) -> impl Iterator<Item = (TtlId, &Lease)> {
        self.map.iter().map(|(id, lease)| (*id, lease))
    }

    /// Begins a lease of a new name.
    pub(super) fn grant(&mut self, granted: Duration) -> TtlId {
        let id = TtlId(self.last + 1);
        self.begin(id, granted);
        id
    }

    /// Begins a lease.
    pub(super) fn begin(&mut self, id: TtlId, granted: Duration) {
        self.last = self.last.max(id.0);
        self.map.insert(id, Lease { granted, keys: OrdSet::new() });
    }

    /// Ends a lease that has no keys any more.
    pub(super) fn end(&mut self, id: TtlId) {
        self.map.remove(&id);
    }

    /// Moves the key of `event` from the lease it hung on to that which it hangs on now.
    pub(super) fn follow(&mut self, event: &Event) {
        let (now, before) = match event {
            Event::Put { kv, previous } => (Some(kv), previous),
            Event::Delete { previous, .. } => (None, previous),
        };
        let keys = |kv: &KeyValue| kv.ttl.map(|id| (id, kv.key.clone()));
        if let Some((id, key)) = before.as_deref().and_then(keys)
            && let Some(lease) = self.map.get_mut(&id)
        {
            lease.keys.remove(&key);
        }
        if let Some((id, key)) = now.map(|kv| &**kv).and_then(keys)
            && let Some(lease) = self.map.get_mut(&id)
        {
            lease.keys.insert(key);
        }
    }
}
