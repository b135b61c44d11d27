//! What may stand in the spec of a job, also one in a cron job.

use super::failure_policy::{validate_failure_policy, validate_replacement_policy};
use super::success_policy::validate_success_policy;
use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::batch::v1::{JobSpec, JobTemplateSpec};
use crate::names::is_domain_prefixed_path;
use crate::selector::Selector;
use crate::validate::apps::{validate_pod_template, wrong_labels};
use crate::validate::fields::{Text, given, nonnegative, supported};
use crate::validate::label_selector::validate_label_selector;

pub(super) const INDEXED: &str = "Indexed";
pub(super) const NON_INDEXED: &str = "NonIndexed";

/// Above this many completions, less may run and fail at a time.
const COMPLETIONS_SOFT_LIMIT: i32 = 100_000;
const MAX_PARALLELISM: i32 = 100_000;
const MAX_FAILED_INDEXES: i32 = 100_000;
const MAX_WITH_MANY_COMPLETIONS: i32 = 10_000;
const MANAGED_BY_MAX_LENGTH: usize = 63;

/// Source: `ValidateJobSpec`.
pub(super) fn validate_job_spec(spec: &JobSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = validate_without_selector(spec, path);
    let here = path.child("selector");
    match &spec.selector {
        None => errors.push(FieldError::required(&here, "")),
        selector => errors.extend(validate_label_selector(selector.as_ref(), &here)),
    }
    let labels = spec.template.metadata.as_ref().and_then(|meta| meta.labels.clone()).unwrap_or_default();
    if Selector::from_label_selector(spec.selector.as_ref()).is_ok_and(|selector| !selector.matches(&labels))
    {
        errors.push(wrong_labels(&spec.template, &path.child("template")));
    }
    errors
}

/// What is wrong with a template of jobs, which get their selector when they are made.
///
/// Source: `ValidateJobTemplateSpec`.
pub(super) fn validate_template_of_jobs(template: &JobTemplateSpec, path: &FieldPath) -> Vec<FieldError> {
    let path = path.child("spec");
    given(template.spec.as_ref(), |spec| {
        let mut errors = validate_without_selector(spec, &path);
        if let Some(selector) = &spec.selector {
            let detail = "`selector` will be auto-generated";
            errors.push(FieldError::invalid(&path.child("selector"), ShownAsJson(selector), detail));
        }
        if spec.manual_selector == Some(true) {
            errors.push(FieldError::not_supported(&path.child("manualSelector"), true, &["nil", "false"]));
        }
        errors
    })
}

/// Source: `validateJobSpec`.
fn validate_without_selector(spec: &JobSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = Vec::new();
    errors.extend(nonnegative(spec.parallelism, path, "parallelism"));
    errors.extend(nonnegative(spec.completions, path, "completions"));
    errors.extend(nonnegative(spec.active_deadline_seconds, path, "activeDeadlineSeconds"));
    errors.extend(nonnegative(spec.backoff_limit, path, "backoffLimit"));
    errors.extend(nonnegative(spec.ttl_seconds_after_finished, path, "ttlSecondsAfterFinished"));
    errors.extend(nonnegative(spec.backoff_limit_per_index, path, "backoffLimitPerIndex"));
    if spec.max_failed_indexes.is_some() {
        errors.extend(nonnegative(spec.max_failed_indexes, path, "maxFailedIndexes"));
        if spec.backoff_limit_per_index.is_none() {
            let detail = "when maxFailedIndexes is specified";
            errors.push(FieldError::required(&path.child("backoffLimitPerIndex"), detail));
        }
    }
    if let Some(manager) = &spec.managed_by {
        let path = path.child("managedBy");
        errors.extend(is_domain_prefixed_path(&path, manager));
        if manager.len() > MANAGED_BY_MAX_LENGTH {
            errors.push(FieldError::too_long(&path, MANAGED_BY_MAX_LENGTH));
        }
    }
    errors.extend(validate_mode(spec, path));
    if let Some(policy) = &spec.pod_failure_policy {
        errors.extend(validate_failure_policy(policy, spec, &path.child("podFailurePolicy")));
    }
    if let Some(policy) = &spec.success_policy {
        let path = path.child("successPolicy");
        if spec.completion_mode.text() == INDEXED {
            errors.extend(validate_success_policy(policy, spec.completions.unwrap_or_default(), &path));
        } else {
            errors.push(FieldError::invalid(&path, ShownAsJson(policy), NEEDS_INDEXED));
        }
    }
    errors.extend(validate_replacement_policy(spec, &path.child("podReplacementPolicy")));
    errors.extend(validate_pod_template(&spec.template, &path.child("template")));
    errors
        .extend(validate_restart_policy(spec, &path.child("template").child("spec").child("restartPolicy")));
    errors
}

const NEEDS_INDEXED: &str = "requires indexed completion mode";

fn validate_mode(spec: &JobSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mode = spec.completion_mode.as_deref();
    if let Some(mode) = mode {
        errors.extend(supported(mode, &[NON_INDEXED, INDEXED], &path.child("completionMode")));
    }
    match mode {
        Some(INDEXED) => errors.extend(validate_indexed(spec, path)),
        None | Some(NON_INDEXED) => {
            let limits = [
                ("backoffLimitPerIndex", spec.backoff_limit_per_index),
                ("maxFailedIndexes", spec.max_failed_indexes),
            ];
            for (field, limit) in limits {
                let error = limit.map(|limit| FieldError::invalid(&path.child(field), limit, NEEDS_INDEXED));
                errors.extend(error);
            }
        }
        Some(_) => {}
    }
    errors
}

fn validate_indexed(spec: &JobSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (parallelism, failed) = (path.child("parallelism"), path.child("maxFailedIndexes"));
    let above = |value: Option<i32>, limit: i32| value.filter(|&value| value > limit);
    if spec.completions.is_none() {
        let detail = format!("when completion mode is {INDEXED}");
        errors.push(FieldError::required(&path.child("completions"), detail));
    }
    if let Some(value) = above(spec.parallelism, MAX_PARALLELISM) {
        let detail =
            format!("must be less than or equal to {MAX_PARALLELISM} when completion mode is {INDEXED}");
        errors.push(FieldError::invalid(&parallelism, value, detail));
    }
    if let Some(value) = spec.completions.and_then(|limit| above(spec.max_failed_indexes, limit)) {
        errors.push(FieldError::invalid(&failed, value, "must be less than or equal to completions"));
    }
    if let Some(value) = above(spec.max_failed_indexes, MAX_FAILED_INDEXES) {
        let detail = format!("must be less than or equal to {MAX_FAILED_INDEXES}");
        errors.push(FieldError::invalid(&failed, value, detail));
    }
    if above(spec.completions, COMPLETIONS_SOFT_LIMIT).is_none() || spec.backoff_limit_per_index.is_none() {
        return errors;
    }
    if spec.max_failed_indexes.is_none() {
        let detail = format!("must be specified when completions is above {COMPLETIONS_SOFT_LIMIT}");
        errors.push(FieldError::required(&failed, detail));
    }
    for (path, value) in [(&parallelism, spec.parallelism), (&failed, spec.max_failed_indexes)] {
        if let Some(value) = above(value, MAX_WITH_MANY_COMPLETIONS) {
            let detail = format!(
                "must be less than or equal to {MAX_WITH_MANY_COMPLETIONS} when completions are above \
                 {COMPLETIONS_SOFT_LIMIT} and used with backoff limit per index"
            );
            errors.push(FieldError::invalid(path, value, detail));
        }
    }
    errors
}

/// Pods of a job end.
fn validate_restart_policy(spec: &JobSpec, path: &FieldPath) -> Option<FieldError> {
    let policy =
        spec.template.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref()).unwrap_or_default();
    match policy {
        "" | "Always" => Some(FieldError::required(path, "valid values: \"OnFailure\", \"Never\"")),
        "OnFailure" if spec.pod_failure_policy.is_some() => {
            let detail = "only \"Never\" is supported when podFailurePolicy is specified";
            Some(FieldError::invalid(path, policy, detail))
        }
        policy => supported(policy, &["OnFailure", "Never"], path),
    }
}
