//! ReplicaSets: as many pods of a template as are wanted.

pub(super) mod execute;
pub mod plan;
mod ranks;
#[cfg(test)]
mod tests;

pub use ranks::{DELETION_COST, deletion_order};

use super::indexes::{NAMESPACE, ORPHAN, OWNER, by_namespace, by_owner, manager_uid, orphan_pods};
use crate::runtime::{Context, Controller, Error, Listers, Outcome, Reconciler, Request, Source};
use execute::Execution;
use kube_core::kinds::apps::v1::ReplicaSet;
use kube_core::resource::{ObjectKey, Resource, ResourceExt};
use kube_core::selector::Selector;
use kube_core::view::PodView;
use kube_store::informer::{Change, Index};
use kube_store::mutant::{self, Mutant};
use plan::{View, plan, status};
use std::sync::Arc;

/// The controller of ReplicaSets.
///
/// Source: `k8s.io/kubernetes/pkg/controller/replicaset`.
pub fn controller() -> Controller {
    Controller::builder(ReplicaSets)
        .named("replicaset-controller")
        .index(by_namespace())
        .index(by_owner())
        .watches(
            Source::managed_by(ReplicaSet::kind_info(), |pod: &PodView| &pod.meta)
                .index(Index::by_owner())
                .index(orphan_pods()),
        )
        .watches(Source::new(adopters))
        .workers(5)
        .build()
}

/// The ReplicaSets that may adopt a pod without a manager.
fn adopters(change: &Change<PodView>, listers: &Listers) -> Vec<ObjectKey> {
    let Some(pod) = change.new.as_ref().filter(|pod| pod.meta.controller().is_none()) else {
        return Vec::new();
    };
    let selects = |set: &Arc<ReplicaSet>| {
        let selector = set.spec.as_ref().map(|spec| Selector::from_label_selector(Some(&spec.selector)));
        selector.is_some_and(|selector| selector.is_ok_and(|selector| selector.matches(&pod.meta.labels)))
    };
    let sets = listers.by_index::<ReplicaSet>(NAMESPACE, &pod.meta.namespace);
    sets.iter().filter(|set| selects(set)).map(|set| set.key()).collect()
}

struct ReplicaSets;

impl Reconciler for ReplicaSets {
    type Resource = ReplicaSet;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(set) = cx.get::<ReplicaSet>(&request.key) else { return Ok(Outcome::Done) };
        let mut pods = cx.by_index::<PodView>(OWNER, set.uid().as_str());
        if !set.is_terminating() {
            pods.extend(cx.by_index::<PodView>(ORPHAN, set.namespace()));
        }
        let now = cx.now();
        let related = || related_pods(cx, &set);
        let plan = plan(&View { set: &set, pods: &pods, related: &related, now });
        let template = set.spec.as_ref().and_then(|spec| spec.template.as_ref());
        let failure = Execution::new(cx, &*set, template, &pods).run(&plan.ops).await.err();
        let message = failure.as_ref().map(ToString::to_string);
        let report = status(&set, &plan.tally, message.as_deref(), now);
        cx.patch_status(&*set, |status| *status = report).await?;
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(plan.requeue.filter(|_| !mutant::is(Mutant::NeverLooksAgain)).into()),
        }
    }
}

/// The pods of all ReplicaSets that the manager of `set` manages.
fn related_pods(cx: &Context, set: &ReplicaSet) -> Vec<Arc<PodView>> {
    let of = |set: &ReplicaSet| cx.by_index::<PodView>(OWNER, set.uid().as_str());
    match manager_uid(set) {
        None => of(set),
        Some(uid) => cx.by_index::<ReplicaSet>(OWNER, uid).iter().flat_map(|set| of(set)).collect(),
    }
}
