//! What a disruption budget allows. Pure.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/disruption` (`trySync`, `getExpectedPodCount`, `buildDisruptedPodMap`,
//! `updatePdbStatus`, `failSafe`).

use jiff::{SignedDuration, Timestamp};
use kube_core::condition::{self, FALSE, TRUE};
use kube_core::int_or_percent::{IntOrPercentError, scaled_value};
use kube_core::kinds::IntOrString;
use kube_core::kinds::meta::v1::{Condition, Time};
use kube_core::kinds::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetStatus};
use kube_core::view::PodView;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Condition: whether any pod may be taken away.
pub const DISRUPTION_ALLOWED: &str = "DisruptionAllowed";

/// How long a pod that was evicted counts as gone while nothing shows that it is.
const DELETION_TIMEOUT: SignedDuration = SignedDuration::from_mins(2);

/// What there is.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The budget.
    pub budget: &'a PodDisruptionBudget,
    /// The pods that it selects.
    pub pods: &'a [Arc<PodView>],
    /// Pods there should be: what their owners want where [`counts_owners`], else what there is.
    pub expected: i32,
    /// The time.
    pub now: Timestamp,
}

/// What to report.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The status.
    pub status: PodDisruptionBudgetStatus,
    /// Pods that should have been gone.
    pub late: Vec<Arc<PodView>>,
    /// When the first of the evicted pods counts again, if nothing happens.
    pub requeue: Option<Duration>,
}

/// Whether the budget is measured by what the owners of its pods want: only a plain `minAvailable` is not.
pub fn counts_owners(budget: &PodDisruptionBudget) -> bool {
    budget.spec.as_ref().is_some_and(|spec| {
        spec.max_unavailable.is_some() || matches!(spec.min_available, Some(IntOrString::String(_)))
    })
}

/// Plans the report.
///
/// # Errors
/// A count that is neither a number nor a percentage.
pub fn plan(view: &View<'_>) -> Result<Plan, IntOrPercentError> {
    let (expected, desired) = wanted(view)?;
    let mut plan = Plan::default();
    let disrupted = disrupted(view, &mut plan);
    let healthy = view.pods.iter().filter(|pod| !pod.is_terminating() && pod.is_ready());
    let healthy = healthy.filter(|pod| !disrupted.contains_key(&*pod.meta.name)).count();
    let healthy = i32::try_from(healthy).unwrap_or(i32::MAX);
    // A budget without pods allows nothing, so that it is safe when the first ones appear.
    let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
    let before = view.budget.status.clone().unwrap_or_default();
    plan.status = PodDisruptionBudgetStatus {
        conditions: before.conditions,
        current_healthy: Some(healthy),
        desired_healthy: Some(desired),
        disrupted_pods: Some(disrupted).filter(|pods| !pods.is_empty()),
        disruptions_allowed: Some(allowed),
        expected_pods: Some(expected),
        observed_generation: view.budget.metadata.generation,
    };
    let (status, reason) = if allowed > 0 { (TRUE, "SufficientPods") } else { (FALSE, "InsufficientPods") };
    report(&mut plan.status, status, reason, "", view.now);
    Ok(plan)
}

/// Pods there should be, and healthy ones among them.
fn wanted(view: &View<'_>) -> Result<(i32, i32), IntOrPercentError> {
    let Some(spec) = &view.budget.spec else { return Ok((0, 0)) };
    if let Some(most) = &spec.max_unavailable {
        let most = scaled_value(most, view.expected, true)?;
        return Ok((view.expected, view.expected.saturating_sub(most).max(0)));
    }
    match &spec.min_available {
        Some(least) => Ok((view.expected, scaled_value(least, view.expected, true)?)),
        None => Ok((0, 0)),
    }
}

/// The pods that were evicted and are about to go.
fn disrupted(view: &View<'_>, plan: &mut Plan) -> BTreeMap<String, Time> {
    let known = view.budget.status.as_ref().and_then(|status| status.disrupted_pods.as_ref());
    let mut disrupted = BTreeMap::new();
    for pod in view.pods.iter().filter(|pod| !pod.is_terminating()) {
        let Some(since) = known.and_then(|known| known.get(&*pod.meta.name)) else { continue };
        let end = since.0.saturating_add(DELETION_TIMEOUT).unwrap_or(since.0);
        match Duration::try_from(end.duration_since(view.now)).ok().filter(|left| !left.is_zero()) {
            Some(left) => {
                plan.requeue = Some(plan.requeue.map_or(left, |first| first.min(left)));
                disrupted.insert(pod.meta.name.to_string(), since.clone());
            }
            None => plan.late.push(pod.clone()),
        }
    }
    disrupted
}

/// Allows nothing, since it is not known what may be allowed.
pub fn fail_safe(status: &mut PodDisruptionBudgetStatus, message: &str, now: Timestamp) {
    // A count is written also where there has been none.
    status.disruptions_allowed = Some(0);
    for count in [&mut status.current_healthy, &mut status.desired_healthy, &mut status.expected_pods] {
        count.get_or_insert_default();
    }
    report(status, FALSE, "SyncFailed", message, now);
}

fn report(status: &mut PodDisruptionBudgetStatus, is: &str, reason: &str, message: &str, now: Timestamp) {
    let allowed = Condition {
        type_: DISRUPTION_ALLOWED.to_owned(),
        status: is.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        observed_generation: status.observed_generation,
        last_transition_time: Time(now),
    };
    condition::set(status.conditions.get_or_insert_default(), allowed, &Time(now));
}
