//! What keeps a pod from nodes: tolerations, gates, spreading.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{PodSchedulingGate, Toleration, TopologySpreadConstraint};
use crate::names::{is_decimal_integer, is_valid_label_value, validate_label_name};
use crate::validate::fields::{Items, NOT_POSITIVE, Text, positive, qualified_name, supported};
use crate::validate::label_selector::validate_label_selector;

/// What is wrong with tolerations.
///
/// Source: `ValidateTolerations`.
pub(super) fn validate_tolerations(tolerations: &[Toleration], path: &FieldPath) -> Vec<FieldError> {
    let list = tolerations.iter().enumerate();
    list.flat_map(|(index, toleration)| validate_toleration(toleration, &path.index(index))).collect()
}

fn validate_toleration(toleration: &Toleration, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (key, value) = (toleration.key.text(), toleration.value.text());
    let (operator, effect) = (toleration.operator.text(), toleration.effect.text());
    if !key.is_empty() {
        errors.extend(validate_label_name(key, &path.child("key")));
    }
    let here = path.child("operator");
    if key.is_empty() && operator != "Exists" {
        let detail =
            "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        errors.push(FieldError::invalid(&here, operator, detail));
    }
    if toleration.toleration_seconds.is_some() && effect != "NoExecute" {
        let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        errors.push(FieldError::invalid(&path.child("effect"), effect, detail));
    }
    match operator {
        "Equal" | "" => {
            let complaints = is_valid_label_value(value);
            if !complaints.is_empty() {
                errors.push(FieldError::invalid(&here, value, complaints.join(";")));
            }
        }
        "Exists" if !value.is_empty() => {
            errors.push(FieldError::invalid(&here, value, "value must be empty when `operator` is 'Exists'"));
        }
        "Exists" => {}
        "Lt" | "Gt" => {
            let complaints = is_decimal_integer(value);
            if !complaints.is_empty() {
                errors.push(FieldError::invalid(&path.child("value"), value, complaints.join(";")));
            }
        }
        other => errors.push(FieldError::not_supported(&here, other, &["Equal", "Exists", "Lt", "Gt"])),
    }
    if !effect.is_empty() {
        errors.extend(validate_taint_effect(effect, &path.child("effect")));
    }
    errors
}

/// What is wrong with what a taint does.
///
/// Source: `validateTaintEffect`.
pub(in super::super::super) fn validate_taint_effect(effect: &str, path: &FieldPath) -> Option<FieldError> {
    supported(effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"], path)
}

/// What is wrong with scheduling gates.
///
/// Source: `validateSchedulingGates`.
pub(super) fn validate_gates(gates: &[PodSchedulingGate], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut names = BTreeSet::new();
    for (index, gate) in gates.iter().enumerate() {
        let path = path.index(index);
        errors.extend(qualified_name(&gate.name, &path));
        if !names.insert(gate.name.as_str()) {
            errors.push(FieldError::duplicate(&path, &gate.name));
        }
    }
    errors
}

/// What is wrong with how pods are spread.
///
/// Source: `validateTopologySpreadConstraints`.
pub(super) fn validate_spread_constraints(
    constraints: &[TopologySpreadConstraint],
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, constraint) in constraints.iter().enumerate() {
        let path = path.index(index);
        let (key, action) = (constraint.topology_key.as_str(), constraint.when_unsatisfiable.as_str());
        errors.extend(positive(constraint.max_skew.into(), &path.child("maxSkew")));
        if key.is_empty() {
            errors.push(FieldError::required(&path.child("topologyKey"), "can not be empty"));
        }
        errors.extend(supported(
            action,
            &["DoNotSchedule", "ScheduleAnyway"],
            &path.child("whenUnsatisfiable"),
        ));
        let later = &constraints[index + 1..];
        if later.iter().any(|other| other.topology_key == key && other.when_unsatisfiable == action) {
            let path = path.child("{topologyKey, whenUnsatisfiable}");
            errors.push(FieldError::duplicate(&path, format!("{{{key}, {action}}}")));
        }
        errors.extend(validate_min_domains(constraint, &path.child("minDomains")));
        let policies = [
            ("nodeAffinityPolicy", &constraint.node_affinity_policy),
            ("nodeTaintsPolicy", &constraint.node_taints_policy),
        ];
        for (field, policy) in policies {
            if let Some(policy) = policy {
                errors.extend(supported(policy, &["Honor", "Ignore"], &path.child(field)));
            }
        }
        errors.extend(validate_match_label_keys(constraint, &path.child("matchLabelKeys")));
        let selector = constraint.label_selector.as_ref();
        errors.extend(validate_label_selector(selector, &path.child("labelSelector")));
    }
    errors
}

fn validate_min_domains(constraint: &TopologySpreadConstraint, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let Some(least) = constraint.min_domains else { return errors };
    if least <= 0 {
        errors.push(FieldError::invalid(path, least, NOT_POSITIVE));
    }
    let action = constraint.when_unsatisfiable.as_str();
    if action != "DoNotSchedule" {
        let detail = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
        errors.push(FieldError::invalid(path, least, detail));
    }
    errors
}

/// Source: `validateMatchLabelKeysInTopologySpread`.
fn validate_match_label_keys(constraint: &TopologySpreadConstraint, path: &FieldPath) -> Vec<FieldError> {
    let keys = constraint.match_label_keys.items();
    let mut errors = Vec::new();
    if keys.is_empty() {
        return errors;
    }
    if constraint.label_selector.is_none() {
        errors.push(FieldError::forbidden(path, "must not be specified when labelSelector is not set"));
    }
    let selector = constraint.label_selector.as_ref();
    let labels = selector.and_then(|selector| selector.match_labels.as_ref());
    let labels = labels.into_iter().flat_map(BTreeMap::keys).map(String::as_str);
    let expressions = selector.map_or(&[][..], |selector| selector.match_expressions.items());
    let selected: BTreeSet<&str> = labels.chain(expressions.iter().map(|e| e.key.as_str())).collect();
    for (index, key) in keys.iter().enumerate() {
        let path = path.index(index);
        errors.extend(validate_label_name(key, &path));
        if selected.contains(key.as_str()) {
            errors.push(FieldError::invalid(&path, key, "exists in both matchLabelKeys and labelSelector"));
        }
    }
    errors
}
