//! When an indexed job is done before all its indexes are.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/batch/validation` (`validateSuccessPolicy`), KEP-3998.

use super::indexes::count_indexes;
use crate::error::{FieldError, FieldPath};
use crate::kinds::batch::v1::{SuccessPolicy, SuccessPolicyRule};
use crate::validate::meta::validate_nonnegative_field;

const MAX_RULES: usize = 20;
const MAX_INDEXES_LENGTH: usize = 64 * 1024;

pub(super) fn validate_success_policy(
    policy: &SuccessPolicy,
    completions: i32,
    path: &FieldPath,
) -> Vec<FieldError> {
    let path = path.child("rules");
    let mut errors = Vec::new();
    if policy.rules.is_empty() {
        let detail = "at least one rules must be specified when the successPolicy is specified";
        errors.push(FieldError::required(&path, detail));
    }
    if policy.rules.len() > MAX_RULES {
        errors.push(FieldError::too_many(&path, policy.rules.len(), MAX_RULES));
    }
    for (index, rule) in policy.rules.iter().enumerate() {
        errors.extend(validate_rule(rule, completions, &path.index(index)));
    }
    errors
}

fn validate_rule(rule: &SuccessPolicyRule, completions: i32, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if rule.succeeded_count.is_none() && rule.succeeded_indexes.is_none() {
        let detail = "at least one of succeededCount or succeededIndexes must be specified";
        errors.push(FieldError::required(path, detail));
    }
    let mut total = None;
    if let Some(indexes) = &rule.succeeded_indexes {
        let path = path.child("succeededIndexes");
        if indexes.len() > MAX_INDEXES_LENGTH {
            errors.push(FieldError::too_long(&path, MAX_INDEXES_LENGTH));
        }
        let counted = count_indexes(indexes, completions);
        total = Some(*counted.as_ref().unwrap_or(&0));
        if let Err(error) = counted {
            let detail = format!("error parsing succeededIndexes: {error}");
            errors.push(FieldError::invalid(&path, indexes, detail));
        }
    }
    if let Some(count) = rule.succeeded_count {
        let path = path.child("succeededCount");
        errors.extend(validate_nonnegative_field(count.into(), &path));
        let limits = [
            (Some(completions.into()), "the number of specified completions"),
            (total, "the number of indexes in the specified succeededIndexes field"),
        ];
        for (limit, what) in limits {
            if let Some(limit) = limit.filter(|&limit| i64::from(count) > limit) {
                let detail = format!("must be less than or equal to {limit} ({what})");
                errors.push(FieldError::invalid(&path, count, detail));
            }
        }
    }
    errors
}
