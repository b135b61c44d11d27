//! Evicting pods: a deletion that a disruption budget may refuse.
//!
//! The budget is read, judged and charged in the transaction of the deletion: two evictions never spend the same
//! disruption.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/core/pod/storage` (`EvictionREST`).

use super::candidate::Stored;
use super::contribution::{Contribution, Operation, TxnBuilder};
use super::metadata;
use super::plan::{Act, Planned, Planner};
use crate::service::{DeleteOptions, Propagation, Subresource, WriteOptions};
use kube_core::error::{ApiError, Cause};
use kube_core::kinds::core::v1::Pod;
use kube_core::kinds::meta::v1::{Condition, Time};
use kube_core::kinds::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetStatus};
use kube_core::resource::{ObjectKey, Resource, ResourceExt};
use kube_core::selector::{LabelSelector, LabelSet};
use kube_core::wire::canonical;
use serde::Deserialize;
use serde_json::Value;

/// Evictions that the budget's controller may not have seen yet.
const MAX_DISRUPTED: usize = 2000;

/// What an eviction asks for.
#[derive(Debug)]
pub(super) struct Eviction {
    pub(super) options: DeleteOptions,
    pub(super) dry_run: bool,
}

impl Eviction {
    /// Reads the body of an eviction of the pod `key`.
    ///
    /// # Errors
    /// 400 when it is of another pod, or its options do not read.
    pub(super) fn read(key: &ObjectKey, body: &Value, options: &WriteOptions) -> Result<Self, ApiError> {
        let name = metadata::text(body, "name");
        if !name.is_empty() && name != &*key.name {
            return Err(ApiError::bad_request("name in URL does not match name in Eviction object"));
        }
        let mut delete = DeleteOptions { fence: options.fence.clone(), ..DeleteOptions::default() };
        let given = body.get("deleteOptions").cloned().unwrap_or(Value::Null);
        if !given.is_null() {
            let read = Given::deserialize(given)
                .map_err(|error| ApiError::bad_request(format!("deleteOptions cannot be read: {error}")))?;
            read.apply(&mut delete)?;
        }
        let dry_run = options.dry_run || delete.dry_run;
        delete.dry_run = dry_run;
        Ok(Self { options: delete, dry_run })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    grace_period_seconds: Option<i64>,
    propagation_policy: Option<String>,
    #[serde(default)]
    dry_run: Vec<String>,
    preconditions: Option<Preconditions>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Preconditions {
    uid: Option<String>,
    resource_version: Option<String>,
}

impl Given {
    fn apply(self, options: &mut DeleteOptions) -> Result<(), ApiError> {
        options.grace_period_seconds = self.grace_period_seconds;
        options.dry_run = self.dry_run.iter().any(|mode| mode == "All");
        options.propagation = match self.propagation_policy.as_deref() {
            None | Some("") => None,
            Some("Background") => Some(Propagation::Background),
            Some("Foreground") => Some(Propagation::Foreground),
            Some("Orphan") => Some(Propagation::Orphan),
            Some(other) => {
                let text = format!("deleteOptions.propagationPolicy: {other:?} is no propagation policy");
                return Err(ApiError::bad_request(text));
            }
        };
        if let Some(preconditions) = self.preconditions {
            options.uid = preconditions.uid.map(kube_core::resource::Uid::new);
            options.version = match preconditions.resource_version {
                Some(text) => Some(text.parse().map_err(|_| {
                    ApiError::bad_request(format!("deleteOptions.preconditions: {text:?} is no version"))
                })?),
                None => None,
            };
        }
        Ok(())
    }
}

impl Planner<'_> {
    /// Plans an eviction: the deletion of the pod, and the charge on its budget.
    pub(super) async fn evict(&mut self, key: &ObjectKey, eviction: &Eviction) -> Result<Planned, ApiError> {
        let found = self.stored(key).await?;
        let Some(pod) = found.stored.typed::<Pod>()? else {
            return Err(ApiError::internal("only pods are evicted"));
        };
        // Plugins see the eviction as what it is.
        let act = Act { key, operation: Operation::Create, part: Subresource::Eviction, binding: None };
        self.validate(act, Some(&found.stored), None).await?;
        if !ignores_budgets(pod) {
            let mut txn = TxnBuilder::default();
            charge(&self.contribution(act), pod, &found.stored, &mut txn).await?;
            txn.add_to(self.draft);
        }
        self.delete(key, &eviction.options).await
    }
}

/// Pods whose end disrupts nobody.
fn ignores_budgets(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed" | "Pending")) || metadata::is_terminating(&pod.metadata)
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Charges the pod's budget, if it has one.
async fn charge(
    cx: &Contribution<'_>,
    pod: &Pod,
    stored: &Stored,
    txn: &mut TxnBuilder,
) -> Result<(), ApiError> {
    let labels = stored.meta().labels.iter().flatten();
    let labels: LabelSet = labels.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let all = cx.all_cached::<PodDisruptionBudget>(&cx.key().namespace).await?;
    let covering: Vec<_> = all.iter().filter(|budget| covers(budget, &labels)).collect();
    let budget = match covering.as_slice() {
        [] => return Ok(()),
        [one] => one,
        _ => {
            let text = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
            let mut error = ApiError::internal("");
            text.clone_into(&mut error.message);
            return Err(error);
        }
    };
    // The cache told which; the store tells what is left of it.
    let read = cx.object(PodDisruptionBudget::kind_info(), &budget.key()).await?;
    let Some(bytes) = read.value() else { return Ok(()) };
    let mut budget = PodDisruptionBudget::from_json(bytes).map_err(ApiError::internal)?;
    let status = budget.status.get_or_insert_default();
    if !is_ready(pod)
        && may_go_unready(
            budget.spec.as_ref().and_then(|s| s.unhealthy_pod_eviction_policy.as_deref()),
            status,
        )
    {
        // It was not counted as healthy, so nothing is spent; the budget must still say so when it goes.
        txn.expect(&read);
        return Ok(());
    }
    spend(&mut budget, pod.name(), cx.env().wall_seconds())?;
    txn.put(&read, canonical(&budget.to_json_value().map_err(ApiError::internal)?));
    Ok(())
}

/// Source: `getPodDisruptionBudgets`: an empty selector selects nothing here.
fn covers(budget: &PodDisruptionBudget, labels: &LabelSet) -> bool {
    let selector = budget.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    let selector = selector.and_then(|selector| serde_json::to_value(selector).ok());
    let selector = selector.and_then(|selector| LabelSelector::deserialize(selector).ok());
    let selector = selector.and_then(|selector| selector.to_selector().ok());
    selector.is_some_and(|selector| !selector.is_everything() && selector.matches(labels))
}

/// Whether a pod that is not ready may go without being counted.
fn may_go_unready(policy: Option<&str>, status: &PodDisruptionBudgetStatus) -> bool {
    policy == Some("AlwaysAllow")
        || status.current_healthy.unwrap_or(0) >= status.desired_healthy.unwrap_or(0)
            && status.desired_healthy.unwrap_or(0) > 0
}

/// Source: `checkAndDecrement`.
fn spend(budget: &mut PodDisruptionBudget, pod: &str, now: jiff::Timestamp) -> Result<(), ApiError> {
    let name = budget.name().to_owned();
    let generation = budget.metadata.generation.unwrap_or(0);
    let status = budget.status.get_or_insert_default();
    let forbidden = |why: &str| Err(ApiError::forbidden("policy", "poddisruptionbudget", &name, why));
    if status.observed_generation.unwrap_or(0) < generation {
        let message = format!("The disruption budget {name} is still being processed by the server.");
        return Err(too_many(10, message));
    }
    let allowed = status.disruptions_allowed.unwrap_or(0);
    if allowed < 0 {
        return forbidden("pdb disruptions allowed is negative");
    }
    if status.disrupted_pods.as_ref().is_some_and(|pods| pods.len() > MAX_DISRUPTED) {
        return forbidden("DisruptedPods map too big - too many evictions not confirmed by PDB controller");
    }
    if allowed == 0 {
        let (wanted, healthy) = (status.desired_healthy.unwrap_or(0), status.current_healthy.unwrap_or(0));
        let message =
            format!("The disruption budget {name} needs {wanted} healthy pods and has {healthy} currently");
        return Err(too_many(0, message));
    }
    status.disruptions_allowed = Some(allowed - 1);
    if allowed == 1 {
        exhausted(status, generation, now);
    }
    status.disrupted_pods.get_or_insert_default().insert(pod.to_owned(), Time(now));
    Ok(())
}

fn too_many(retry_after_seconds: u32, message: String) -> ApiError {
    let text = "Cannot evict pod as it would violate the pod's disruption budget.";
    ApiError::too_many_requests(text, retry_after_seconds).with_cause(Cause {
        reason: "DisruptionBudget".to_owned(),
        message,
        field: String::new(),
    })
}

/// The condition of a budget that allows nothing.
///
/// Source: `k8s.io/component-helpers/apps/poddisruptionbudget` (`UpdateDisruptionAllowedCondition`).
fn exhausted(status: &mut PodDisruptionBudgetStatus, generation: i64, now: jiff::Timestamp) {
    let conditions = status.conditions.get_or_insert_default();
    let known = conditions.iter_mut().find(|condition| condition.type_ == "DisruptionAllowed");
    match known {
        Some(known) => {
            if known.status != "False" {
                known.last_transition_time = Time(now);
            }
            "False".clone_into(&mut known.status);
            "InsufficientPods".clone_into(&mut known.reason);
            known.observed_generation = Some(generation);
        }
        None => conditions.push(Condition {
            type_: "DisruptionAllowed".to_owned(),
            status: "False".to_owned(),
            reason: "InsufficientPods".to_owned(),
            observed_generation: Some(generation),
            last_transition_time: Time(now),
            message: String::new(),
        }),
    }
}
