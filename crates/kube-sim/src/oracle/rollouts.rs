//! A rollout keeps to its limits.

use super::recent::{BEHIND, Recent};
use super::{Commit, Oracle, State, Verdict};
use kube_controllers::builtin::deployment::Target;
use kube_core::env::Mono;
use kube_core::kinds::apps::v1::{Deployment, ReplicaSet};
use kube_core::resource::{ResourceExt, Uid};
use kube_core::view::PodView;
use std::collections::BTreeMap;

/// No write of the Deployment controller raises the pods wanted above the surge, or takes available pods below the
/// minimum.
#[derive(Debug, Default)]
pub(super) struct Rollouts {
    limits: BTreeMap<Uid, Limits>,
    /// When a pod was last lost to somebody else than a controller: what is available fell without its doing.
    disturbed: Option<Mono>,
}

#[derive(Debug, Default)]
struct Limits {
    most: Recent,
    least: Recent,
}

impl Oracle for Rollouts {
    fn name(&self) -> &'static str {
        "rollouts"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            if let Some((_, Some(deployment))) = change.of::<Deployment>() {
                self.learn(&deployment, commit.at);
            }
            if let Some((Some(before), after)) = change.of::<PodView>()
                && before.is_ready()
                && before.is_active()
                && after.is_none_or(|after| !after.is_ready() || !after.is_active())
                && &*commit.author != "replicaset-controller"
            {
                self.disturbed = Some(commit.at);
            }
            if &*commit.author == "deployment-controller"
                && let Some((before, Some(set))) = change.of::<ReplicaSet>()
            {
                self.check(before.as_deref(), &set, commit.at, state)?;
            }
        }
        Ok(())
    }
}

impl Rollouts {
    fn learn(&mut self, deployment: &Deployment, now: Mono) {
        let target = Target::of(deployment);
        let limits = self.limits.entry(deployment.uid()).or_default();
        limits.most.set(now, i64::from(target.max_total()));
        limits.least.set(now, i64::from(target.min_available()));
    }

    fn check(&mut self, before: Option<&ReplicaSet>, set: &ReplicaSet, now: Mono, state: &State) -> Verdict {
        let Some(owner) = manager(set) else { return Ok(()) };
        let Some(limits) = self.limits.get_mut(&Uid::new(owner)) else { return Ok(()) };
        let sets: Vec<_> =
            state.replica_sets().into_iter().filter(|other| manager(other) == Some(owner)).collect();
        let (old, new) = (before.map_or(0, size), size(set));
        if new > old {
            let total: i64 = sets.iter().map(|set| size(set)).sum();
            let most = limits.most.max(now).unwrap_or(i64::MAX);
            if total > most {
                return Err(format!(
                    "the ReplicaSets of one Deployment want {total} pods, {most} are allowed"
                ));
            }
        }
        let calm = self.disturbed.is_none_or(|at| now.since(at) > BEHIND);
        if new < old && calm {
            let pods = state.pods();
            let available = |set: &ReplicaSet| {
                let uid = set.uid();
                let is_ours = |pod: &PodView| pod.meta.controller().is_some_and(|owner| owner.uid == uid);
                let count =
                    pods.iter().filter(|pod| pod.is_active() && pod.is_ready() && is_ours(pod)).count();
                i64::try_from(count).unwrap_or(i64::MAX)
            };
            let left: i64 = sets.iter().map(|set| available(set).min(size(set))).sum();
            let had: i64 = left + (available(set) - new).max(0).min(old - new);
            let least = limits.least.min(now).unwrap_or(0);
            if left < least && had > left {
                let what = format!("taking {} from {old} to {new} leaves {left} available pods", set.name());
                return Err(format!("{what}, {least} have to stay"));
            }
        }
        Ok(())
    }
}

fn size(set: &ReplicaSet) -> i64 {
    i64::from(set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1))
}

fn manager(set: &ReplicaSet) -> Option<&str> {
    let owners = set.metadata.owner_references.as_deref()?;
    owners.iter().find(|owner| owner.controller == Some(true)).map(|owner| owner.uid.as_str())
}
