//! Where each pod is.

use super::NodeSlot;
use kube_core::map::{FxHasher, FxMap};
use kube_core::resource::ObjectKey;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// In how many parts the index is kept: a change after a fork copies one of them.
const SHARDS: usize = 128;

/// The node of every pod, in shards that forks share.
#[derive(Clone, Debug)]
pub(super) struct PodIndex {
    shards: Vec<Arc<FxMap<ObjectKey, NodeSlot>>>,
    len: usize,
}

impl Default for PodIndex {
    fn default() -> Self {
        Self { shards: vec![Arc::default(); SHARDS], len: 0 }
    }
}

impl PodIndex {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn slot(&self, key: &ObjectKey) -> Option<NodeSlot> {
        self.shards[shard(key)].get(key).copied()
    }

    pub(super) fn insert(&mut self, key: ObjectKey, slot: NodeSlot) {
        let map = Arc::make_mut(&mut self.shards[shard(&key)]);
        self.len += usize::from(map.insert(key, slot).is_none());
    }

    pub(super) fn remove(&mut self, key: &ObjectKey) {
        let map = Arc::make_mut(&mut self.shards[shard(key)]);
        self.len -= usize::from(map.remove(key).is_some());
    }
}

fn shard(key: &ObjectKey) -> usize {
    let mut hasher = FxHasher::default();
    key.hash(&mut hasher);
    // The maps use the low bits; other bits pick the shard, or each map would fill unevenly.
    usize::try_from(hasher.finish() >> 32).unwrap_or(0) % SHARDS
}
