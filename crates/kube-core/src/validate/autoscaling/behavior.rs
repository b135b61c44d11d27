//! How fast an autoscaler may scale.

use crate::error::{FieldError, FieldPath};
use crate::kinds::autoscaling::v2::{HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscalerBehavior};
use crate::quantity::Quantity;
use crate::validate::fields::{Items, NOT_POSITIVE, supported};

const MAX_PERIOD_SECONDS: i32 = 1800;
const MAX_STABILIZATION_WINDOW_SECONDS: i32 = 3600;
const SELECT_POLICIES: &[&str] = &["Disabled", "Max", "Min"];

/// Source: `SetDefaults_HorizontalPodAutoscalerBehavior`.
pub(super) fn set_behavior_defaults(behavior: &mut HorizontalPodAutoscalerBehavior) {
    let policy = |kind: &str, value| HPAScalingPolicy { type_: kind.to_owned(), value, period_seconds: 15 };
    let up = behavior.scale_up.get_or_insert_default();
    up.stabilization_window_seconds.get_or_insert(0);
    up.policies.get_or_insert_with(|| vec![policy("Pods", 4), policy("Percent", 100)]);
    let down = behavior.scale_down.get_or_insert_default();
    down.policies.get_or_insert_with(|| vec![policy("Percent", 100)]);
    for rules in [up, down] {
        rules.select_policy.get_or_insert_with(|| "Max".to_owned());
    }
}

/// Source: `validateBehavior`.
pub(super) fn validate_behavior(
    behavior: &HorizontalPodAutoscalerBehavior,
    path: &FieldPath,
) -> Vec<FieldError> {
    let directions = [("scaleUp", &behavior.scale_up), ("scaleDown", &behavior.scale_down)];
    let rules = directions.into_iter().filter_map(|(field, rules)| Some((field, rules.as_ref()?)));
    rules.flat_map(|(field, rules)| validate_rules(rules, &path.child(field))).collect()
}

/// Source: `validateScalingRules`.
fn validate_rules(rules: &HPAScalingRules, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(window) = rules.stabilization_window_seconds {
        let path = path.child("stabilizationWindowSeconds");
        if window < 0 {
            errors.push(FieldError::invalid(&path, window, "must be greater than or equal to zero"));
        }
        errors.extend(too_large(window, MAX_STABILIZATION_WINDOW_SECONDS, &path));
    }
    if let Some(policy) = rules.select_policy.as_deref() {
        errors.extend(supported(policy, SELECT_POLICIES, &path.child("selectPolicy")));
    }
    let policies = rules.policies.items();
    let here = path.child("policies");
    if policies.is_empty() {
        errors.push(FieldError::required(&here, "must specify at least one Policy"));
    }
    for (index, policy) in policies.iter().enumerate() {
        errors.extend(validate_policy(policy, &here.index(index)));
    }
    if let Some(tolerance) = &rules.tolerance
        && Quantity::parse(&tolerance.0).is_ok_and(|tolerance| tolerance.sign() < 0)
    {
        let detail = "must be greater than or equal to 0";
        errors.push(FieldError::invalid(&path.child("tolerance"), &tolerance.0, detail));
    }
    errors
}

/// Source: `validateScalingPolicy`.
fn validate_policy(policy: &HPAScalingPolicy, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> =
        supported(&policy.type_, &["Percent", "Pods"], &path.child("type")).into_iter().collect();
    if policy.value <= 0 {
        errors.push(FieldError::invalid(&path.child("value"), policy.value, NOT_POSITIVE));
    }
    let path = path.child("periodSeconds");
    if policy.period_seconds <= 0 {
        errors.push(FieldError::invalid(&path, policy.period_seconds, NOT_POSITIVE));
    }
    errors.extend(too_large(policy.period_seconds, MAX_PERIOD_SECONDS, &path));
    errors
}

fn too_large(value: i32, max: i32, path: &FieldPath) -> Option<FieldError> {
    (value > max).then(|| FieldError::invalid(path, value, format!("must be less than or equal to {max}")))
}
