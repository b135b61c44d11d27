//! Conditions of the common form.
//!
//! Source: `k8s.io/apimachinery/pkg/apis/meta/v1/validation` (`ValidateConditions`).

use super::fields::supported;
use crate::error::{FieldError, FieldPath};
use crate::kinds::meta::v1::Condition;
use crate::names::validate_label_name;
use std::collections::BTreeSet;

/// Bytes of a reason.
const MAX_REASON: usize = 1024;
/// Bytes of a message.
const MAX_MESSAGE: usize = 32 * 1024;

/// What is wrong with the conditions at `path`.
pub(super) fn validate_conditions(conditions: &[Condition], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, condition) in conditions.iter().enumerate() {
        let path = path.index(index);
        if !seen.insert(&condition.type_) {
            errors.push(FieldError::duplicate(&path.child("type"), &condition.type_));
        }
        errors.extend(validate_condition(condition, &path));
    }
    errors
}

fn validate_condition(condition: &Condition, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = validate_label_name(&condition.type_, &path.child("type"));
    errors.extend(supported(&condition.status, &["False", "True", "Unknown"], &path.child("status")));
    let generation = condition.observed_generation.unwrap_or_default();
    if generation < 0 {
        let detail = "must be greater than or equal to zero";
        errors.push(FieldError::invalid(&path.child("observedGeneration"), generation, detail));
    }
    let (reason, at) = (&condition.reason, path.child("reason"));
    if reason.is_empty() {
        errors.push(FieldError::required(&at, "must be set"));
    } else {
        if !is_reason(reason) {
            errors.push(FieldError::invalid(&at, reason, REASON));
        }
        if reason.len() > MAX_REASON {
            errors.push(FieldError::too_long(&at, MAX_REASON));
        }
    }
    if condition.message.len() > MAX_MESSAGE {
        errors.push(FieldError::too_long(&path.child("message"), MAX_MESSAGE));
    }
    errors
}

/// Whether a reason is a letter, and then letters, digits and `_,:` that end with a letter, digit or `_`.
fn is_reason(reason: &str) -> bool {
    let bytes = reason.as_bytes();
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b',' | b':');
    let end = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.iter().all(inner)
        && bytes.last().is_some_and(end)
}

const REASON: &str = "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";
