//! A ReplicaSet that has too many pods gives up those that are not ready.

use super::known::History;
use super::{Commit, Oracle, State, Verdict};
use kube_core::kinds::apps::v1::ReplicaSet;
use kube_core::resource::{ResourceExt, Uid};
use kube_core::view::PodView;
use kube_store::storage::Revision;
use std::collections::BTreeMap;

/// No pod that is ready in every state that its ReplicaSet's controller can have read is deleted while one stays that is
/// ready in none of them.
#[derive(Debug, Default)]
pub(super) struct Victims {
    ready: BTreeMap<Uid, History<bool>>,
    wanted: BTreeMap<Uid, History<i32>>,
    /// When others than the controller ended a pod of a ReplicaSet.
    ended: BTreeMap<Uid, Vec<Revision>>,
}

impl Oracle for Victims {
    fn name(&self) -> &'static str {
        "victims"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            if let Some((_, Some(set))) = change.of::<ReplicaSet>() {
                let replicas = set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
                self.wanted.entry(set.uid()).or_default().set(commit.revision, replicas);
            }
            let Some((before, after)) = change.of::<PodView>() else { continue };
            let stays = after.as_ref().is_some_and(|pod| pod.is_active());
            if let Some(pod) = after.filter(|_| stays) {
                self.ready.entry(pod.meta.uid.clone()).or_default().set(commit.revision, pod.is_ready());
            }
            let Some(victim) = before.filter(|pod| pod.is_active() && !stays) else { continue };
            if &*commit.author == "replicaset-controller" {
                self.check(&victim, commit, state)?;
            } else if let Some(owner) = victim.meta.controller() {
                self.ended.entry(owner.uid.clone()).or_default().push(commit.revision);
            }
        }
        Ok(())
    }
}

impl Victims {
    fn check(&self, victim: &PodView, commit: &Commit, state: &State) -> Verdict {
        let (sets, pods) = (commit.known::<ReplicaSet>(), commit.known::<PodView>());
        let ready = |pod: &PodView| self.ready.get(&pod.meta.uid);
        let was_ready = ready(victim).is_some_and(|ready| ready.since(pods).all(|ready| *ready));
        let Some(owner) = victim.meta.controller().filter(|_| was_ready) else { return Ok(()) };
        let is_known = |ready: &History<bool>| match pods {
            Some(pods) => ready.began().is_some_and(|began| began <= pods),
            None => true,
        };
        let never = |pod: &PodView| {
            ready(pod).is_some_and(|ready| is_known(ready) && !ready.since(pods).any(|ready| *ready))
        };
        let active = state.active_pods_of(&owner.uid).count();
        let never: Vec<_> = state.active_pods_of(&owner.uid).filter(|pod| never(pod)).collect();
        // The controller may not have read yet that others are gone, and count these among those that are too many.
        let ended = self.ended.get(&owner.uid).into_iter().flatten();
        let unread = ended.filter(|ended| pods.is_none_or(|pods| **ended > pods)).count();
        // With the victim there were one more. As many as there are too many go, in any order.
        let wanted = self.wanted.get(&owner.uid).into_iter();
        let least = wanted.flat_map(|wanted| wanted.since(sets)).min().copied().unwrap_or(0);
        let surplus = (active + 1 + unread).saturating_sub(usize::try_from(least).unwrap_or(0));
        match never.first() {
            Some(other) if never.len() >= surplus => {
                let (victim, other) = (victim.meta.key(), other.meta.key());
                Err(format!("pod {victim}, which is ready, was deleted and {other}, which is not, stays"))
            }
            _ => Ok(()),
        }
    }
}
