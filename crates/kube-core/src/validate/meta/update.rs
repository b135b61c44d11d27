//! What may not change when an object is updated.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{
    list, text, validate_annotations, validate_labels, validate_managed_fields, validate_owner_references,
};
use crate::error::{FieldError, FieldPath, ShownAsJson, ShownValue, quoted};

/// What is said of a field that may not change.
///
/// Source: `FieldImmutableErrorMsg` of `k8s.io/apimachinery/pkg/api/validation`.
pub const FIELD_IMMUTABLE: &str = "field is immutable";

/// What is wrong with the metadata `new` as the successor of `old`. `path` is where it stands, usually `metadata`.
///
/// Source: `ValidateObjectMetaUpdate` of `k8s.io/apimachinery/pkg/api/validation`.
pub fn validate_object_meta_update(new: &ObjectMeta, old: &ObjectMeta, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if old.deletion_timestamp.is_some() {
        let (new, old) = (list(new.finalizers.as_ref()), list(old.finalizers.as_ref()));
        errors.extend(no_new_finalizers(new, old, &path.child("finalizers")));
    }
    let version = text(new.resource_version.as_ref());
    if version.is_empty() {
        let path = path.child("resourceVersion");
        errors.push(FieldError::invalid(&path, version, "must be specified for an update"));
    }
    let generation = new.generation.unwrap_or_default();
    if generation < old.generation.unwrap_or_default() {
        errors.push(FieldError::invalid(&path.child("generation"), generation, "must not be decremented"));
    }
    errors.extend(immutable_fields(new, old, path));
    if let Some(labels) = &new.labels {
        errors.extend(validate_labels(labels, &path.child("labels")));
    }
    if let Some(annotations) = &new.annotations {
        errors.extend(validate_annotations(annotations, &path.child("annotations")));
    }
    errors.extend(validate_owner_references(
        list(new.owner_references.as_ref()),
        &path.child("ownerReferences"),
    ));
    errors.extend(validate_managed_fields(list(new.managed_fields.as_ref()), &path.child("managedFields")));
    errors
}

/// What is wrong with `new` if it differs from `old`.
///
/// Source: `ValidateImmutableField` of `k8s.io/apimachinery/pkg/api/validation`.
pub fn validate_immutable_field<V: ShownValue + PartialEq>(
    new: V,
    old: &V,
    path: &FieldPath,
) -> Option<FieldError> {
    (new != *old).then(|| FieldError::invalid(path, new, FIELD_IMMUTABLE))
}

fn immutable_fields(new: &ObjectMeta, old: &ObjectMeta, path: &FieldPath) -> Vec<FieldError> {
    let texts = [
        ("name", &new.name, &old.name),
        ("namespace", &new.namespace, &old.namespace),
        ("uid", &new.uid, &old.uid),
    ];
    let times = [
        ("creationTimestamp", &new.creation_timestamp, &old.creation_timestamp),
        ("deletionTimestamp", &new.deletion_timestamp, &old.deletion_timestamp),
    ];
    let mut errors: Vec<FieldError> = texts
        .into_iter()
        .filter_map(|(field, new, old)| {
            validate_immutable_field(text(new.as_ref()), &text(old.as_ref()), &path.child(field))
        })
        .collect();
    for (field, new, old) in times {
        if new != old {
            errors.push(FieldError::invalid(&path.child(field), ShownAsJson(new), FIELD_IMMUTABLE));
        }
    }
    let (grace, old_grace) = (new.deletion_grace_period_seconds, old.deletion_grace_period_seconds);
    if grace != old_grace {
        let path = path.child("deletionGracePeriodSeconds");
        errors.push(FieldError::invalid(&path, ShownAsJson(&grace), FIELD_IMMUTABLE));
    }
    errors
}

fn no_new_finalizers(new: &[String], old: &[String], path: &FieldPath) -> Option<FieldError> {
    let old: BTreeSet<&String> = old.iter().collect();
    let extra: BTreeSet<&String> = new.iter().filter(|finalizer| !old.contains(finalizer)).collect();
    if extra.is_empty() {
        return None;
    }
    let extra: Vec<String> = extra.into_iter().map(|finalizer| quoted(finalizer)).collect();
    // The list is shown as a Go literal.
    let detail = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        extra.join(", ")
    );
    Some(FieldError::forbidden(path, detail))
}
