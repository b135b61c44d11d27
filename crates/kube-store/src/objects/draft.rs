//! What one request is about to write: compares and operations, with earlier writes visible to later ones.

use super::errors::api_error;
use super::keys::Keys;
use crate::mutant::{self, Mutant};
use crate::service::Fence;
use crate::storage::{Compare, Key, KeyRange, ListOptions, Op, ReadAt, Revision, Storage, TtlId, Txn};
use bytes::Bytes;
use kube_core::error::ApiError;
use std::collections::BTreeMap;

/// A value as the request sees it: stored, or written by the request itself.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    pub(crate) value: Bytes,
    /// The version that is stored; `None` when the key is new in this request.
    pub(crate) revision: Option<Revision>,
}

/// Where a compare comes from, to tell what its failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The election was lost.
    Fence,
    /// The object that this write creates is there already.
    Create(usize),
    /// Something that was read changed: plan again.
    Read,
}

#[derive(Clone, Debug)]
struct Pending {
    value: Option<Bytes>,
    ttl: Option<TtlId>,
    revision: Option<Revision>,
}

/// Compares and operations of one request, collected write by write.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    compares: Vec<(Compare, Origin)>,
    ops: BTreeMap<Key, Pending>,
}

impl Draft {
    /// An empty draft that holds only while the election is won.
    pub(crate) fn fenced(fence: Option<&Fence>) -> Self {
        let mut draft = Self::default();
        if let Some(fence) = fence.filter(|_| !mutant::is(Mutant::IgnoresFences)) {
            let compare = Compare::Unchanged { key: Keys::fence(&fence.name), revision: fence.revision };
            draft.compare(compare, Origin::Fence);
        }
        draft
    }

    /// The value of `key`, as this request sees it.
    pub(crate) async fn get(&self, storage: &dyn Storage, key: &Key) -> Result<Option<Current>, ApiError> {
        if let Some(pending) = self.ops.get(key) {
            let revision = pending.revision;
            return Ok(pending.value.clone().map(|value| Current { value, revision }));
        }
        let got = storage.get(key, ReadAt::Latest).await.map_err(|e| api_error(&e))?;
        Ok(got.kv.map(|kv| Current { value: kv.value.clone(), revision: Some(kv.mod_revision) }))
    }

    /// The values of a range, as this request sees them, and the revision read.
    pub(crate) async fn list(
        &self,
        storage: &dyn Storage,
        range: &KeyRange,
    ) -> Result<(Vec<(Key, Bytes)>, Revision), ApiError> {
        let page = storage.list(range, &ListOptions::default()).await.map_err(|e| api_error(&e))?;
        let mut values: BTreeMap<Key, Bytes> =
            page.items.iter().map(|kv| (kv.key.clone(), kv.value.clone())).collect();
        for (key, pending) in self.ops.iter().filter(|(key, _)| range.contains(key)) {
            match &pending.value {
                Some(value) => values.insert(key.clone(), value.clone()),
                None => values.remove(key),
            };
        }
        Ok((values.into_iter().collect(), page.revision))
    }

    /// What the request has written below `prefix`: keys, and values or `None` for what it deletes.
    pub(crate) fn written(&self, prefix: &str) -> impl Iterator<Item = (&Key, Option<&Bytes>)> {
        let below = self.ops.range(Key::from(prefix)..);
        let below = below.take_while(move |(key, _)| key.as_str().starts_with(prefix));
        below.map(|(key, pending)| (key, pending.value.as_ref()))
    }

    pub(crate) fn compare(&mut self, compare: Compare, origin: Origin) {
        self.compares.push((compare, origin));
    }

    /// Writes a value; `before` is what stands there, from [`Draft::get`].
    pub(crate) fn put(&mut self, key: Key, value: Bytes, ttl: Option<TtlId>, before: Option<&Current>) {
        let revision = before.and_then(|b| b.revision);
        self.ops.insert(key, Pending { value: Some(value), ttl, revision });
    }

    /// Deletes a value; `before` is what stands there, from [`Draft::get`].
    pub(crate) fn delete(&mut self, key: Key, before: Option<&Current>) {
        let revision = before.and_then(|b| b.revision);
        self.ops.insert(key, Pending { value: None, ttl: None, revision });
    }

    /// Whether an earlier write of the request put a value there.
    pub(crate) fn holds(&self, key: &Key) -> bool {
        self.ops.get(key).is_some_and(|pending| pending.value.is_some())
    }

    /// Whether the request has written the key before.
    pub(crate) fn writes(&self, key: &Key) -> bool {
        self.ops.contains_key(key)
    }

    pub(crate) fn writes_nothing(&self) -> bool {
        self.ops.is_empty()
    }

    pub(crate) fn has_compares(&self) -> bool {
        !self.compares.is_empty()
    }

    /// The operations and compares, counted as the store's limits count them.
    pub(crate) fn size(&self) -> usize {
        self.ops.len().max(self.compares.len())
    }

    /// The transaction, and the origin of each of its compares.
    pub(crate) fn into_txn(self) -> (Txn, Vec<Origin>) {
        let (compares, origins) = self.compares.into_iter().unzip();
        let ops = self.ops.into_iter().map(|(key, pending)| match pending.value {
            Some(value) => Op::Put { key, value, ttl: pending.ttl },
            None => Op::Delete { key },
        });
        (Txn { compares, ops: ops.collect(), quiet: true }, origins)
    }
}
