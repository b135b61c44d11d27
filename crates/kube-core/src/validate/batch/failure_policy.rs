//! What failed pods of a job mean to it.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/batch/validation` (`validatePodFailurePolicy`), KEP-3329.

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::batch::v1::{
    JobSpec, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern, PodFailurePolicyRule,
};
use crate::validate::fields::{Items, Text, qualified_name, supported};
use std::collections::BTreeSet;

const MAX_RULES: usize = 20;
const MAX_PATTERNS: usize = 20;
const MAX_EXIT_CODES: usize = 255;
const ACTIONS: &[&str] = &["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS: &[&str] = &["In", "NotIn"];
const STATUSES: &[&str] = &["False", "True", "Unknown"];

pub(super) fn validate_failure_policy(
    policy: &PodFailurePolicy,
    spec: &JobSpec,
    path: &FieldPath,
) -> Vec<FieldError> {
    let path = path.child("rules");
    let mut errors = Vec::new();
    if policy.rules.len() > MAX_RULES {
        errors.push(FieldError::too_many(&path, policy.rules.len(), MAX_RULES));
    }
    let pod = spec.template.spec.as_ref();
    let containers = pod.into_iter().flat_map(|pod| pod.containers.iter().chain(pod.init_containers.items()));
    let names: BTreeSet<&str> = containers.map(|container| container.name.as_str()).collect();
    for (index, rule) in policy.rules.iter().enumerate() {
        errors.extend(validate_rule(rule, spec, &names, &path.index(index)));
    }
    errors
}

/// What is wrong with when a pod is replaced: with a failure policy, only once it has failed.
///
/// Source: `validatePodReplacementPolicy`.
pub(super) fn validate_replacement_policy(spec: &JobSpec, path: &FieldPath) -> Option<FieldError> {
    let valid: &[&str] =
        if spec.pod_failure_policy.is_some() { &["Failed"] } else { &["Failed", "TerminatingOrFailed"] };
    supported(spec.pod_replacement_policy.as_deref()?, valid, path)
}

fn validate_rule(
    rule: &PodFailurePolicyRule,
    spec: &JobSpec,
    names: &BTreeSet<&str>,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> =
        validate_action(&rule.action, spec, &path.child("action")).into_iter().collect();
    if let Some(codes) = &rule.on_exit_codes {
        errors.extend(validate_exit_codes(codes, names, &path.child("onExitCodes")));
    }
    let patterns = rule.on_pod_conditions.items();
    if !patterns.is_empty() {
        errors.extend(validate_conditions(patterns, &path.child("onPodConditions")));
    }
    let detail = match (rule.on_exit_codes.is_some(), patterns.is_empty()) {
        (true, false) => "specifying both OnExitCodes and OnPodConditions is not supported",
        (false, true) => "specifying one of OnExitCodes and OnPodConditions is required",
        _ => return errors,
    };
    errors.push(FieldError::invalid_whole(path, detail));
    errors
}

fn validate_action(action: &str, spec: &JobSpec, path: &FieldPath) -> Option<FieldError> {
    match action {
        "" => Some(FieldError::required(path, listed(ACTIONS))),
        "FailIndex" if spec.backoff_limit_per_index.is_none() => {
            Some(FieldError::invalid(path, action, "requires the backoffLimitPerIndex to be set"))
        }
        action => supported(action, ACTIONS, path),
    }
}

fn validate_conditions(
    patterns: &[PodFailurePolicyOnPodConditionsPattern],
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if patterns.len() > MAX_PATTERNS {
        errors.push(FieldError::too_many(path, patterns.len(), MAX_PATTERNS));
    }
    for (index, pattern) in patterns.iter().enumerate() {
        let path = path.index(index);
        errors.extend(qualified_name(&pattern.type_, &path.child("type")));
        errors.extend(given_one_of(pattern.status.text(), STATUSES, &path.child("status")));
    }
    errors
}

fn validate_exit_codes(
    codes: &PodFailurePolicyOnExitCodesRequirement,
    names: &BTreeSet<&str>,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> =
        given_one_of(&codes.operator, OPERATORS, &path.child("operator")).into_iter().collect();
    if let Some(name) = codes.container_name.as_deref().filter(|name| !names.contains(name)) {
        let detail = "must be one of the container or initContainer names in the pod template";
        errors.push(FieldError::invalid(&path.child("containerName"), name, detail));
    }
    let (values, path) = (&codes.values, path.child("values"));
    if values.is_empty() {
        errors.push(FieldError::invalid(&path, ShownAsJson(values), "at least one value is required"));
    } else if values.len() > MAX_EXIT_CODES {
        errors.push(FieldError::too_many(&path, values.len(), MAX_EXIT_CODES));
    }
    let mut seen = BTreeSet::new();
    for (index, &value) in values.iter().enumerate() {
        let path = path.index(index);
        if codes.operator == "In" && value == 0 {
            errors.push(FieldError::invalid(&path, value, "must not be 0 for the In operator"));
        }
        if !seen.insert(value) {
            errors.push(FieldError::duplicate(&path, value));
        }
    }
    if !values.is_sorted() {
        errors.push(FieldError::invalid(&path, ShownAsJson(values), "must be ordered"));
    }
    errors
}

fn given_one_of(value: &str, valid: &[&str], path: &FieldPath) -> Option<FieldError> {
    if value.is_empty() {
        Some(FieldError::required(path, listed(valid)))
    } else {
        supported(value, valid, path)
    }
}

/// As Go prints a list of texts.
fn listed(valid: &[&str]) -> String {
    format!("valid values: [\"{}\"]", valid.join("\" \""))
}
