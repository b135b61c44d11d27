//! A ReplicaSet that has too many pods gives up those that are not ready.

use super::recent::{BEHIND, Recent};
use super::{Commit, Oracle, State, Verdict};
use kube_core::env::Mono;
use kube_core::kinds::apps::v1::ReplicaSet;
use kube_core::resource::{ResourceExt, Uid};
use kube_core::view::PodView;
use std::collections::BTreeMap;
use std::sync::Arc;

/// No pod that has long been ready is deleted by its ReplicaSet while one is there that never was.
#[derive(Debug, Default)]
pub(super) struct Victims {
    ready_since: BTreeMap<Uid, Mono>,
    wanted: BTreeMap<Uid, Recent>,
}

impl Oracle for Victims {
    fn name(&self) -> &'static str {
        "victims"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            if let Some((_, Some(set))) = change.of::<ReplicaSet>() {
                let replicas = set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
                self.wanted.entry(set.uid()).or_default().set(commit.at, i64::from(replicas));
            }
            let Some((before, after)) = change.of::<PodView>() else { continue };
            if let Some(pod) = &after
                && pod.is_ready()
            {
                self.ready_since.entry(pod.meta.uid.clone()).or_insert(commit.at);
            }
            let Some(before) = before.filter(|pod| pod.is_active()) else { continue };
            let stays = after.is_some_and(|pod| pod.is_active());
            if !stays && &*commit.author == "replicaset-controller" {
                self.check(&before, commit.at, state)?;
            }
        }
        Ok(())
    }
}

impl Victims {
    fn check(&mut self, victim: &PodView, now: Mono, state: &State) -> Verdict {
        let long = |since: &Mono| now.since(*since) >= BEHIND;
        let was_ready = victim.is_ready() && self.ready_since.get(&victim.meta.uid).is_some_and(long);
        let Some(owner) = victim.meta.controller().filter(|_| was_ready) else { return Ok(()) };
        let others = state.pods();
        let of_set = |pod: &&Arc<PodView>| {
            pod.is_active() && pod.meta.controller().is_some_and(|other| other.uid == owner.uid)
        };
        let active = others.iter().filter(of_set).count();
        let never: Vec<_> = others
            .iter()
            .filter(of_set)
            .filter(|pod| !self.ready_since.contains_key(&pod.meta.uid))
            .collect();
        // With the victim there were one more. As many as there are too many go, in any order.
        let least = self.wanted.get_mut(&owner.uid).and_then(|wanted| wanted.min(now)).unwrap_or(0);
        let surplus = (active + 1).saturating_sub(usize::try_from(least).unwrap_or(0));
        match never.first() {
            Some(other) if never.len() >= surplus => {
                let (victim, other) = (victim.meta.key(), other.meta.key());
                Err(format!("pod {victim}, long ready, was deleted and {other}, which never was, stays"))
            }
            _ => Ok(()),
        }
    }
}
