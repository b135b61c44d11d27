//! What events do to waiting pods.

use super::{Place, Queue};
use crate::framework::{ClusterEvent, Hint, PodInfo};
use kube_core::env::Mono;
use kube_core::resource::ObjectKey;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Queue {
    /// Asks the plugins that rejected or gate pods about `event`, and moves the pods that it may help. Returns how
    /// many moved.
    ///
    /// `may_fit` has the last word about pods that were rejected: whether a node may fit the pod by now. It is asked
    /// only where a plugin thinks that the event may help.
    pub fn event(&mut self, event: &ClusterEvent, now: Mono, may_fit: impl Fn(&PodInfo) -> bool) -> usize {
        let set = event.set();
        if set.is_empty() {
            return 0;
        }
        self.in_flight.note(event);
        let mut woken = BTreeSet::new();
        for (plugin, keys) in self.waiting.listeners().filter(|(plugin, _)| self.policy.listens(plugin, set))
        {
            let helped = keys.iter().filter(|key| !woken.contains(*key)).filter(|key| {
                self.pods.get(key).is_some_and(|entry| {
                    self.policy.hint(plugin, &entry.pod, event) == Hint::Queue
                        && (matches!(entry.place, Place::Gated { .. }) || may_fit(&entry.pod))
                })
            });
            let helped: Vec<ObjectKey> = helped.cloned().collect();
            woken.extend(helped);
        }
        for key in &woken {
            self.wake(key, now, event.label());
        }
        woken.len()
    }

    pub(super) fn wake(&mut self, key: &ObjectKey, now: Mono, by: &'static str) {
        let Some(entry) = self.pods.get(key) else { return };
        match &entry.place {
            Place::Unschedulable { since } => {
                self.waiting.unpark(key, *since, &entry.rejectors);
                self.requeue(key, now, by);
            }
            Place::Gated { .. } => {
                self.gated -= 1;
                self.waiting.unlisten(key, &entry.rejectors);
                self.admit(key, by);
            }
            _ => {}
        }
    }

    /// Takes note of a change of a pod that is in the queue.
    pub(super) fn update(&mut self, key: &ObjectKey, pod: Arc<PodInfo>, now: Mono) {
        let Some(entry) = self.pods.get_mut(key) else { return };
        let old = std::mem::replace(&mut entry.pod, pod);
        let (since, new) = (entry.since, entry.pod.clone());
        if entry.place == Place::Active {
            let (before, after) = (self.policy.sort_key(&old, since), self.policy.sort_key(&new, since));
            self.waiting.deactivate(key, before);
            self.waiting.activate(key, after);
            return;
        }
        // The scheduler's own condition comes back as a change of the status, and must not wake the pod.
        if !same_wish(&old, &new) {
            let event = ClusterEvent::SelfUpdated { old: old.view().clone(), new: new.view().clone() };
            self.event_for(key, &event, now);
        }
    }

    /// An event that concerns one pod alone.
    fn event_for(&mut self, key: &ObjectKey, event: &ClusterEvent, now: Mono) {
        self.in_flight.note(event);
        let woken = self.pods.get(key).is_some_and(|entry| self.policy.wakes(entry, event));
        if woken {
            self.wake(key, now, event.label());
        }
    }
}

/// Whether both ask for the same.
fn same_wish(old: &PodInfo, new: &PodInfo) -> bool {
    let gates =
        |pod: &PodInfo| pod.view().spec.scheduling_gates.iter().map(|gate| gate.name.clone()).collect();
    let (before, after): (Vec<_>, Vec<_>) = (gates(old), gates(new));
    old.signature() == new.signature()
        && old.labels() == new.labels()
        && old.priority() == new.priority()
        && before == after
}
