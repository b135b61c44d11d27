//! Jobs.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/batch/v1` (`SetDefaults_Job`), `pkg/apis/batch/validation` (`ValidateJob`,
//! `ValidateJobUpdate`), `pkg/registry/batch/job`.

use super::job_spec::{INDEXED, NON_INDEXED, validate_job_spec};
use super::job_status::validate_status;
use super::job_update::validate_change;
use super::selector;
use crate::error::{FieldError, FieldPath};
use crate::kinds::batch::v1::{Job, JobSpec};
use crate::names::is_dns1123_label;
use crate::validate::Kind;
use crate::validate::apps::set_template_defaults;
use crate::validate::fields::{Text, given};
use crate::validate::warn;
use std::collections::BTreeMap;

impl Kind for Job {
    const AS_IT_IS: bool = true;

    fn drop_status(&mut self) {
        self.status = None;
    }

    fn append_status(&self, json: &mut Vec<u8>) -> Result<bool, serde_json::Error> {
        serde_json::to_writer(json, &self.status).map(|()| true)
    }

    fn set_defaults(&mut self) {
        let Some(spec) = &mut self.spec else { return };
        set_spec_defaults(spec);
        let labels = spec.template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
        if let Some(labels) = labels.filter(|labels| !labels.is_empty())
            && self.metadata.labels.as_ref().is_none_or(BTreeMap::is_empty)
        {
            self.metadata.labels = Some(labels.clone());
        }
    }

    fn prepare_create(&mut self) {
        selector::generate(self);
    }

    const JUDGES_STATUS: bool = true;

    fn validate_status_update(&self, old: &Self) -> Vec<FieldError> {
        let (status, spec) = (self.status.as_ref(), old.spec.as_ref());
        given(status, |new| {
            given(old.status.as_ref(), |old| given(spec, |spec| validate_status(new, old, spec)))
        })
    }

    fn warnings(&self, old: Option<&Self>) -> Vec<String> {
        let mut warnings: Vec<String> =
            warn::of_name_of_pods(&self.metadata, old.map(|old| &old.metadata)).into_iter().collect();
        if let Some(spec) = &self.spec {
            warnings.extend(warnings_of(spec, &FieldPath::new("spec")));
        }
        warnings
    }

    fn validate(&self) -> Vec<FieldError> {
        let mut errors = selector::validate_generated(self);
        errors.extend(given(self.spec.as_ref(), |spec| validate_job_spec(spec, &FieldPath::new("spec"))));
        errors.extend(wrong_hostname(self));
        errors
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = given(self.spec.as_ref(), |spec| validate_job_spec(spec, &FieldPath::new("spec")));
        errors.extend(validate_change(self, old));
        errors
    }
}

/// What is wrong with the longest host name among the pods of an indexed job: its name and the last index.
fn wrong_hostname(job: &Job) -> Option<FieldError> {
    let spec = job.spec.as_ref().filter(|spec| spec.completion_mode.text() == INDEXED)?;
    let last = spec.completions.filter(|&completions| completions > 0)? - 1;
    let name = job.metadata.name.text();
    let hostname = format!("{name}-{last}");
    if is_dns1123_label(&hostname).is_empty() {
        return None;
    }
    let detail = format!("will not able to create pod with invalid DNS label: {hostname}");
    Some(FieldError::invalid(&FieldPath::new("metadata").child("name"), name, detail))
}

fn set_spec_defaults(spec: &mut JobSpec) {
    if spec.completions.is_none() && spec.parallelism.is_none() {
        spec.completions = Some(1);
    }
    spec.parallelism.get_or_insert(1);
    let per_index = spec.backoff_limit_per_index.is_some();
    spec.backoff_limit.get_or_insert(if per_index { i32::MAX } else { 6 });
    spec.completion_mode.get_or_insert_with(|| NON_INDEXED.to_owned());
    spec.suspend.get_or_insert(false);
    spec.manual_selector.get_or_insert(false);
    let failed_only = spec.pod_failure_policy.is_some();
    let policy = if failed_only { "Failed" } else { "TerminatingOrFailed" };
    spec.pod_replacement_policy.get_or_insert_with(|| policy.to_owned());
    for rule in spec.pod_failure_policy.iter_mut().flat_map(|policy| &mut policy.rules) {
        for pattern in rule.on_pod_conditions.iter_mut().flatten() {
            pattern.status.fill("True");
        }
    }
    set_template_defaults(&mut spec.template);
}

/// Source: `WarningsForJobSpec`.
pub(super) fn warnings_of(spec: &JobSpec, path: &FieldPath) -> Vec<String> {
    let mut warnings = Vec::new();
    let many = |count: Option<i32>, limit: i32| count.unwrap_or_default() > limit;
    if spec.completion_mode.text() == INDEXED
        && many(spec.completions, 100_000)
        && many(spec.parallelism, 10_000)
    {
        warnings.push(format!(
            "{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completions when a big number of indexes fail"
        ));
    }
    warnings.extend(warn::of_template(&spec.template, &path.child("template")));
    warnings
}
