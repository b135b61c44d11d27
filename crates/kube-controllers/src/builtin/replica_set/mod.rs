//! ReplicaSets: as many pods of a template as are wanted.

pub(super) mod execute;
pub mod plan;
mod ranks;
mod rejections;
mod tallies;
#[cfg(test)]
mod tests;

pub use ranks::{DELETION_COST, deletion_order, youth_order};

use super::indexes::{ORPHAN, OWNER, by_owner, manager_uid};
use super::pod_owners::{over_pods, pods_of};
use crate::runtime::{Context, Controller, Error, Outcome, Reconciler, Request, Source};
use execute::Execution;
use kube_core::kinds::apps::v1::ReplicaSet;
use kube_core::resource::ResourceExt;
use kube_core::selector::Selector;
use kube_core::view::PodView;
use kube_store::informer::Change;
use kube_store::mutant::{self, Mutant};
use plan::{Plan, Tally, View, plan, status};
use std::sync::Arc;
use tallies::Tallies;

/// The controller of ReplicaSets.
///
/// Source: `k8s.io/kubernetes/pkg/controller/replicaset`.
pub fn controller() -> Controller {
    let tallies: Arc<Tallies> = Arc::default();
    let noted = tallies.clone();
    // First, so that whoever is called because of a change finds it counted.
    let count = Source::new(move |change: &Change<PodView>, _| {
        noted.note(change);
        Vec::new()
    });
    over_pods(Controller::builder(ReplicaSets { tallies }).watches(count), selector)
        .named("replicaset-controller")
        .index(by_owner())
        .workers(5)
        .build()
}

fn selector(set: &ReplicaSet) -> Option<Selector> {
    Selector::from_label_selector(Some(&set.spec.as_ref()?.selector)).ok()
}

struct ReplicaSets {
    tallies: Arc<Tallies>,
}

impl Reconciler for ReplicaSets {
    type Resource = ReplicaSet;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(set) = cx.get::<ReplicaSet>(&request.key) else { return Ok(Outcome::Done) };
        let now = cx.now();
        let steady = self.steady(cx, &set);
        let pods = if steady.is_some() { Vec::new() } else { pods_of(cx, &*set) };
        let related = || related_pods(cx, &set);
        let plan = match steady {
            Some(tally) => Plan { tally, ..Plan::default() },
            None => plan(&View { set: &set, pods: &pods, related: &related, now }),
        };
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

impl ReplicaSets {
    /// What the pods of `set` add up to, if nothing is to be done about them, nor about pods that it might adopt.
    fn steady(&self, cx: &Context, set: &ReplicaSet) -> Option<Tally> {
        let alone = cx.by_index::<PodView>(ORPHAN, set.namespace()).is_empty();
        if alone { self.tallies.steady(set) } else { None }
    }
}

/// The pods of all ReplicaSets that the manager of `set` manages; none where it has no manager, so that nodes do not
/// matter then.
fn related_pods(cx: &Context, set: &ReplicaSet) -> Vec<Arc<PodView>> {
    let sets = manager_uid(set).map(|uid| cx.by_index::<ReplicaSet>(OWNER, uid)).unwrap_or_default();
    sets.iter().flat_map(|set| cx.by_index::<PodView>(OWNER, set.uid().as_str())).collect()
}
