//! What is wanted has come about.

use super::{Oracle, State, Verdict};
use kube_core::kinds::apps::v1::{Deployment, ReplicaSet};
use kube_core::resource::ResourceExt;
use kube_core::view::PodView;
use std::sync::Arc;

/// At rest Deployments are rolled out and say so, ReplicaSets have their pods and say so, and no pod of theirs waits
/// for a node.
#[derive(Debug)]
pub(super) struct AtRest;

impl Oracle for AtRest {
    fn name(&self) -> &'static str {
        "at rest"
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        let pods = state.pods();
        state.all::<Deployment>().iter().try_for_each(|deployment| rolled_out(deployment))?;
        state.replica_sets().iter().try_for_each(|set| complete(set, &pods))?;
        match pods
            .iter()
            .find(|pod| pod.meta.controller().is_some() && pod.is_active() && pod.node_name().is_none())
        {
            Some(pod) => Err(format!("pod {} has no node", pod.meta.key())),
            None => Ok(()),
        }
    }
}

fn rolled_out(deployment: &Deployment) -> Verdict {
    let key = deployment.key();
    if deployment.is_terminating() {
        return Err(format!("Deployment {key} is still being deleted"));
    }
    let spec = deployment.spec.as_ref();
    if spec.and_then(|spec| spec.paused).unwrap_or(false) {
        return Ok(());
    }
    let wanted = spec.and_then(|spec| spec.replicas).unwrap_or(1);
    let status = deployment.status.clone().unwrap_or_default();
    if status.observed_generation != deployment.metadata.generation {
        return Err(format!("Deployment {key} is of another generation than its status"));
    }
    let counts = [
        ("replicas", status.replicas),
        ("updated", status.updated_replicas),
        ("ready", status.ready_replicas),
        ("available", status.available_replicas),
    ];
    match counts.iter().find(|(_, count)| count.unwrap_or(0) != wanted) {
        Some((name, count)) => {
            Err(format!("Deployment {key} wants {wanted} pods, {name} are {}", count.unwrap_or(0)))
        }
        None => Ok(()),
    }
}

fn complete(set: &ReplicaSet, pods: &[Arc<PodView>]) -> Verdict {
    let key = set.key();
    if set.is_terminating() {
        return Err(format!("ReplicaSet {key} is still being deleted"));
    }
    let wanted = set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let uid = set.uid();
    let owned =
        |pod: &&Arc<PodView>| pod.is_active() && pod.meta.controller().is_some_and(|owner| owner.uid == uid);
    let count = |ready: bool| pods.iter().filter(owned).filter(|pod| !ready || pod.is_ready()).count();
    let (active, ready) = (count(false), count(true));
    if i32::try_from(active).unwrap_or(i32::MAX) != wanted {
        return Err(format!("ReplicaSet {key} wants {wanted} pods and has {active}"));
    }
    let status = set.status.clone().unwrap_or_default();
    let told = (status.replicas, status.ready_replicas.unwrap_or(0));
    if usize::try_from(told.0).ok() != Some(active) || usize::try_from(told.1).ok() != Some(ready) {
        return Err(format!(
            "ReplicaSet {key} tells of {told:?} pods (all, ready), there are {:?}",
            (active, ready)
        ));
    }
    Ok(())
}
