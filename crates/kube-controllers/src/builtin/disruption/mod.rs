//! Disruption budgets: how many of the pods that they select may be taken away now.

pub mod plan;
mod scale;
pub mod stale;
#[cfg(test)]
mod tests;

use super::indexes::{NAMESPACE, by_namespace};
use crate::runtime::{Context, Controller, Error, Listers, Outcome, Reconciler, Request, Source};
use kube_core::error::ApiError;
use kube_core::kinds::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use kube_core::kinds::core::v1::{Pod, ReplicationController};
use kube_core::kinds::policy::v1::PodDisruptionBudget;
use kube_core::resource::{ObjectKey, Resource, ResourceExt};
use kube_core::selector::Selector;
use kube_core::view::PodView;
use kube_store::client::events::{EventTarget, EventType};
use kube_store::informer::{Change, Index};
use kube_store::mutant::{self, Mutant};
use kube_store::service::Subresource;
use plan::{Plan, View, counts_owners, fail_safe, plan};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The controller of disruption budgets.
///
/// Source: `k8s.io/kubernetes/pkg/controller/disruption`.
pub fn controller() -> Controller {
    Controller::builder(Budgets)
        .named("disruption-controller")
        .index(by_namespace())
        .watches(Source::new(budgets_of).index(Index::by_namespace()))
        .watches(Source::<Deployment>::silent())
        .watches(Source::<ReplicaSet>::silent())
        .watches(Source::<ReplicationController>::silent())
        .watches(Source::<StatefulSet>::silent())
        .build()
}

/// The budgets that select the pod, or did.
fn budgets_of(change: &Change<PodView>, listers: &Listers) -> Vec<ObjectKey> {
    let states: Vec<&Arc<PodView>> = change.new.iter().chain(&change.old).collect();
    let Some(pod) = states.first() else { return Vec::new() };
    let budgets = listers.by_index::<PodDisruptionBudget>(NAMESPACE, &pod.meta.namespace);
    let selected = budgets.iter().filter(|budget| {
        let selector = selector(budget);
        states.iter().any(|pod| selector.matches(&pod.meta.labels))
    });
    selected.map(|budget| budget.key()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What a budget selects: nothing without a selector, everything with an empty one.
fn selector(budget: &PodDisruptionBudget) -> Selector {
    let selector = budget.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    Selector::from_label_selector(selector).unwrap_or_else(|_| Selector::nothing())
}

struct Budgets;

impl Reconciler for Budgets {
    type Resource = PodDisruptionBudget;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(budget) = cx.get::<PodDisruptionBudget>(&request.key) else { return Ok(Outcome::Done) };
        let selector = selector(&budget);
        let mut pods = cx.by_index::<PodView>(NAMESPACE, budget.namespace());
        pods.retain(|pod| selector.matches(&pod.meta.labels));
        if pods.is_empty() {
            cx.event(&*budget, EventType::Normal, "NoPods", "No matching pods found");
        }
        match planned(cx, &budget, &pods).await {
            Ok(plan) => {
                tell_late(cx, &budget, &plan);
                if mutant::is(Mutant::WritesOverEvictions) {
                    let status = serde_json::json!({ "status": plan.status });
                    let kind = PodDisruptionBudget::kind_info();
                    cx.patch_value(kind, &request.key, Subresource::Status, status).await?;
                } else {
                    cx.patch_status(&*budget, |status| *status = plan.status).await?;
                }
                Ok(plan.requeue.into())
            }
            Err(message) => {
                let note = format!("Failed to calculate the number of expected pods: {message}");
                cx.event(&*budget, EventType::Warning, "CalculateExpectedPodCountFailed", &note);
                // Whoever asks meanwhile may take nothing away.
                let now = cx.now();
                cx.patch_status(&*budget, |status| fail_safe(status, &message, now)).await?;
                Err(ApiError::internal(message).into())
            }
        }
    }
}

async fn planned(cx: &Context, budget: &PodDisruptionBudget, pods: &[Arc<PodView>]) -> Result<Plan, String> {
    let mut expected = i32::try_from(pods.len()).unwrap_or(i32::MAX);
    if counts_owners(budget) {
        let owners = scale::expected(cx, pods).await?;
        expected = owners.pods;
        if owners.unmanaged {
            let note = "Pods selected by this PodDisruptionBudget were found to be unmanaged. As a result, the status of \
                        the PDB cannot be calculated correctly, which may result in undefined behavior. To account for \
                        these pods please set \".spec.minAvailable\" field of the PDB to an integer value.";
            cx.event(budget, EventType::Warning, "UnmanagedPods", note);
        }
    }
    plan(&View { budget, pods, expected, now: cx.now() }).map_err(|error| error.to_string())
}

fn tell_late(cx: &Context, budget: &PodDisruptionBudget, plan: &Plan) {
    for pod in &plan.late {
        let note = format!("Pod was expected by PDB {} to be deleted but it wasn't", budget.key());
        let target = EventTarget::with_meta(Pod::kind_info(), &pod.meta);
        cx.event_about(&target, EventType::Warning, "NotDeleted", &note);
    }
}
