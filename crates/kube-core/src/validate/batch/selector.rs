//! The selector that a job gets unless it brings one: by its uid, so that no other job's pods match.

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::batch::v1::Job;
use crate::kinds::core::v1::PodTemplateSpec;
use crate::selector::Selector;
use crate::validate::fields::Text;
use std::collections::BTreeMap;

const UID_LABELS: [&str; 2] = ["controller-uid", "batch.kubernetes.io/controller-uid"];
const NAME_LABELS: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];

/// Labels the template with the job's name and uid and selects by the uid.
///
/// Source: `generateSelector` of `k8s.io/kubernetes/pkg/registry/batch/job`.
pub(super) fn generate(job: &mut Job) {
    let (name, uid) = (job.metadata.name.text().to_owned(), job.metadata.uid.text().to_owned());
    let Some(spec) = &mut job.spec else { return };
    if spec.manual_selector == Some(true) {
        return;
    }
    let labels = spec.template.metadata.get_or_insert_default().labels.get_or_insert_default();
    for (keys, value) in [(NAME_LABELS, &name), (UID_LABELS, &uid)] {
        for key in keys {
            labels.entry(key.to_owned()).or_insert_with(|| value.clone());
        }
    }
    let selected = spec.selector.get_or_insert_default().match_labels.get_or_insert_default();
    selected.entry(UID_LABELS[1].to_owned()).or_insert(uid);
}

/// What is wrong with a selector that was to be generated.
///
/// Source: `ValidateGeneratedSelector`.
pub(super) fn validate_generated(job: &Job) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let Some(spec) = job.spec.as_ref().filter(|spec| spec.manual_selector != Some(true)) else {
        return errors;
    };
    let Some(selector) = &spec.selector else { return errors };
    let (name, uid) = (job.metadata.name.text(), job.metadata.uid.text());
    if uid.is_empty() {
        errors.push(FieldError::required(&FieldPath::new("metadata").child("uid"), ""));
    }
    let expected = [UID_LABELS[0], NAME_LABELS[0], UID_LABELS[1], NAME_LABELS[1]]
        .into_iter()
        .zip([uid, name, uid, name]);
    errors.extend(expected.clone().filter_map(|(key, value)| wrong_label(&spec.template, key, value)));
    let expected: BTreeMap<String, String> =
        expected.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    if Selector::from_label_selector(Some(selector)).is_ok_and(|selector| !selector.matches(&expected)) {
        let path = FieldPath::new("spec").child("selector");
        errors.push(FieldError::invalid(&path, ShownAsJson(selector), "`selector` not auto-generated"));
    }
    errors
}

/// Source: `ValidateHasLabel`.
fn wrong_label(template: &PodTemplateSpec, key: &str, expected: &str) -> Option<FieldError> {
    let labels = template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
    let path = FieldPath::new("spec").child("template").child("metadata").child("labels").key(key);
    let detail = format!("must be '{expected}'");
    match labels.and_then(|labels| labels.get(key)) {
        None => Some(FieldError::required(&path, detail)),
        Some(actual) if actual == expected => None,
        Some(_) => Some(FieldError::invalid(&path, ShownAsJson(&labels), detail)),
    }
}
