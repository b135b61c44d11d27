//! A ReplicaSet creates as many pods as it may.

use super::known::History;
use super::{Commit, Oracle, State, Verdict};
use kube_core::kinds::apps::v1::ReplicaSet;
use kube_core::resource::{ResourceExt, Uid};
use kube_core::view::PodView;
use std::collections::BTreeMap;

/// When a ReplicaSet creates a pod, it has no more of them than it wanted in any state that its controller can have
/// read.
#[derive(Debug, Default)]
pub(super) struct Creations {
    wanted: BTreeMap<Uid, History<i32>>,
}

impl Oracle for Creations {
    fn name(&self) -> &'static str {
        "creations"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            if let Some((_, Some(set))) = change.of::<ReplicaSet>() {
                let replicas = set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
                self.wanted.entry(set.uid()).or_default().set(commit.revision, replicas);
            }
            let Some((None, Some(pod))) = change.of::<PodView>() else { continue };
            let Some(owner) = pod.meta.controller().filter(|owner| &*owner.kind == "ReplicaSet") else {
                continue;
            };
            let wanted = self.wanted.get(&owner.uid).into_iter();
            let most = wanted.flat_map(|wanted| wanted.since(commit.known::<ReplicaSet>())).max();
            let most = most.copied().unwrap_or(0);
            let pods = state.active_pods_of(&owner.uid).count();
            if i32::try_from(pods).unwrap_or(i32::MAX) > most {
                return Err(format!(
                    "ReplicaSet {} wants {most} pods at most and now has {pods}",
                    owner.name
                ));
            }
        }
        Ok(())
    }
}
