//! What a ReplicaSet tells of its pods is true.

use super::known::History;
use super::{Commit, Oracle, State, Verdict};
use kube_core::kinds::apps::v1::ReplicaSet;
use kube_core::resource::{ResourceExt, Uid};
use kube_core::view::PodView;
use std::collections::BTreeMap;

/// A ReplicaSet's controller tells of as many pods, and as many ready ones, as there were in a state that it can have
/// read.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pods: BTreeMap<Uid, History<(usize, usize)>>,
}

impl Oracle for Counts {
    fn name(&self) -> &'static str {
        "counts"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            if let Some((before, after)) = change.of::<PodView>() {
                let pods = before.iter().chain(&after);
                let owners =
                    pods.filter_map(|pod| pod.meta.controller()).filter(|o| &*o.kind == "ReplicaSet");
                for uid in owners.map(|owner| &owner.uid) {
                    self.pods.entry(uid.clone()).or_default().set(commit.revision, count(uid, state));
                }
            }
            if let Some((before, Some(set))) = change.of::<ReplicaSet>() {
                let uid = set.uid();
                // A ReplicaSet may find pods of its own when it comes: it knows of them as soon as of itself.
                let pods = self.pods.entry(uid.clone()).or_default();
                if pods.began().is_none() {
                    pods.set(commit.revision, count(&uid, state));
                }
                if &*commit.author == "replicaset-controller"
                    && told(&set) != before.as_deref().and_then(told)
                {
                    self.check(&set, commit)?;
                }
            }
        }
        Ok(())
    }
}

impl Counts {
    fn check(&self, set: &ReplicaSet, commit: &Commit) -> Verdict {
        let (Some(told), Some(pods)) = (told(set), self.pods.get(&set.uid())) else { return Ok(()) };
        let mut since = pods.since(commit.known::<PodView>());
        if since.any(|pods| *pods == told) {
            return Ok(());
        }
        let there: Vec<_> = pods.since(commit.known::<PodView>()).collect();
        Err(format!("ReplicaSet {} tells of {told:?} pods (all, ready), there are {there:?}", set.key()))
    }
}

fn count(set: &Uid, state: &State) -> (usize, usize) {
    let pods = state.active_pods_of(set);
    pods.fold((0, 0), |(all, ready), pod| (all + 1, ready + usize::from(pod.is_ready())))
}

/// Pods and ready pods, as the status says.
fn told(set: &ReplicaSet) -> Option<(usize, usize)> {
    let status = set.status.as_ref()?;
    let ready = status.ready_replicas.unwrap_or(0);
    Some((usize::try_from(status.replicas).ok()?, usize::try_from(ready).ok()?))
}
