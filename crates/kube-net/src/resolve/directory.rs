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
        let service = &self.service;
        self.hash == hash
            && service.spelling.is(namespace, name).unwrap_or_else(|| {
                let key = &service.key;
                *key.name == *name && *key.namespace == *namespace
            })
    }
}

/// Namespace and name in place, as far as they are short: who looks for a Service follows no pointer to its key.
#[derive(Clone, Debug)]
pub(super) struct Spelling {
    /// How long both are; 0 where they are longer than the place.
    lengths: [u8; 2],
    text: [u8; 38],
}

impl Spelling {
    pub(super) fn of(key: &ObjectKey) -> Self {
        let (namespace, name) = (key.namespace.as_bytes(), key.name.as_bytes());
        let mut spelling = Self { lengths: [0; 2], text: [0; 38] };
        let lengths = (u8::try_from(namespace.len()), u8::try_from(name.len()));
        let place = spelling.text.get_mut(..namespace.len() + name.len());
        if let ((Ok(first), Ok(second)), Some(place)) = (lengths, place) {
            let (left, right) = place.split_at_mut(namespace.len());
            left.copy_from_slice(namespace);
            right.copy_from_slice(name);
            spelling.lengths = [first, second];
        }
        spelling
    }

    /// Whether it spells these; `None` where it does not tell.
    fn is(&self, namespace: &str, name: &str) -> Option<bool> {
        let [first, second] = self.lengths.map(usize::from);
        if first + second == 0 {
            return None;
        }
        let (left, right) = self.text[..first + second].split_at(first);
        Some(left == namespace.as_bytes() && right == name.as_bytes())
    }
}

/// Told by other bits than those by which a table tells its places.
fn part(hash: u64) -> usize {
    usize::try_from(hash >> 20).unwrap_or_default() % PARTS
}
