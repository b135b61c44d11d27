//! Where something is, by key.

use super::NodeSlot;
use kube_core::map::{FxHasher, FxMap};
use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// In how many parts the index is kept: a change after a fork copies one of them.
const SHARDS: usize = 128;

/// A place per key, in shards that forks share. Never iterated.
#[derive(Clone, Debug)]
pub(super) struct Shards<K> {
    shards: Vec<Arc<FxMap<K, NodeSlot>>>,
    len: usize,
}

impl<K> Default for Shards<K> {
    fn default() -> Self {
        Self { shards: vec![Arc::default(); SHARDS], len: 0 }
    }
}

impl<K: Hash + Eq + Clone> Shards<K> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn slot<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<NodeSlot>
    where
        K: Borrow<Q>,
    {
        self.shards[shard(key)].get(key).copied()
    }

    pub(super) fn insert(&mut self, key: K, slot: NodeSlot) {
        let map = Arc::make_mut(&mut self.shards[shard(&key)]);
        self.len += usize::from(map.insert(key, slot).is_none());
    }

    pub(super) fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let map = Arc::make_mut(&mut self.shards[shard(key)]);
        self.len -= usize::from(map.remove(key).is_some());
    }
}

fn shard<Q: Hash + ?Sized>(key: &Q) -> usize {
    let mut hasher = FxHasher::default();
    key.hash(&mut hasher);
    // The maps use the low bits; other bits pick the shard, or each map would fill unevenly.
    usize::try_from(hasher.finish() >> 32).unwrap_or(0) % SHARDS
}
