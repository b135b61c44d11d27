//! The queue as client-go builds it: a list of keys, the set of keys that wait, and the set of those being worked on.
//!
//! It has no priorities, no causes, no delays and no limits, and so does less; it is what one writes first, from the
//! comment in `k8s.io/client-go/util/workqueue`.

use kube_core::resource::ObjectKey;
use std::collections::{BTreeSet, VecDeque};

/// A queue of keys.
#[derive(Debug, Default)]
pub struct Queue {
    order: VecDeque<ObjectKey>,
    dirty: BTreeSet<ObjectKey>,
    processing: BTreeSet<ObjectKey>,
}

impl Queue {
    /// Queues `key`, unless it waits already.
    pub fn add(&mut self, key: &ObjectKey) {
        if self.dirty.insert(key.clone()) && !self.processing.contains(key) {
            self.order.push_back(key.clone());
        }
    }

    /// The next key.
    pub fn get(&mut self) -> Option<ObjectKey> {
        let key = self.order.pop_front()?;
        self.dirty.remove(&key);
        self.processing.insert(key.clone());
        Some(key)
    }

    /// Gives a key back.
    pub fn done(&mut self, key: &ObjectKey) {
        self.processing.remove(key);
        if self.dirty.contains(key) {
            self.order.push_back(key.clone());
        }
    }
}

/// Adds every key, takes each from the queue and gives it back; how many runs that were.
pub fn queue(keys: &[ObjectKey]) -> usize {
    let mut queue = Queue::default();
    for key in keys {
        queue.add(key);
    }
    let mut runs = 0;
    while let Some(key) = queue.get() {
        runs += 1;
        queue.done(&key);
    }
    runs
}
