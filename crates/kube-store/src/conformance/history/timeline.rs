//! What every revision showed, put together from the writes in the order of their revisions.

use crate::storage::{Key, KeyRange, KeyValue, Op, Revision};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A change of one key: the value from then on, and the one before.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) key: Key,
    pub(super) value: Option<Arc<KeyValue>>,
    pub(super) before: Option<Arc<KeyValue>>,
}

/// What a key holds from a revision on; `None` where it was deleted.
type Version = (Revision, Option<Arc<KeyValue>>);

/// Every version of every key.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    keys: BTreeMap<Key, Vec<Version>>,
    changes: BTreeMap<Revision, Vec<Change>>,
}

impl Timeline {
    /// Writes `ops` at `revision`, above all others; tells what stood there before, one per operation.
    pub(super) fn write(&mut self, revision: Revision, ops: &[Op]) -> Vec<Option<Arc<KeyValue>>> {
        let mut previous = Vec::with_capacity(ops.len());
        let mut changes = Vec::with_capacity(ops.len());
        for op in ops {
            let before = self.newest(op.key()).cloned();
            let value = match op {
                Op::Put { key, value, ttl } => Some(Arc::new(KeyValue {
                    key: key.clone(),
                    value: value.clone(),
                    create_revision: before.as_ref().map_or(revision, |kv| kv.create_revision),
                    mod_revision: revision,
                    version: before.as_ref().map_or(1, |kv| kv.version + 1),
                    ttl: *ttl,
                })),
                Op::Delete { .. } => None,
            };
            previous.push(before.clone());
            if value.is_none() && before.is_none() {
                continue;
            }
            self.keys.entry(op.key().clone()).or_default().push((revision, value.clone()));
            changes.push(Change { key: op.key().clone(), value, before });
        }
        changes.sort_by(|a, b| a.key.cmp(&b.key));
        self.changes.insert(revision, changes);
        previous
    }

    /// The newest value of `key`.
    pub(super) fn newest(&self, key: &Key) -> Option<&Arc<KeyValue>> {
        self.keys.get(key)?.last()?.1.as_ref()
    }

    /// The value of `key` at `revision`.
    pub(super) fn at(&self, key: &Key, revision: Revision) -> Option<&Arc<KeyValue>> {
        value_at(self.keys.get(key)?, revision)
    }

    /// The values of `range` from `start` on at `revision`, in key order.
    pub(super) fn range<'a>(
        &'a self,
        start: &'a str,
        range: &'a KeyRange,
        revision: Revision,
    ) -> impl Iterator<Item = &'a Arc<KeyValue>> + use<'a> {
        let start = start.max(range.start());
        self.keys
            .range::<str, _>((std::ops::Bound::Included(start), std::ops::Bound::Unbounded))
            .take_while(|(key, _)| range.end().is_none_or(|end| key.as_str() < end))
            .filter_map(move |(_, versions)| value_at(versions, revision))
    }

    /// The changes in `range` after `revision`, by revision.
    pub(super) fn after<'a>(
        &'a self,
        revision: Revision,
        range: &'a KeyRange,
    ) -> impl Iterator<Item = (Revision, Vec<&'a Change>)> + use<'a> {
        self.changes.range(revision.next()..).filter_map(move |(at, changes)| {
            let mine: Vec<&Change> = changes.iter().filter(|change| range.contains(&change.key)).collect();
            (!mine.is_empty()).then_some((*at, mine))
        })
    }

    /// The keys that hang on the same time to live as `key` does now, if it does on any.
    pub(super) fn siblings(&self, key: &Key) -> Option<BTreeSet<Key>> {
        let ttl = self.newest(key)?.ttl?;
        let attached = self.keys.iter().filter(|(_, versions)| {
            versions.last().is_some_and(|(_, kv)| kv.as_ref().is_some_and(|kv| kv.ttl == Some(ttl)))
        });
        Some(attached.map(|(key, _)| key.clone()).collect())
    }
}

fn value_at(versions: &[Version], revision: Revision) -> Option<&Arc<KeyValue>> {
    let above = versions.partition_point(|(at, _)| *at <= revision);
    versions[..above].last()?.1.as_ref()
}
