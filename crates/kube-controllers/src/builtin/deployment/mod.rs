//! Deployments: rollouts from one pod template to the next.

mod execute;
mod fenceposts;
mod go_dump;
mod new_set;
pub mod plan;
pub mod revision;
pub mod rolling;
pub mod scaling;
mod sets;
pub mod status;
pub mod template;
#[cfg(test)]
mod tests;

pub use fenceposts::{FencepostError, Fenceposts, Target};
pub use sets::{DESIRED_REPLICAS, MAX_REPLICAS, SetSize, Sets};

use super::claim::{Claim, Claimant};
use super::indexes::{NAMESPACE, ORPHAN, OWNER, by_namespace, by_owner, manager_uid, orphans};
use crate::runtime::{Context, Controller, Error, Listers, Outcome, Reconciler, Request, Source};
use execute::Execution;
use kube_core::kinds::apps::v1::{Deployment, ReplicaSet};
use kube_core::resource::{ObjectKey, ResourceExt, Uid};
use kube_core::selector::{LabelSet, Selector};
use kube_core::view::PodView;
use kube_store::informer::{Change, Index};
use plan::{View, plan};
use std::sync::Arc;

/// The controller of Deployments.
///
/// Source: `k8s.io/kubernetes/pkg/controller/deployment`.
pub fn controller() -> Controller {
    Controller::builder(Deployments)
        .named("deployment-controller")
        .index(by_namespace())
        .owns::<ReplicaSet>()
        .watches(Source::new(adopters).index(by_owner()).index(orphans()))
        .watches(Source::new(recreated).index(Index::by_owner()))
        .workers(5)
        .build()
}

/// The Deployments that may adopt a ReplicaSet without a manager.
fn adopters(change: &Change<ReplicaSet>, listers: &Listers) -> Vec<ObjectKey> {
    let Some(set) = change.new.as_ref().filter(|set| manager_uid(&***set).is_none()) else {
        return Vec::new();
    };
    let labels = set.metadata.labels.clone().unwrap_or_default();
    let deployments = listers.by_index::<Deployment>(NAMESPACE, set.namespace());
    let selects = |d: &&Arc<Deployment>| selector(d).is_some_and(|selector| selector.matches(&labels));
    deployments.iter().filter(selects).map(|d| d.key()).collect()
}

/// The Deployment that waits for a pod to be gone before it creates new ones.
fn recreated(change: &Change<PodView>, listers: &Listers) -> Vec<ObjectKey> {
    if change.new.as_ref().is_some_and(|pod| !pod.is_terminal()) {
        return Vec::new();
    }
    let find = || {
        let meta = &change.latest()?.meta;
        let set = meta.controller().filter(|owner| &*owner.kind == "ReplicaSet")?;
        let set = listers.get::<ReplicaSet>(&ObjectKey::new(meta.namespace.clone(), set.name.clone()))?;
        let owner = set.metadata.owner_references.iter().flatten().find(|o| o.controller == Some(true))?;
        let key = ObjectKey::new(set.namespace(), owner.name.as_str());
        let deployment = listers.get::<Deployment>(&key)?;
        deployment.spec.as_ref().is_some_and(fenceposts::is_recreate).then_some(key)
    };
    find().into_iter().collect()
}

fn selector(deployment: &Deployment) -> Option<Selector> {
    Selector::from_label_selector(Some(&deployment.spec.as_ref()?.selector)).ok()
}

struct Deployments;

impl Reconciler for Deployments {
    type Resource = Deployment;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(deployment) = cx.get::<Deployment>(&request.key) else { return Ok(Outcome::Done) };
        let Some(selector) = selector(&deployment) else { return Ok(Outcome::Done) };
        let execution = Execution::new(cx, &deployment);
        let sets = execution.claim(candidates(cx, &deployment, &selector)).await?;
        let old_pods = |new: Option<&Uid>| has_old_pods(cx, &sets, new);
        let now = cx.now();
        let plan = plan(&View { deployment: &deployment, sets: &sets, old_pods: &old_pods, now });
        execution.run(&plan, &sets, now).await?;
        Ok(plan.requeue.into())
    }
}

/// The ReplicaSets that are the Deployment's, or are to be, or are to be no longer.
fn candidates(cx: &Context, deployment: &Deployment, selector: &Selector) -> Vec<(Arc<ReplicaSet>, Claim)> {
    let uid = deployment.uid();
    let claimant = Claimant { uid: &uid, selector, terminating: deployment.is_terminating() };
    let owned = cx.by_index::<ReplicaSet>(OWNER, uid.as_str());
    let orphans = cx.by_index::<ReplicaSet>(ORPHAN, deployment.namespace());
    let judged = owned.into_iter().chain(orphans).map(|set| {
        let labels = LabelSet::from(set.metadata.labels.as_ref());
        let manager = manager_uid(&*set).map(Uid::new);
        let claim = claimant.judge(&labels, manager.as_ref(), set.is_terminating());
        (set, claim)
    });
    judged.filter(|(_, claim)| *claim != Claim::Foreign).collect()
}

/// Whether pods are left that are not of the new ReplicaSet and have not ended.
fn has_old_pods(cx: &Context, sets: &[Arc<ReplicaSet>], new: Option<&Uid>) -> bool {
    let old = sets.iter().map(|set| set.uid()).filter(|uid| Some(uid) != new);
    old.flat_map(|uid| cx.by_index::<PodView>(OWNER, uid.as_str())).any(|pod| !pod.is_terminal())
}
