//! What draws a pod to nodes and to other pods.

use std::collections::BTreeSet;

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{
    Affinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodAffinityTerm,
    WeightedPodAffinityTerm,
};
use crate::names::{
    is_valid_label_value, name_is_dns_subdomain, validate_label_name, validate_namespace_name,
};
use crate::validate::fields::{Items, invalid, name};
use crate::validate::label_selector::validate_label_selector;

/// What is wrong with affinities.
///
/// Source: `validateAffinity`.
pub(super) fn validate_affinity(affinity: &Affinity, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(node) = &affinity.node_affinity {
        let path = path.child("nodeAffinity");
        if let Some(selector) = &node.required_during_scheduling_ignored_during_execution {
            errors.extend(validate_node_selector(selector, &path.child(REQUIRED)));
        }
        let terms = node.preferred_during_scheduling_ignored_during_execution.items();
        for (index, term) in terms.iter().enumerate() {
            let path = path.child(PREFERRED).index(index);
            errors.extend(wrong_weight(term.weight, &path));
            errors.extend(validate_term(&term.preference, false, &path.child("preference")));
        }
    }
    if let Some(pods) = &affinity.pod_affinity {
        let required = pods.required_during_scheduling_ignored_during_execution.items();
        let preferred = pods.preferred_during_scheduling_ignored_during_execution.items();
        errors.extend(validate_pod_terms(required, preferred, &path.child("podAffinity")));
    }
    if let Some(pods) = &affinity.pod_anti_affinity {
        let required = pods.required_during_scheduling_ignored_during_execution.items();
        let preferred = pods.preferred_during_scheduling_ignored_during_execution.items();
        errors.extend(validate_pod_terms(required, preferred, &path.child("podAntiAffinity")));
    }
    errors
}

/// What is wrong with a selector of nodes.
///
/// Source: `ValidateNodeSelector`.
pub(in super::super::super) fn validate_node_selector(
    selector: &NodeSelector,
    path: &FieldPath,
) -> Vec<FieldError> {
    let path = path.child("nodeSelectorTerms");
    let terms = &selector.node_selector_terms;
    if terms.is_empty() {
        return vec![FieldError::required(&path, "must have at least one node selector term")];
    }
    let terms = terms.iter().enumerate();
    terms.flat_map(|(index, term)| validate_term(term, true, &path.index(index))).collect()
}

/// Preferences may name values that no label has.
fn validate_term(term: &NodeSelectorTerm, judges_values: bool, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, requirement) in term.match_expressions.items().iter().enumerate() {
        let path = path.child("matchExpressions").index(index);
        errors.extend(validate_requirement(requirement, judges_values, &path));
    }
    for (index, requirement) in term.match_fields.items().iter().enumerate() {
        errors.extend(validate_field(requirement, &path.child("matchFields").index(index)));
    }
    errors
}

/// Source: `ValidateNodeSelectorRequirement`.
fn validate_requirement(
    requirement: &NodeSelectorRequirement,
    judges_values: bool,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let values = requirement.values.items();
    let here = path.child("values");
    match requirement.operator.as_str() {
        "In" | "NotIn" if values.is_empty() => {
            let detail = "must be specified when `operator` is 'In' or 'NotIn'";
            errors.push(FieldError::required(&here, detail));
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            errors.push(FieldError::forbidden(&here, detail));
        }
        "Gt" | "Lt" if values.len() != 1 => {
            let detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
            errors.push(FieldError::required(&here, detail));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        other => {
            let path = path.child("operator");
            errors.push(FieldError::invalid(&path, other, "not a valid selector operator"));
        }
    }
    errors.extend(validate_label_name(&requirement.key, &path.child("key")));
    for (index, value) in values.iter().enumerate().filter(|_| judges_values) {
        errors.extend(invalid(&here.index(index), value, is_valid_label_value(value)));
    }
    errors
}

/// Source: `ValidateNodeFieldSelectorRequirement`.
fn validate_field(requirement: &NodeSelectorRequirement, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let values = requirement.values.items();
    let here = path.child("values");
    match requirement.operator.as_str() {
        "In" | "NotIn" if values.len() == 1 => {}
        "In" | "NotIn" => {
            let detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            errors.push(FieldError::required(&here, detail));
        }
        other => {
            let path = path.child("operator");
            errors.push(FieldError::invalid(&path, other, "not a valid selector operator"));
        }
    }
    if requirement.key == "metadata.name" {
        for (index, value) in values.iter().enumerate() {
            errors.extend(name(value, name_is_dns_subdomain, &here.index(index)));
        }
    } else {
        let detail = "not a valid field selector key";
        errors.push(FieldError::invalid(&path.child("key"), &requirement.key, detail));
    }
    errors
}

fn validate_pod_terms(
    required: &[PodAffinityTerm],
    preferred: &[WeightedPodAffinityTerm],
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, term) in required.iter().enumerate() {
        errors.extend(validate_pod_term(term, &path.child(REQUIRED).index(index)));
    }
    for (index, weighted) in preferred.iter().enumerate() {
        let path = path.child(PREFERRED).index(index);
        errors.extend(wrong_weight(weighted.weight, &path));
        errors.extend(validate_pod_term(&weighted.pod_affinity_term, &path.child("podAffinityTerm")));
    }
    errors
}

/// Source: `validatePodAffinityTerm`.
fn validate_pod_term(term: &PodAffinityTerm, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = validate_label_selector(term.label_selector.as_ref(), &path.child("labelSelector"));
    let namespaces = term.namespace_selector.as_ref();
    errors.extend(validate_label_selector(namespaces, &path.child("namespaceSelector")));
    for namespace in term.namespaces.items() {
        errors.extend(name(namespace, validate_namespace_name, &path.child("namespace")));
    }
    errors.extend(validate_label_keys(term, path));
    if term.topology_key.is_empty() {
        errors.push(FieldError::required(&path.child("topologyKey"), "can not be empty"));
    }
    errors.extend(validate_label_name(&term.topology_key, &path.child("topologyKey")));
    errors
}

/// Source: `validateMatchLabelKeysAndMismatchLabelKeys`.
fn validate_label_keys(term: &PodAffinityTerm, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (same, other) = (term.match_label_keys.items(), term.mismatch_label_keys.items());
    for (field, keys) in [("matchLabelKeys", same), ("mismatchLabelKeys", other)] {
        let path = path.child(field);
        if term.label_selector.is_none() && !keys.is_empty() {
            errors.push(FieldError::forbidden(&path, "must not be specified when labelSelector is not set"));
            continue;
        }
        for (index, key) in keys.iter().enumerate() {
            errors.extend(validate_label_name(key, &path.index(index)));
        }
    }
    if let Some(selector) = &term.label_selector {
        let mut seen: BTreeSet<&String> =
            selector.match_labels.iter().flatten().map(|(key, _)| key).collect();
        for expression in selector.match_expressions.items() {
            let key = &expression.key;
            let index = same.iter().rposition(|same| same == key);
            if let (Some(index), true) = (index, seen.contains(key)) {
                let detail = "exists in both matchLabelKeys and labelSelector";
                errors.push(FieldError::invalid(&path.index(index), key, detail));
            }
            seen.insert(key);
        }
    }
    for (index, key) in same.iter().enumerate().filter(|(_, key)| other.contains(key)) {
        let path = path.child("matchLabelKeys").index(index);
        errors.push(FieldError::invalid(&path, key, "exists in both matchLabelKeys and mismatchLabelKeys"));
    }
    errors
}

fn wrong_weight(weight: i32, path: &FieldPath) -> Option<FieldError> {
    let wrong = !(1..=100).contains(&weight);
    wrong.then(|| FieldError::invalid(&path.child("weight"), weight, "must be in the range 1-100"))
}

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
