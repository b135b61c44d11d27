//! What the pods of each ReplicaSet add up to, kept up by one change at a time: a large ReplicaSet that has all its pods
//! need not look at each of them because one has changed.

use super::plan::{Tally, min_ready_seconds, template_labels, wanted};
use crate::builtin::claim::{Claim, Claimant};
use kube_core::kinds::apps::v1::ReplicaSet;
use kube_core::resource::{ResourceExt, Uid};
use kube_core::selector::{LabelSet, Selector};
use kube_core::view::PodView;
use kube_store::informer::Change;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The pods of every controller that has any, counted.
#[derive(Debug, Default)]
pub(super) struct Tallies(Mutex<BTreeMap<Uid, Group>>);

/// The pods of one controller, by their labels: what these are to a ReplicaSet is known only to it.
pub(super) type Group = BTreeMap<LabelSet, Counts>;

/// How many pods there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pods: i32,
    active: i32,
    ready: i32,
    terminating: i32,
}

impl Tallies {
    /// Takes in a change of a pod.
    pub(super) fn note(&self, change: &Change<PodView>) {
        let mut groups = self.groups();
        for (pod, by) in [(&change.old, -1), (&change.new, 1)] {
            if let Some(pod) = pod {
                count(&mut groups, pod, by);
            }
        }
    }

    /// What the pods of `set` add up to, if there is nothing to do about them: there are as many as wanted, all of them are
    /// selected, and none becomes available by waiting.
    pub(super) fn steady(&self, set: &ReplicaSet) -> Option<Tally> {
        steady(set, self.groups().get(&set.uid())?)
    }

    fn groups(&self) -> MutexGuard<'_, BTreeMap<Uid, Group>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a pod that came, or that went.
pub(super) fn count(groups: &mut BTreeMap<Uid, Group>, pod: &PodView, by: i32) {
    let Some(owner) = pod.meta.controller() else { return };
    let group = groups.entry(owner.uid.clone()).or_default();
    let counts = group.entry(pod.meta.labels.clone()).or_default();
    let add = |number: &mut i32, counts: bool| *number += if counts { by } else { 0 };
    add(&mut counts.pods, true);
    add(&mut counts.active, pod.is_active());
    add(&mut counts.ready, pod.is_active() && pod.is_ready());
    add(&mut counts.terminating, pod.is_terminating() && !pod.is_terminal());
    if counts.pods == 0 {
        group.remove(&pod.meta.labels);
    }
    if group.is_empty() {
        groups.remove(&owner.uid);
    }
}

/// As [`Tallies::steady`], of the pods of `set`.
pub(super) fn steady(set: &ReplicaSet, group: &Group) -> Option<Tally> {
    if min_ready_seconds(set) > 0 || set.is_terminating() {
        return None;
    }
    let selector = Selector::from_label_selector(Some(&set.spec.as_ref()?.selector)).ok()?;
    let (uid, template) = (set.uid(), template_labels(set));
    let claimant = Claimant { uid: &uid, selector: &selector, terminating: false };
    let mut tally = Tally::default();
    for (labels, counts) in group {
        if claimant.judge(labels, Some(&uid), false) != Claim::Ours {
            return None;
        }
        tally.active += counts.active;
        tally.fully_labeled += if template.matches(labels) { counts.active } else { 0 };
        tally.ready += counts.ready;
        tally.available += counts.ready;
        tally.terminating += counts.terminating;
    }
    (tally.active == wanted(set)).then_some(tally)
}
