//! How far a rollout may go at a time: numbers or percentages.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/apps/validation` (`ValidatePositiveIntOrPercent`, `IsNotMoreThan100Percent`).

use crate::error::{FieldError, FieldPath};
use crate::int_or_percent::percent;
use crate::kinds::IntOrString;
use crate::names::is_valid_percent;
use crate::validate::fields::{NEGATIVE, invalid};

/// What is wrong with a count that may be a percentage.
///
/// Source: `ValidatePositiveIntOrPercent`.
pub(in super::super) fn validate_count(count: &IntOrString, path: &FieldPath) -> Vec<FieldError> {
    match count {
        IntOrString::String(text) => invalid(path, text, is_valid_percent(text)).collect(),
        IntOrString::Int(number) if *number < 0 => vec![FieldError::invalid(path, *number, NEGATIVE)],
        IntOrString::Int(_) => Vec::new(),
    }
}

/// What is wrong with a percentage of more than all.
///
/// Source: `IsNotMoreThan100Percent`.
pub(in super::super) fn more_than_all(count: &IntOrString, path: &FieldPath) -> Option<FieldError> {
    let IntOrString::String(text) = count else { return None };
    let too_much = is_valid_percent(text).is_empty() && percent(text).is_ok_and(|percent| percent > 100);
    too_much.then(|| FieldError::invalid(path, text, "must not be greater than 100%"))
}

/// Whether it is 0 or `0%`.
///
/// Source: `getIntOrPercentValue`.
pub(super) fn is_zero(count: Option<&IntOrString>) -> bool {
    match count {
        None => true,
        Some(IntOrString::Int(number)) => *number == 0,
        Some(IntOrString::String(text)) => percent(text).unwrap_or_default() == 0,
    }
}

/// A count as an error shows it: numbers bare, texts quoted.
pub(super) fn invalid_count(path: &FieldPath, count: Option<&IntOrString>, detail: &str) -> FieldError {
    match count {
        None => FieldError::invalid(path, 0, detail),
        Some(IntOrString::Int(number)) => FieldError::invalid(path, *number, detail),
        Some(IntOrString::String(text)) => FieldError::invalid(path, text, detail),
    }
}
