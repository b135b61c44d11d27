//! Templates of pods, and the selectors that must match them.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`ValidatePodTemplateSpec`), `pkg/apis/apps/validation`
//! (`ValidatePodTemplateSpecForReplicaSet` and its siblings).

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::core::v1::{PodSpec, PodTemplateSpec};
use crate::kinds::meta::v1::{LabelSelector, ObjectMeta};
use crate::selector::Selector;
use crate::validate::core::{
    PodRules, set_pod_spec_defaults, validate_both_profiles, validate_pod_annotations, validate_pod_spec,
};
use crate::validate::fields::{Items, given};
use crate::validate::label_selector::{is_empty, validate_label_selector};
use crate::validate::meta::{FIELD_IMMUTABLE, validate_annotations, validate_labels};

/// Fills a template.
pub(in super::super) fn set_template_defaults(template: &mut PodTemplateSpec) {
    if let Some(spec) = &mut template.spec {
        set_pod_spec_defaults(spec);
    }
}

/// What is wrong with a template as such.
///
/// Source: `ValidatePodTemplateSpec`.
pub(in super::super) fn validate_pod_template(
    template: &PodTemplateSpec,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = validate_template_metadata(template, path);
    let path = path.child("spec");
    errors.extend(given(template.spec.as_ref(), |spec| validate_pod_spec(spec, PodRules::default(), &path)));
    if let (Some(meta), Some(spec)) = (&template.metadata, &template.spec) {
        errors.extend(validate_both_profiles(meta.annotations.as_ref(), spec, &path));
    }
    if template.spec.as_ref().is_some_and(|spec| !spec.ephemeral_containers.items().is_empty()) {
        let detail = "ephemeral containers not allowed in pod template";
        errors.push(FieldError::forbidden(&path.child("ephemeralContainers"), detail));
    }
    errors
}

/// What is wrong with the labels and annotations of a template.
pub(super) fn validate_template_metadata(template: &PodTemplateSpec, path: &FieldPath) -> Vec<FieldError> {
    let Some(meta) = &template.metadata else { return Vec::new() };
    given(template.spec.as_ref(), |spec| validate_labels_and_annotations(meta, spec, path))
}

fn validate_labels_and_annotations(meta: &ObjectMeta, spec: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(labels) = &meta.labels {
        errors.extend(validate_labels(labels, &path.child("labels")));
    }
    if let Some(annotations) = &meta.annotations {
        errors.extend(validate_annotations(annotations, &path.child("annotations")));
    }
    errors.extend(validate_pod_annotations(meta, spec, &path.child("annotations")));
    errors
}

/// What is wrong with a template of which `owner` keeps copies running: such pods restart, and have no deadline.
///
/// Source: `ValidatePodTemplateSpecForReplicaSet`.
pub(in super::super) fn validate_replicated_template(
    template: &PodTemplateSpec,
    owner: &str,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = validate_pod_template(template, path);
    errors.extend(validate_endless(template, owner, path));
    errors
}

/// What is wrong with a pod that ends although `owner` keeps it running.
pub(super) fn validate_endless(template: &PodTemplateSpec, owner: &str, path: &FieldPath) -> Vec<FieldError> {
    let path = path.child("spec");
    let spec = template.spec.as_ref();
    let policy = spec.and_then(|spec| spec.restart_policy.as_deref()).unwrap_or_default();
    let mut errors = Vec::new();
    if policy != "Always" {
        errors.push(FieldError::not_supported(&path.child("restartPolicy"), policy, &["Always"]));
    }
    if spec.is_some_and(|spec| spec.active_deadline_seconds.is_some()) {
        let detail = format!("activeDeadlineSeconds in {owner} is not Supported");
        errors.push(FieldError::forbidden(&path.child("activeDeadlineSeconds"), detail));
    }
    errors
}

/// Reads an object whose `spec.selector` may be missing. The type takes that for an empty one, so a missing selector
/// gets an empty list of expressions, which is still there when the object is written and read again.
pub(super) fn decode_with_selector<K: DeserializeOwned>(
    object: &Value,
    selector: impl FnOnce(&mut K) -> Option<&mut LabelSelector>,
) -> Result<K, serde_json::Error> {
    let mut decoded = K::deserialize(object)?;
    let missing = object.pointer("/spec/selector").is_none_or(Value::is_null);
    if let Some(selector) = selector(&mut decoded).filter(|_| missing) {
        selector.match_expressions = Some(Vec::new());
    }
    Ok(decoded)
}

/// The selector, if there was one: see [`decode_with_selector`].
pub(super) fn given_selector(selector: &LabelSelector) -> Option<&LabelSelector> {
    let missing =
        selector.match_labels.is_none() && selector.match_expressions.as_ref().is_some_and(Vec::is_empty);
    (!missing).then_some(selector)
}

/// What is wrong with another selector of pods: those selected before would be nobody's.
pub(super) fn validate_selector_unchanged(
    new: Option<&LabelSelector>,
    old: Option<&LabelSelector>,
) -> Option<FieldError> {
    let path = FieldPath::new("spec").child("selector");
    (new != old).then(|| FieldError::invalid(&path, ShownAsJson(&new), FIELD_IMMUTABLE))
}

/// What is wrong with a selector of pods, which is required; `empty` is said of one without requirements.
pub(super) fn validate_pod_selector(
    selector: Option<&LabelSelector>,
    empty: &str,
    path: &FieldPath,
) -> Vec<FieldError> {
    let Some(selector) = selector else { return vec![FieldError::required(path, "")] };
    let mut errors = validate_label_selector(Some(selector), path);
    if is_empty(selector) {
        errors.push(FieldError::invalid(path, ShownAsJson(selector), empty));
    }
    errors
}

/// What `judge` says of the template of a kind whose selector reads. Of one whose selector does not read, nothing is said
/// but that, in the kind's own words; `path` is that of the spec.
///
/// Source: `ValidateDeploymentSpec`, `ValidateReplicaSetSpec`, `ValidateStatefulSetSpec`.
pub(super) fn with_selector_that_reads(
    selector: Option<&LabelSelector>,
    words: &str,
    path: &FieldPath,
    judge: impl FnOnce() -> Vec<FieldError>,
) -> Vec<FieldError> {
    if Selector::from_label_selector(selector).is_ok() {
        return judge();
    }
    vec![FieldError::invalid(&path.child("selector"), ShownAsJson(&selector), words)]
}

/// What is said of a selector that does not read.
pub(super) const UNREADABLE_SELECTOR: &str = "invalid label selector";

/// What is wrong with `template` for those whom `selector` is to select. An empty selector says nothing, an absent
/// one selects nothing.
pub(super) fn unselected(
    template: &PodTemplateSpec,
    selector: Option<&LabelSelector>,
    path: &FieldPath,
) -> Option<FieldError> {
    let labels = template.metadata.as_ref().and_then(|meta| meta.labels.clone()).unwrap_or_default();
    let selector = Selector::from_label_selector(selector).ok()?;
    (!selector.matches(&labels)).then(|| wrong_labels(template, path))
}

/// The error of a template whose labels are not selected.
pub(in super::super) fn wrong_labels(template: &PodTemplateSpec, path: &FieldPath) -> FieldError {
    let labels = template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
    let path = path.child("metadata").child("labels");
    FieldError::invalid(&path, ShownAsJson(&labels), "`selector` does not match template `labels`")
}
