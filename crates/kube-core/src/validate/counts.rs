//! Counts in the statuses of workloads.

use super::fields::nonnegative;
use crate::error::{FieldError, FieldPath};

/// What is wrong with counts if they are below zero, in their order.
pub(super) fn none_negative(path: &FieldPath, counts: &[(&str, Option<i64>)]) -> Vec<FieldError> {
    counts.iter().filter_map(|(field, count)| nonnegative(*count, path, field)).collect()
}

/// What is wrong with counts that are a part of `whole` if they are above it.
pub(super) fn none_above(
    path: &FieldPath,
    counts: &[(&str, Option<i32>)],
    whole: Option<i32>,
    detail: &str,
) -> Vec<FieldError> {
    let whole = whole.unwrap_or_default();
    let above = counts.iter().filter(|(_, count)| count.unwrap_or_default() > whole);
    above
        .map(|(field, count)| FieldError::invalid(&path.child(field), count.unwrap_or_default(), detail))
        .collect()
}

/// What is wrong with `status.collisionCount`, which only grows.
///
/// Source: `IsDecremented` of `k8s.io/kubernetes/pkg/apis/core/validation`.
pub(super) fn decremented(new: Option<i32>, old: Option<i32>) -> Option<FieldError> {
    let lost = match (new, old) {
        (None, Some(_)) => true,
        (Some(new), Some(old)) => new < old,
        (_, None) => false,
    };
    let path = FieldPath::new("status").child("collisionCount");
    lost.then(|| FieldError::invalid(&path, new.unwrap_or_default(), "cannot be decremented"))
}

/// Said of a part of the replicas.
pub(super) const OF_REPLICAS: &str = "cannot be greater than status.replicas";
