//! ReplicationControllers: what ReplicaSets were before, and work as they do.

pub mod plan;
#[cfg(test)]
mod tests;

use super::indexes::{OWNER, by_owner, manager_uid};
use super::pod_owners::{over_pods, pods_of};
use super::replica_set::execute::Execution;
use super::replica_set::plan::{self as as_set, View};
use crate::runtime::{Context, Controller, Error, Outcome, Reconciler, Request};
use kube_core::kinds::core::v1::ReplicationController;
use kube_core::resource::ResourceExt;
use kube_core::selector::{LabelSet, Selector};
use kube_core::view::PodView;
use plan::{replica_set, status};
use std::sync::Arc;

/// The controller of ReplicationControllers: it reads each as the ReplicaSet that it stands for.
///
/// Source: `k8s.io/kubernetes/pkg/controller/replication`.
pub fn controller() -> Controller {
    over_pods(Controller::builder(ReplicationControllers), selector)
        .named("replication-controller")
        .index(by_owner())
        .workers(5)
        .build()
}

/// One without a selector selects nothing.
fn selector(owner: &ReplicationController) -> Option<Selector> {
    let labels = owner.spec.as_ref()?.selector.as_ref().filter(|labels| !labels.is_empty())?;
    Some(Selector::from_labels(LabelSet::from(Some(labels))))
}

struct ReplicationControllers;

impl Reconciler for ReplicationControllers {
    type Resource = ReplicationController;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(owner) = cx.get::<ReplicationController>(&request.key) else { return Ok(Outcome::Done) };
        let pods = pods_of(cx, &*owner);
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

/// The pods of all ReplicationControllers that the manager of `owner` manages; none where it has no manager.
fn related_pods(cx: &Context, owner: &ReplicationController) -> Vec<Arc<PodView>> {
    let all =
        manager_uid(owner).map(|uid| cx.by_index::<ReplicationController>(OWNER, uid)).unwrap_or_default();
    all.iter().flat_map(|owner| cx.by_index::<PodView>(OWNER, owner.uid().as_str())).collect()
}
