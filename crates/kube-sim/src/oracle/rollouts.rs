//! A rollout keeps to its limits.

use super::known::History;
use super::{Commit, Oracle, State, Verdict};
use kube_controllers::builtin::deployment::{DESIRED_REPLICAS, Target};
use kube_core::kinds::apps::v1::{Deployment, ReplicaSet};
use kube_core::resource::{ResourceExt, Uid};
use std::collections::BTreeMap;

/// No write of the Deployment controller raises the pods wanted above the surge, or takes available pods below the
/// minimum: both as they were in a state that it can have read. What is available it reads in its ReplicaSets' status;
/// whether that is true is another oracle's question.
#[derive(Debug, Default)]
pub(super) struct Rollouts {
    limits: BTreeMap<Uid, Limits>,
    /// Available pods, as each ReplicaSet tells.
    available: BTreeMap<Uid, History<i32>>,
}

#[derive(Debug, Default)]
struct Limits {
    most: History<i32>,
    least: History<i32>,
}

impl Oracle for Rollouts {
    fn name(&self) -> &'static str {
        "rollouts"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            if let Some((_, Some(deployment))) = change.of::<Deployment>() {
                let target = Target::of(&deployment);
                let limits = self.limits.entry(deployment.uid()).or_default();
                limits.most.set(commit.revision, target.max_total());
                limits.least.set(commit.revision, target.min_available());
            }
            let Some((before, Some(set))) = change.of::<ReplicaSet>() else { continue };
            let told = set.status.as_ref().and_then(|status| status.available_replicas).unwrap_or(0);
            self.available.entry(set.uid()).or_default().set(commit.revision, told);
            if &*commit.author == "deployment-controller" {
                self.check(before.as_deref(), &set, commit, state)?;
            }
        }
        Ok(())
    }
}

impl Rollouts {
    fn check(
        &self,
        before: Option<&ReplicaSet>,
        set: &ReplicaSet,
        commit: &Commit,
        state: &State,
    ) -> Verdict {
        let Some(owner) = manager(set) else { return Ok(()) };
        let Some(limits) = self.limits.get(&Uid::new(owner)) else { return Ok(()) };
        let known = commit.known::<Deployment>();
        let mut sets = state.replica_sets();
        sets.retain(|other| manager(other) == Some(owner));
        let (old, new) = (before.map_or(0, size), size(set));
        if new > old {
            let total: i32 = sets.iter().map(|set| size(set)).sum();
            let most = limits.most.since(known).max().copied().unwrap_or(i32::MAX);
            if total > most {
                return Err(format!(
                    "the ReplicaSets of one Deployment want {total} pods, {most} are allowed"
                ));
            }
        }
        // When the Deployment itself was resized each ReplicaSet gets its share, whatever is available.
        let resized = before.is_some_and(|before| desired(before) != desired(set));
        if new < old && !resized {
            let told = |set: &ReplicaSet| {
                let told = self.available.get(&set.uid()).into_iter();
                told.flat_map(|told| told.since(commit.known::<ReplicaSet>()).copied())
            };
            // Pods that a ReplicaSet tells of beyond its size are on their way out.
            let left = |set: &ReplicaSet| told(set).max().unwrap_or(0).min(size(set));
            let left: i32 = sets.iter().map(|set| left(set)).sum();
            let least = limits.least.since(known).min().copied().unwrap_or(0);
            // Those that are not available may go at any time.
            let takes_available = told(set).all(|told| told > new);
            if left < least && takes_available {
                let what = format!("taking {} from {old} to {new} leaves {left} available pods", set.name());
                return Err(format!("{what}, {least} have to stay"));
            }
        }
        Ok(())
    }
}

fn size(set: &ReplicaSet) -> i32 {
    set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1)
}

fn desired(set: &ReplicaSet) -> Option<&str> {
    set.metadata.annotations.as_ref()?.get(DESIRED_REPLICAS).map(String::as_str)
}

fn manager(set: &ReplicaSet) -> Option<&str> {
    let owners = set.metadata.owner_references.as_deref()?;
    owners.iter().find(|owner| owner.controller == Some(true)).map(|owner| owner.uid.as_str())
}
