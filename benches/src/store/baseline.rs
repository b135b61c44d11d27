//! What one writes first: a map of bytes behind a lock, and for each watcher a channel into which every event of its
//! prefix is cloned.
//!
//! It has no history: no reads of the past, no pages that hold still, no resumed watches, no transactions over several
//! keys. The figures say what those cost, or do not.

use super::Entry;
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A change, as a watcher gets it.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub revision: u64,
    /// Where.
    pub key: String,
    /// What stands there now.
    pub value: Vec<u8>,
}

/// A map behind a lock.
#[derive(Debug, Default)]
pub struct Locked(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    revision: u64,
    /// Each with the revision of its last change.
    values: BTreeMap<String, (u64, Vec<u8>)>,
    watchers: Vec<(String, UnboundedSender<Event>)>,
}

impl Locked {
    /// A store of these entries.
    pub fn with(entries: Vec<Entry>) -> Self {
        let store = Self::default();
        for (key, value) in entries {
            store.create(key, value);
        }
        store
    }

    /// Writes a new key; `false` where it exists.
    pub fn create(&self, key: String, value: Vec<u8>) -> bool {
        let mut inner = self.lock();
        let absent = !inner.values.contains_key(&key);
        if absent {
            inner.write(key, value);
        }
        absent
    }

    /// Replaces what stands at a key if it was last changed at `revision`; tells the new one.
    pub fn swap(&self, key: &str, revision: u64, value: Vec<u8>) -> Option<u64> {
        let mut inner = self.lock();
        if inner.values.get(key)?.0 != revision {
            return None;
        }
        inner.write(key.to_owned(), value);
        Some(inner.revision)
    }

    /// When the value at a key was last changed.
    pub fn revision(&self, key: &str) -> Option<u64> {
        Some(self.lock().values.get(key)?.0)
    }

    /// Replaces what stands at a key.
    pub fn put(&self, key: &str, value: Vec<u8>) {
        self.lock().write(key.to_owned(), value);
    }

    /// What stands at a key.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        Some(self.lock().values.get(key)?.1.clone())
    }

    /// How many values begin with `prefix`, and how many bytes they are. The values are cloned, since they must
    /// outlive the lock.
    pub fn list(&self, prefix: &str) -> (usize, usize) {
        let inner = self.lock();
        let values = inner.values.range(prefix.to_owned()..).take_while(|(key, _)| key.starts_with(prefix));
        let found: Vec<Entry> = values.map(|(key, (_, value))| (key.clone(), value.clone())).collect();
        drop(inner);
        (found.len(), found.iter().map(|(_, value)| value.len()).sum())
    }

    /// Tells of every later change below `prefix`.
    pub fn watch(&self, prefix: &str) -> Watch {
        let (sender, receiver) = unbounded();
        self.lock().watchers.push((prefix.to_owned(), sender));
        Watch(receiver)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn write(&mut self, key: String, value: Vec<u8>) {
        self.revision += 1;
        let event = Event { revision: self.revision, key, value };
        self.watchers.retain(|(prefix, sender)| {
            !event.key.starts_with(prefix.as_str()) || sender.unbounded_send(event.clone()).is_ok()
        });
        self.values.insert(event.key, (event.revision, event.value));
    }
}

/// An open watch.
#[derive(Debug)]
pub struct Watch(UnboundedReceiver<Event>);

impl Watch {
    /// Waits for the next event.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.next().await
    }

    /// Takes what is at hand: how many events, and how many bytes they carry.
    pub fn drain(&mut self) -> (usize, usize) {
        let (mut events, mut bytes) = (0, 0);
        while let Ok(event) = self.0.try_recv() {
            events += 1;
            bytes += event.value.len();
        }
        (events, bytes)
    }
}
