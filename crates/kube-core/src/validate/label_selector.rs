//! What is wrong with label selectors.
//!
//! Source: `k8s.io/apimachinery/pkg/apis/meta/v1/validation`.

use super::fields::{Items, invalid};
use super::meta::validate_labels;
use crate::error::{FieldError, FieldPath};
use crate::kinds::meta::v1::{LabelSelector, LabelSelectorRequirement};
use crate::names::{is_valid_label_value, validate_label_name};

/// What is wrong with a label selector; an absent one is right.
///
/// Source: `ValidateLabelSelector`.
pub fn validate_label_selector(selector: Option<&LabelSelector>, path: &FieldPath) -> Vec<FieldError> {
    let Some(selector) = selector else { return Vec::new() };
    let mut errors = Vec::new();
    if let Some(labels) = &selector.match_labels {
        errors.extend(validate_labels(labels, &path.child("matchLabels")));
    }
    for (index, requirement) in selector.match_expressions.items().iter().enumerate() {
        let path = path.child("matchExpressions").index(index);
        errors.extend(validate_label_selector_requirement(requirement, &path));
    }
    errors
}

/// What is wrong with one requirement of a label selector.
///
/// Source: `ValidateLabelSelectorRequirement`.
pub fn validate_label_selector_requirement(
    requirement: &LabelSelectorRequirement,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let values = requirement.values.items();
    match requirement.operator.as_str() {
        "In" | "NotIn" if values.is_empty() => errors.push(FieldError::required(
            &path.child("values"),
            "must be specified when `operator` is 'In' or 'NotIn'",
        )),
        "Exists" | "DoesNotExist" if !values.is_empty() => errors.push(FieldError::forbidden(
            &path.child("values"),
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        )),
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => {
            let path = path.child("operator");
            errors.push(FieldError::invalid(&path, other, "not a valid selector operator"));
        }
    }
    errors.extend(validate_label_name(&requirement.key, &path.child("key")));
    for (index, value) in values.iter().enumerate() {
        let complaints = is_valid_label_value(value);
        errors.extend(invalid(&path.child("values").index(index), value.as_str(), complaints));
    }
    errors
}

/// Whether a selector has no requirement at all.
pub(crate) fn is_empty(selector: &LabelSelector) -> bool {
    selector.match_labels.as_ref().is_none_or(std::collections::BTreeMap::is_empty)
        && selector.match_expressions.items().is_empty()
}
