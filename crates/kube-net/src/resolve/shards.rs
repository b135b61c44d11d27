//! A map whose copies share what has not changed.

use kube_core::map::FxHasher;
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

const SHARDS: usize = 64;

/// A map in parts: a copy shares all parts, and a change copies one.
#[derive(Clone, Debug)]
pub(crate) struct Shards<K, V>(Vec<Arc<BTreeMap<K, V>>>);

impl<K, V> Default for Shards<K, V> {
    fn default() -> Self {
        Self((0..SHARDS).map(|_| Arc::default()).collect())
    }
}

impl<K: Ord + Hash + Clone, V: Clone> Shards<K, V> {
    pub(super) fn get<Q: Ord + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0[shard(key)].get(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        Arc::make_mut(&mut self.0[shard(&key)]).insert(key, value);
    }

    pub(super) fn remove(&mut self, key: &K) {
        let part = &mut self.0[shard(key)];
        if part.contains_key(key) {
            Arc::make_mut(part).remove(key);
        }
    }
}

fn shard<Q: Hash + ?Sized>(key: &Q) -> usize {
    let mut hasher = FxHasher::default();
    key.hash(&mut hasher);
    usize::try_from(hasher.finish() % SHARDS as u64).unwrap_or_default()
}
