//! Services by namespace and name.

use super::service::Joined;
use hashbrown::HashTable;
use kube_core::map::fx_hash;
use kube_core::resource::ObjectKey;
use std::sync::Arc;

/// Services by namespace and name, found without a key of one's own. A copy shares all parts, and a change copies one.
#[derive(Clone, Debug)]
pub(super) struct Directory(Vec<Arc<HashTable<Entry>>>);

#[derive(Clone, Debug)]
struct Entry {
    hash: u64,
    service: Arc<Joined>,
}

const PARTS: usize = 64;

impl Default for Directory {
    fn default() -> Self {
        Self((0..PARTS).map(|_| Arc::default()).collect())
    }
}

impl Directory {
    pub(super) fn find(&self, namespace: &str, name: &str) -> Option<&Arc<Joined>> {
        let hash = fx_hash(&(namespace, name));
        let found = self.0[part(hash)].find(hash, |entry| entry.is(hash, namespace, name));
        found.map(|entry| &entry.service)
    }

    pub(super) fn insert(&mut self, service: Arc<Joined>) {
        let key = &service.key;
        let hash = fx_hash(&(&*key.namespace, &*key.name));
        let table = Arc::make_mut(&mut self.0[part(hash)]);
        if let Some(entry) = table.find_mut(hash, |entry| entry.is(hash, &key.namespace, &key.name)) {
            entry.service = service;
        } else {
            table.insert_unique(hash, Entry { hash, service }, |entry| entry.hash);
        }
    }

    pub(super) fn remove(&mut self, key: &ObjectKey) {
        if self.find(&key.namespace, &key.name).is_none() {
            return;
        }
        let hash = fx_hash(&(&*key.namespace, &*key.name));
        let table = Arc::make_mut(&mut self.0[part(hash)]);
        if let Ok(entry) = table.find_entry(hash, |entry| entry.is(hash, &key.namespace, &key.name)) {
            entry.remove();
        }
    }

    /// Every Service, in key order.
    pub(super) fn sorted(&self) -> Vec<&Arc<Joined>> {
        let mut all: Vec<&Arc<Joined>> =
            self.0.iter().flat_map(|part| part.iter()).map(|entry| &entry.service).collect();
        all.sort_by_key(|service| &service.key);
        all
    }
}

impl Entry {
    fn is(&self, hash: u64, namespace: &str, name: &str) -> bool {
        let key = &self.service.key;
        self.hash == hash && *key.name == *name && *key.namespace == *namespace
    }
}

/// Told by other bits than those by which a table tells its places.
fn part(hash: u64) -> usize {
    usize::try_from(hash >> 20).unwrap_or_default() % PARTS
}
