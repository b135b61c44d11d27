//! ReplicationControllers: what ReplicaSets were before, and work as they do.

pub mod plan;
#[cfg(test)]
mod tests;

use super::indexes::{NAMESPACE, ORPHAN, OWNER, by_namespace, by_owner, manager_uid, orphan_pods};
use super::replica_set::execute::Execution;
use super::replica_set::plan::{self as as_set, View};
use crate::runtime::{Context, Controller, Error, Listers, Outcome, Reconciler, Request, Source};
use kube_core::kinds::core::v1::ReplicationController;
use kube_core::resource::{ObjectKey, Resource, ResourceExt};
use kube_core::selector::{LabelSet, Selector};
use kube_core::view::PodView;
use kube_store::informer::{Change, Index};
use plan::{replica_set, status};
use std::sync::Arc;

/// The controller of ReplicationControllers: it reads each as the ReplicaSet that it stands for.
///
/// Source: `k8s.io/kubernetes/pkg/controller/replication`.
pub fn controller() -> Controller {
    Controller::builder(ReplicationControllers)
        .named("replication-controller")
        .index(by_namespace())
        .index(by_owner())
        .watches(
            Source::managed_by(ReplicationController::kind_info(), |pod: &PodView| &pod.meta)
                .index(Index::by_owner())
                .index(orphan_pods()),
        )
        .watches(Source::new(adopters))
        .workers(5)
        .build()
}

/// The ReplicationControllers that may adopt a pod without a manager.
fn adopters(change: &Change<PodView>, listers: &Listers) -> Vec<ObjectKey> {
    let Some(pod) = change.new.as_ref().filter(|pod| pod.meta.controller().is_none()) else {
        return Vec::new();
    };
    let selects = |owner: &Arc<ReplicationController>| {
        let labels =
            owner.spec.as_ref().and_then(|spec| spec.selector.as_ref()).filter(|map| !map.is_empty());
        labels.is_some_and(|labels| {
            Selector::from_labels(LabelSet::from(Some(labels))).matches(&pod.meta.labels)
        })
    };
    let owners = listers.by_index::<ReplicationController>(NAMESPACE, &pod.meta.namespace);
    owners.iter().filter(|owner| selects(owner)).map(|owner| owner.key()).collect()
}

struct ReplicationControllers;

impl Reconciler for ReplicationControllers {
    type Resource = ReplicationController;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(owner) = cx.get::<ReplicationController>(&request.key) else { return Ok(Outcome::Done) };
        let mut pods = cx.by_index::<PodView>(OWNER, owner.uid().as_str());
        if !owner.is_terminating() {
            pods.extend(cx.by_index::<PodView>(ORPHAN, owner.namespace()));
        }
        let now = cx.now();
        let set = replica_set(&owner);
        let related = || related_pods(cx, &owner);
        let plan = as_set::plan(&View { set: &set, pods: &pods, related: &related, now });
        let template = owner.spec.as_ref().and_then(|spec| spec.template.as_ref());
        let failure = Execution::new(cx, &*owner, template, &pods).run(&plan.ops).await.err();
        let message = failure.as_ref().map(ToString::to_string);
        let report = status(as_set::status(&set, &plan.tally, message.as_deref(), now));
        cx.patch_status(&*owner, |status| *status = report).await?;
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(plan.requeue.into()),
        }
    }
}

/// The pods of all ReplicationControllers that the manager of `owner` manages.
fn related_pods(cx: &Context, owner: &ReplicationController) -> Vec<Arc<PodView>> {
    let of = |owner: &ReplicationController| cx.by_index::<PodView>(OWNER, owner.uid().as_str());
    match manager_uid(owner) {
        None => of(owner),
        Some(uid) => {
            cx.by_index::<ReplicationController>(OWNER, uid).iter().flat_map(|owner| of(owner)).collect()
        }
    }
}
