//! Pods that go together.

use super::{Place, Queue, QueuedPod};
use crate::framework::{PodInfo, Reason, Reasons, group_of};
use crate::plugins::gang_scheduling::{NAME, TOO_FEW, no_group};
use kube_core::env::Mono;
use kube_core::resource::ObjectKey;
use kube_core::view::PodView;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The pods of each group, and how many of them have to go together.
#[derive(Debug, Default)]
pub(super) struct Groups(BTreeMap<ObjectKey, Group>);

#[derive(Debug, Default)]
struct Group {
    /// `None`: there is no such `PodGroup` yet.
    policy: Option<GroupPolicy>,
    /// In the queue, wherever there.
    waiting: BTreeSet<ObjectKey>,
    /// On nodes.
    placed: BTreeSet<ObjectKey>,
}

/// Pods that were taken from the queue together.
#[derive(Debug)]
#[non_exhaustive]
pub struct Gang {
    /// The pods, in the order of the queue.
    pub pods: Vec<QueuedPod>,
    /// How many of them have to find a node.
    pub least: usize,
}

/// What a group asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupPolicy {
    /// So many of its pods have to go together, at least.
    pub least: usize,
    /// How important each of its pods is, whatever the pod says; `None`: as it says itself.
    ///
    /// Source: KEP-5710 (`spec.priority` of a `PodGroup`).
    pub priority: Option<i32>,
}

impl Groups {
    fn change(&mut self, group: &ObjectKey, change: impl FnOnce(&mut Group)) {
        let known = self.0.entry(group.clone()).or_default();
        change(known);
        if known.policy.is_none() && known.waiting.is_empty() && known.placed.is_empty() {
            self.0.remove(group);
        }
    }

    pub(super) fn enter(&mut self, pod: &PodInfo) -> Option<ObjectKey> {
        let group = group_of(pod.view())?;
        self.change(&group, |group| {
            group.waiting.insert(pod.key().clone());
        });
        Some(group)
    }

    pub(super) fn leave(&mut self, pod: &PodInfo) -> Option<ObjectKey> {
        let group = group_of(pod.view())?;
        self.change(&group, |group| {
            group.waiting.remove(pod.key());
        });
        Some(group)
    }

    /// The pod has left the queue for a node.
    pub(super) fn done(&mut self, pod: &PodInfo) -> Option<ObjectKey> {
        let group = group_of(pod.view())?;
        self.change(&group, |group| {
            group.waiting.remove(pod.key());
            group.placed.insert(pod.key().clone());
        });
        Some(group)
    }

    /// What holds the pod back, if its group is not complete.
    pub(super) fn gate(&self, pod: &PodInfo) -> Option<(&'static str, Reasons)> {
        let key = group_of(pod.view())?;
        let group = self.0.get(&key);
        let text = match group.and_then(|group| Some((group, group.policy?.least))) {
            None => Reason::from(no_group(&key.name)),
            Some((group, least)) if group.waiting.len() + group.placed.len() < least => TOO_FEW.into(),
            Some(_) => return None,
        };
        Some((NAME, Reasons::from(text)))
    }
}

impl Queue {
    /// Takes note of a group.
    pub fn upsert_group(&mut self, group: &ObjectKey, policy: GroupPolicy, now: Mono) {
        self.groups.change(group, |group| group.policy = Some(policy));
        let waiting = self.groups.0.get(group).map(|group| group.waiting.clone()).unwrap_or_default();
        for key in waiting {
            if let Some(pod) = self.pod(&key).cloned() {
                let ranked = self.ranked(pod.clone());
                if ranked.priority() != pod.priority() {
                    self.update(&key, ranked, now);
                }
            }
        }
        self.stir(group, now);
    }

    /// The group is gone; pods of it that come now are held back.
    pub fn remove_group(&mut self, group: &ObjectKey) {
        self.groups.change(group, |group| group.policy = None);
    }

    /// The pod, as important as its group says.
    pub(super) fn ranked(&self, pod: Arc<PodInfo>) -> Arc<PodInfo> {
        let group = group_of(pod.view()).filter(|_| self.policy.has_gangs(&pod));
        let policy = group.and_then(|key| self.groups.0.get(&key)?.policy);
        match policy.and_then(|policy| policy.priority) {
            Some(priority) if priority != pod.priority() => Arc::new(PodInfo::clone(&pod).ranked(priority)),
            _ => pod,
        }
    }

    /// Takes note of a pod that has a node.
    pub fn placed(&mut self, pod: &PodView, now: Mono) {
        self.change_placed(pod, now, BTreeSet::insert);
    }

    /// Takes note that a pod which had a node is gone.
    pub fn unplaced(&mut self, pod: &PodView, now: Mono) {
        self.change_placed(pod, now, |placed, key| placed.remove(&key));
    }

    fn change_placed(
        &mut self,
        pod: &PodView,
        now: Mono,
        change: impl FnOnce(&mut BTreeSet<ObjectKey>, ObjectKey) -> bool,
    ) {
        let Some(key) = group_of(pod) else { return };
        let mut changed = false;
        self.groups.change(&key, |group| changed = change(&mut group.placed, pod.meta.key()));
        if changed {
            self.stir(&key, now);
        }
    }

    /// Looks again at the pods of a group that wait for the rest of it.
    pub(super) fn stir(&mut self, group: &ObjectKey, now: Mono) {
        let Some(known) = self.groups.0.get(group) else { return };
        for key in known.waiting.clone() {
            let Some(entry) = self.pods.get(&key) else { continue };
            match &entry.place {
                Place::Gated { plugin, .. } if *plugin == NAME => self.wake(&key, now, "PodGroup"),
                Place::Unschedulable { .. } if entry.rejectors.contains(NAME) => {
                    self.wake(&key, now, "PodGroup");
                }
                _ => {}
            }
        }
    }

    /// The other pods of a popped pod's gang, taken as well.
    ///
    /// # Errors
    /// The pod, where it goes alone: it is in no gang, or enough of the gang have a node.
    pub fn pop_gang(&mut self, popped: QueuedPod) -> Result<Gang, QueuedPod> {
        let group = group_of(popped.pod.view()).filter(|_| self.policy.has_gangs(&popped.pod));
        let Some(group) = group.and_then(|key| self.groups.0.get(&key)) else { return Err(popped) };
        // Those that are being bound may yet come back: nobody goes alone on their account.
        let least = group.policy.map_or(0, |policy| policy.least).saturating_sub(group.placed.len());
        if least <= 1 {
            return Err(popped);
        }
        let mut others: Vec<_> = group
            .waiting
            .iter()
            .filter_map(|key| {
                let entry = self.pods.get(key)?;
                let waits = !entry.place.is_out() && !matches!(entry.place, Place::Gated { .. });
                waits.then(|| (self.policy.sort_key(&entry.pod, entry.since), key.clone()))
            })
            .collect();
        others.sort();
        let mut pods = vec![popped];
        for (_, key) in others {
            if let Some(entry) = self.pods.get(&key) {
                super::leave_place((&mut self.waiting, &self.policy), &key, entry);
                pods.extend(self.take_out(&key));
            }
        }
        Ok(Gang { pods, least })
    }
}
