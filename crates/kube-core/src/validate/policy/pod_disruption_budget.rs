//! Disruption budgets.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/policy/validation` (`ValidatePodDisruptionBudgetSpec`).

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec, PodDisruptionBudgetStatus};
use crate::validate::Kind;
use crate::validate::apps::{more_than_all, validate_count};
use crate::validate::conditions::validate_conditions;
use crate::validate::counts::none_negative;
use crate::validate::fields::{Items, given, supported};
use crate::validate::label_selector::validate_label_selector;

impl Kind for PodDisruptionBudget {
    fn set_defaults(&mut self) {
        self.spec.get_or_insert_default();
    }

    fn prepare_create(&mut self) {
        self.status = Some(PodDisruptionBudgetStatus {
            current_healthy: Some(0),
            desired_healthy: Some(0),
            disruptions_allowed: Some(0),
            expected_pods: Some(0),
            ..PodDisruptionBudgetStatus::default()
        });
    }

    const JUDGES_STATUS: bool = true;

    /// Source: `ValidatePodDisruptionBudgetStatusUpdate`.
    fn validate_status_update(&self, _old: &Self) -> Vec<FieldError> {
        let Some(status) = &self.status else { return Vec::new() };
        let path = FieldPath::new("status");
        let mut errors = validate_conditions(status.conditions.items(), &path.child("conditions"));
        let counts = [
            ("disruptionsAllowed", status.disruptions_allowed.map(Into::into)),
            ("currentHealthy", status.current_healthy.map(Into::into)),
            ("desiredHealthy", status.desired_healthy.map(Into::into)),
            ("expectedPods", status.expected_pods.map(Into::into)),
        ];
        errors.extend(none_negative(&path, &counts));
        errors
    }

    fn validate(&self) -> Vec<FieldError> {
        given(self.spec.as_ref(), |spec| validate_budget_spec(spec, &FieldPath::new("spec")))
    }
}

fn validate_budget_spec(spec: &PodDisruptionBudgetSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if spec.min_available.is_some() && spec.max_unavailable.is_some() {
        let detail = "minAvailable and maxUnavailable cannot be both set";
        errors.push(FieldError::invalid(path, ShownAsJson(spec), detail));
    }
    for (field, count) in [("minAvailable", &spec.min_available), ("maxUnavailable", &spec.max_unavailable)] {
        let Some(count) = count else { continue };
        errors.extend(validate_count(count, &path.child(field)));
        errors.extend(more_than_all(count, &path.child(field)));
    }
    errors.extend(validate_label_selector(spec.selector.as_ref(), &path.child("selector")));
    if let Some(policy) = spec.unhealthy_pod_eviction_policy.as_deref() {
        let path = path.child("unhealthyPodEvictionPolicy");
        errors.extend(supported(policy, &["AlwaysAllow", "IfHealthyBudget"], &path));
    }
    errors
}
