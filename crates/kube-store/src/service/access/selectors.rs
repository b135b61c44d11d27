//! Rules for the selectors that a review asks about. Roles know no selectors, so no answer depends on them.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/authorization/validation` (`validateResourceAttributes`),
//! `k8s.io/apimachinery/pkg/apis/meta/v1/validation` (`ValidateFieldSelectorRequirement`).

use kube_core::error::{FieldError, FieldPath};
use kube_core::kinds::authorization::v1::ResourceAttributes;
use kube_core::kinds::meta::v1::{FieldSelectorRequirement, LabelSelectorRequirement};
use kube_core::validate::validate_label_selector_requirement;

/// What is wrong with the selectors of `attributes`. Operators that are not known may be those of a newer client.
pub(super) fn wrong_selectors(attributes: &ResourceAttributes) -> Vec<FieldError> {
    let path = FieldPath::new("spec").child("resourceAttributes");
    let mut errors = Vec::new();
    if let Some(selector) = &attributes.field_selector {
        let (raw, requirements) = (selector.raw_selector.as_deref(), selector.requirements.as_deref());
        errors.extend(wrong_selector(raw, requirements, &path.child("fieldSelector"), wrong_field));
    }
    if let Some(selector) = &attributes.label_selector {
        let (raw, requirements) = (selector.raw_selector.as_deref(), selector.requirements.as_deref());
        errors.extend(wrong_selector(raw, requirements, &path.child("labelSelector"), wrong_label));
    }
    errors
}

fn wrong_selector<R>(
    raw: Option<&str>,
    requirements: Option<&[R]>,
    path: &FieldPath,
    wrong: fn(&R, &FieldPath) -> Vec<FieldError>,
) -> Vec<FieldError> {
    let (raw, requirements) = (raw.unwrap_or_default(), requirements.unwrap_or_default());
    let here = path.child("requirements");
    let mut errors = Vec::new();
    if raw.is_empty() && requirements.is_empty() {
        let detail = format!("when {path} is specified, requirements or rawSelector is required");
        errors.push(FieldError::required(&here, detail));
    } else if !raw.is_empty() && !requirements.is_empty() {
        let detail = "may not specified at the same time as requirements";
        errors.push(FieldError::invalid(&path.child("rawSelector"), raw, detail));
    }
    let requirements = requirements.iter().enumerate();
    errors.extend(requirements.flat_map(|(index, requirement)| wrong(requirement, &here.index(index))));
    errors
}

fn wrong_field(requirement: &FieldSelectorRequirement, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if requirement.key.is_empty() {
        errors.push(FieldError::required(&path.child("key"), "must be specified"));
    }
    let has_values = requirement.values.as_ref().is_some_and(|values| !values.is_empty());
    match requirement.operator.as_str() {
        "In" | "NotIn" if !has_values => errors.push(FieldError::required(
            &path.child("values"),
            "must be specified when `operator` is 'In' or 'NotIn'",
        )),
        "Exists" | "DoesNotExist" if has_values => errors.push(FieldError::forbidden(
            &path.child("values"),
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        )),
        _ => {}
    }
    errors
}

fn wrong_label(requirement: &LabelSelectorRequirement, path: &FieldPath) -> Vec<FieldError> {
    let operator = path.child("operator");
    let mut errors = validate_label_selector_requirement(requirement, path);
    errors.retain(|error| error.path != operator);
    errors
}
