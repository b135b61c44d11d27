//! A ReplicaSet creates as many pods as it may.

use super::recent::Recent;
use super::{Commit, Oracle, State, Verdict};
use kube_core::kinds::apps::v1::ReplicaSet;
use kube_core::resource::{ResourceExt, Uid};
use kube_core::view::PodView;
use std::collections::BTreeMap;

/// When a ReplicaSet creates a pod, it has no more of them than it wanted at any moment that its controller may still
/// believe in.
#[derive(Debug, Default)]
pub(super) struct Creations {
    wanted: BTreeMap<Uid, Recent>,
}

impl Oracle for Creations {
    fn name(&self) -> &'static str {
        "creations"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            if let Some((_, Some(set))) = change.of::<ReplicaSet>() {
                let replicas = set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
                self.wanted.entry(set.uid()).or_default().set(commit.at, i64::from(replicas));
            }
            let Some((None, Some(pod))) = change.of::<PodView>() else { continue };
            let Some(owner) = pod.meta.controller().filter(|owner| &*owner.kind == "ReplicaSet") else {
                continue;
            };
            let most = self.wanted.get_mut(&owner.uid).and_then(|wanted| wanted.max(commit.at)).unwrap_or(0);
            let is_ours = |pod: &PodView| pod.meta.controller().is_some_and(|other| other.uid == owner.uid);
            let pods = state.pods().iter().filter(|pod| pod.is_active() && is_ours(pod)).count();
            if i64::try_from(pods).unwrap_or(i64::MAX) > most {
                return Err(format!(
                    "ReplicaSet {} wants {most} pods at most and now has {pods}",
                    owner.name
                ));
            }
        }
        Ok(())
    }
}
