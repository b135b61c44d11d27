//! The sets that a queue's pods wait in.

use super::policy::NOBODY;
use crate::framework::SortKey;
use kube_core::env::Mono;
use kube_core::resource::ObjectKey;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Keys of pods by what they wait for. Each pod is in one of the sets, or out.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    active: BTreeSet<(SortKey, ObjectKey)>,
    rejected: BTreeSet<(Mono, ObjectKey)>,
    broken: BTreeSet<(Mono, ObjectKey)>,
    parked: BTreeSet<(Mono, ObjectKey)>,
    listeners: BTreeMap<&'static str, BTreeSet<ObjectKey>>,
}

impl Waiting {
    pub(super) fn activate(&mut self, key: &ObjectKey, sort: SortKey) {
        self.active.insert((sort, key.clone()));
    }

    pub(super) fn deactivate(&mut self, key: &ObjectKey, sort: SortKey) {
        self.active.remove(&(sort, key.clone()));
    }

    pub(super) fn pop(&mut self, early: bool) -> Option<ObjectKey> {
        if let Some((_, key)) = self.active.pop_first() {
            return Some(key);
        }
        early.then(|| self.rejected.pop_first()).flatten().map(|(_, key)| key)
    }

    pub(super) fn is_ready(&self, early: bool) -> bool {
        !self.active.is_empty() || (early && !self.rejected.is_empty())
    }

    pub(super) fn back_off(&mut self, key: &ObjectKey, until: Mono, broken: bool) {
        let set = if broken { &mut self.broken } else { &mut self.rejected };
        set.insert((until, key.clone()));
    }

    pub(super) fn end_backoff(&mut self, key: &ObjectKey, until: Mono) {
        let place = (until, key.clone());
        if !self.rejected.remove(&place) {
            self.broken.remove(&place);
        }
    }

    pub(super) fn pop_expired(&mut self, now: Mono) -> Option<ObjectKey> {
        let due = |set: &mut BTreeSet<(Mono, ObjectKey)>| {
            set.first().is_some_and(|(until, _)| *until <= now).then(|| set.pop_first()).flatten()
        };
        due(&mut self.rejected).or_else(|| due(&mut self.broken)).map(|(_, key)| key)
    }

    pub(super) fn park(&mut self, key: &ObjectKey, since: Mono, rejectors: &BTreeSet<&'static str>) {
        self.parked.insert((since, key.clone()));
        self.listen(key, rejectors);
    }

    pub(super) fn unpark(&mut self, key: &ObjectKey, since: Mono, rejectors: &BTreeSet<&'static str>) {
        self.parked.remove(&(since, key.clone()));
        self.unlisten(key, rejectors);
    }

    pub(super) fn pop_overdue(&mut self, now: Mono, after: Duration) -> Option<ObjectKey> {
        let overdue = self.parked.first().is_some_and(|(since, _)| *since + after <= now);
        overdue.then(|| self.parked.pop_first()).flatten().map(|(_, key)| key)
    }

    pub(super) fn listen(&mut self, key: &ObjectKey, rejectors: &BTreeSet<&'static str>) {
        for name in names(rejectors) {
            self.listeners.entry(name).or_default().insert(key.clone());
        }
    }

    pub(super) fn unlisten(&mut self, key: &ObjectKey, rejectors: &BTreeSet<&'static str>) {
        for name in names(rejectors) {
            if let Some(keys) = self.listeners.get_mut(name) {
                keys.remove(key);
                if keys.is_empty() {
                    self.listeners.remove(name);
                }
            }
        }
    }

    /// The pods that each plugin rejected or gates.
    pub(super) fn listeners(&self) -> impl Iterator<Item = (&'static str, &BTreeSet<ObjectKey>)> {
        self.listeners.iter().map(|(name, keys)| (*name, keys))
    }

    /// How many pods a plugin rejected or gates.
    pub(super) fn waiting_for(&self, plugin: &str) -> usize {
        self.listeners.get(plugin).map_or(0, BTreeSet::len)
    }

    /// Active, backing off, parked.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        (self.active.len(), self.rejected.len() + self.broken.len(), self.parked.len())
    }

    pub(super) fn next_deadline(&self, flush_after: Duration) -> Option<Mono> {
        let ends = [self.rejected.first(), self.broken.first()];
        let overdue = self.parked.first().map(|(since, _)| *since + flush_after);
        ends.into_iter().flatten().map(|(until, _)| *until).chain(overdue).min()
    }
}

fn names(rejectors: &BTreeSet<&'static str>) -> impl Iterator<Item = &'static str> {
    let nobody = rejectors.is_empty().then_some(NOBODY);
    nobody.into_iter().chain(rejectors.iter().copied())
}
