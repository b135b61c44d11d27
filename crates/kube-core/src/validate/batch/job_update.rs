//! What may not change in a job.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/batch/validation` (`ValidateJobSpecUpdate`), `pkg/registry/batch/job`
//! (`validationOptionsForJob`).

use super::job_spec::INDEXED;
use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::batch::v1::{Job, JobSpec};
use crate::kinds::core::v1::{Affinity, Container, PodTemplateSpec};
use crate::validate::fields::{Items, Text};
use crate::validate::meta::FIELD_IMMUTABLE;

pub(super) fn validate_change(job: &Job, old: &Job) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let default = JobSpec::default();
    let (spec, before) = (job.spec.as_ref().unwrap_or(&default), old.spec.as_ref().unwrap_or(&default));
    let mut errors = Vec::new();
    errors.extend(wrong_completions(spec, before, &path));
    errors.extend(immutable(&spec.selector, &before.selector, &path.child("selector")));
    errors.extend(wrong_template(spec, old, before, &path.child("template")));
    errors.extend(immutable(&spec.completion_mode, &before.completion_mode, &path.child("completionMode")));
    errors.extend(immutable(
        &spec.pod_failure_policy,
        &before.pod_failure_policy,
        &path.child("podFailurePolicy"),
    ));
    errors.extend(immutable(
        &spec.backoff_limit_per_index,
        &before.backoff_limit_per_index,
        &path.child("backoffLimitPerIndex"),
    ));
    errors.extend(immutable(&spec.managed_by, &before.managed_by, &path.child("managedBy")));
    errors.extend(immutable(&spec.success_policy, &before.success_policy, &path.child("successPolicy")));
    errors
}

/// An indexed job may grow and shrink, if as many pods run at a time as it has indexes.
///
/// Source: `validateCompletions`.
fn wrong_completions(new: &JobSpec, old: &JobSpec, path: &FieldPath) -> Option<FieldError> {
    let here = path.child("completions");
    if new.completion_mode.text() != INDEXED {
        return immutable(&new.completions, &old.completions, &here);
    }
    let (completions, before) = (new.completions?, old.completions?);
    if completions == before || Some(completions) == new.parallelism {
        return None;
    }
    let detail = "can only be modified in tandem with spec.parallelism";
    Some(FieldError::invalid(&here, completions, detail))
}

/// Where the pods go and what they may use may be decided while a job is suspended and none of its pods is left.
///
/// Source: `validatePodTemplateUpdate`, KEP-2926, KEP-5440 (`MutablePodResourcesForSuspendedJobs`,
/// `MutableSchedulingDirectivesForSuspendedJobs`).
fn wrong_template(new: &JobSpec, job: &Job, old: &JobSpec, path: &FieldPath) -> Option<FieldError> {
    let runs = job.status.as_ref().is_some_and(|status| status.active.unwrap_or_default() > 0);
    let mut before = old.template.clone();
    if old.suspend == Some(true) && !runs {
        take_directives(&mut before, &new.template);
        take_resources(&mut before, &new.template);
    }
    immutable(&new.template, &before, path)
}

fn take_directives(before: &mut PodTemplateSpec, new: &PodTemplateSpec) {
    let meta = new.metadata.clone().unwrap_or_default();
    if let Some(kept) = &mut before.metadata {
        (kept.annotations, kept.labels) = (meta.annotations, meta.labels);
    } else if meta.annotations.is_some() || meta.labels.is_some() {
        before.metadata.clone_from(&new.metadata);
    }
    let (Some(before), Some(new)) = (&mut before.spec, &new.spec) else { return };
    before.node_selector.clone_from(&new.node_selector);
    before.tolerations.clone_from(&new.tolerations);
    before.scheduling_gates.clone_from(&new.scheduling_gates);
    let wanted = new.affinity.as_ref().and_then(|affinity| affinity.node_affinity.clone());
    if before.affinity.is_some() || new.affinity.is_some() {
        before.affinity.get_or_insert_default().node_affinity = wanted;
    }
    if new.affinity.is_none() && before.affinity == Some(Affinity::default()) {
        before.affinity = None;
    }
}

/// Requests and limits of each container; claims stay.
fn take_resources(before: &mut PodTemplateSpec, new: &PodTemplateSpec) {
    let (Some(before), Some(new)) = (&mut before.spec, &new.spec) else { return };
    let take = |before: &mut [Container], new: &[Container]| {
        for (before, new) in before.iter_mut().zip(new) {
            let kept = before.resources.get_or_insert_default();
            let wanted = new.resources.clone().unwrap_or_default();
            (kept.requests, kept.limits) = (wanted.requests, wanted.limits);
        }
    };
    take(&mut before.containers, &new.containers);
    take(before.init_containers.items_mut(), new.init_containers.items());
}

fn immutable<T: PartialEq + serde::Serialize>(new: &T, old: &T, path: &FieldPath) -> Option<FieldError> {
    (new != old).then(|| FieldError::invalid(path, ShownAsJson(new), FIELD_IMMUTABLE))
}
