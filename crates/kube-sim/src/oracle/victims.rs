//! A ReplicaSet that has too many pods gives up those that are not ready.

use super::recent::BEHIND;
use super::{Commit, Oracle, State, Verdict};
use kube_core::env::Mono;
use kube_core::resource::Uid;
use kube_core::view::PodView;
use std::collections::BTreeMap;

/// No pod that has long been ready is deleted by its ReplicaSet while one is there that never was.
#[derive(Debug, Default)]
pub(super) struct Victims {
    ready_since: BTreeMap<Uid, Mono>,
}

impl Oracle for Victims {
    fn name(&self) -> &'static str {
        "victims"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
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
    fn check(&self, victim: &PodView, now: Mono, state: &State) -> Verdict {
        let Some(since) = self.ready_since.get(&victim.meta.uid).filter(|_| victim.is_ready()) else {
            return Ok(());
        };
        if now.since(*since) < BEHIND {
            return Ok(());
        }
        let owner = victim.meta.controller().map(|owner| &owner.uid);
        let never_ready = |pod: &PodView| {
            pod.is_active()
                && pod.meta.controller().map(|owner| &owner.uid) == owner
                && !self.ready_since.contains_key(&pod.meta.uid)
        };
        match state.pods().iter().find(|pod| never_ready(pod)) {
            Some(other) => {
                let (victim, other) = (victim.meta.key(), other.meta.key());
                Err(format!("pod {victim}, long ready, was deleted and {other}, which never was, stayed"))
            }
            None => Ok(()),
        }
    }
}
