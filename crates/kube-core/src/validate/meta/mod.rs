//! What is wrong with the metadata of an object, whatever its kind.
//!
//! Source: `k8s.io/apimachinery/pkg/api/validation` (`objectmeta.go`) and `pkg/apis/meta/v1/validation`,
//! Kubernetes 1.36. Where Go walks a map in random order, these walk in the order of the keys.

mod managed_fields;
mod owners;
#[cfg(test)]
mod tests;
mod update;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::error::{FieldError, FieldPath, ShownAsJson, ShownValue};
use crate::names::{
    NameRule, is_qualified_name, is_valid_label_value, validate_finalizer_name, validate_label_name,
    validate_namespace_name,
};

pub use managed_fields::{validate_field_manager, validate_managed_fields};
pub use owners::validate_owner_references;
pub use update::{FIELD_IMMUTABLE, validate_immutable_field, validate_object_meta_update};

/// The most bytes that the keys and values of an object's annotations may have together.
///
/// Source: `TotalAnnotationSizeLimitB` of `k8s.io/apimachinery/pkg/api/validation`.
pub const TOTAL_ANNOTATION_SIZE_LIMIT: usize = 256 * 1024;

/// What is wrong with the metadata of a new object, whose name has been generated already if that was asked for.
/// `path` is where the metadata stands, usually `metadata`.
///
/// Source: `ValidateObjectMeta` of `k8s.io/apimachinery/pkg/api/validation`.
pub fn validate_object_meta(
    meta: &ObjectMeta,
    namespaced: bool,
    name_rule: NameRule,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = validate_names(meta, name_rule, path);
    errors.extend(validate_namespace(text(meta.namespace.as_ref()), namespaced, &path.child("namespace")));
    errors.extend(validate_nonnegative_field(meta.generation.unwrap_or_default(), &path.child("generation")));
    if let Some(labels) = &meta.labels {
        errors.extend(validate_labels(labels, &path.child("labels")));
    }
    if let Some(annotations) = &meta.annotations {
        errors.extend(validate_annotations(annotations, &path.child("annotations")));
    }
    errors.extend(validate_owner_references(
        list(meta.owner_references.as_ref()),
        &path.child("ownerReferences"),
    ));
    errors.extend(validate_finalizers(list(meta.finalizers.as_ref()), &path.child("finalizers")));
    errors.extend(validate_managed_fields(list(meta.managed_fields.as_ref()), &path.child("managedFields")));
    errors
}

/// What is wrong with a set of labels.
///
/// Source: `ValidateLabels` of `k8s.io/apimachinery/pkg/apis/meta/v1/validation`.
pub fn validate_labels(labels: &BTreeMap<String, String>, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (key, value) in labels {
        errors.extend(validate_label_name(key, path));
        errors.extend(invalid(path, value, is_valid_label_value(value)));
    }
    errors
}

/// What is wrong with a set of annotations: their keys, which may have capitals in the prefix, and their size.
///
/// Source: `ValidateAnnotations` of `k8s.io/apimachinery/pkg/api/validation`.
pub fn validate_annotations(annotations: &BTreeMap<String, String>, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut size = 0;
    for (key, value) in annotations {
        size += key.len() + value.len();
        let is_lower = key.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase());
        let complaints =
            if is_lower { is_qualified_name(key) } else { is_qualified_name(&key.to_lowercase()) };
        errors.extend(invalid(path, key, complaints));
    }
    if size > TOTAL_ANNOTATION_SIZE_LIMIT {
        errors.push(FieldError::too_long(path, TOTAL_ANNOTATION_SIZE_LIMIT));
    }
    errors
}

/// What is wrong with a list of finalizers: their names, and the two that contradict each other.
///
/// Source: `ValidateFinalizers` of `k8s.io/apimachinery/pkg/api/validation`.
pub fn validate_finalizers(finalizers: &[String], path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> =
        finalizers.iter().flat_map(|finalizer| validate_finalizer_name(finalizer, path)).collect();
    let has = |name: &str| finalizers.iter().any(|finalizer| finalizer == name);
    if has(FINALIZER_ORPHAN_DEPENDENTS) && has(FINALIZER_DELETE_DEPENDENTS) {
        errors.push(FieldError::invalid(
            path,
            ShownAsJson(finalizers),
            format!(
                "finalizer {FINALIZER_ORPHAN_DEPENDENTS} and {FINALIZER_DELETE_DEPENDENTS} cannot be both set"
            ),
        ));
    }
    errors
}

/// What is wrong with a number that must not be below zero.
///
/// Source: `ValidateNonnegativeField` of `k8s.io/apimachinery/pkg/api/validation`.
pub fn validate_nonnegative_field(value: i64, path: &FieldPath) -> Vec<FieldError> {
    if value >= 0 {
        return Vec::new();
    }
    vec![FieldError::invalid(path, value, "must be greater than or equal to 0")]
}

fn validate_names(meta: &ObjectMeta, name_rule: NameRule, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let prefix = text(meta.generate_name.as_ref());
    if !prefix.is_empty() {
        errors.extend(invalid(&path.child("generateName"), prefix, name_rule(prefix, true)));
    }
    let name = text(meta.name.as_ref());
    if name.is_empty() {
        errors.push(FieldError::required(&path.child("name"), "name or generateName is required"));
    } else {
        errors.extend(invalid(&path.child("name"), name, name_rule(name, false)));
    }
    errors
}

fn validate_namespace(namespace: &str, namespaced: bool, path: &FieldPath) -> Vec<FieldError> {
    match (namespaced, namespace.is_empty()) {
        (true, true) => vec![FieldError::required(path, "")],
        (true, false) => invalid(path, namespace, validate_namespace_name(namespace, false)).collect(),
        (false, true) => Vec::new(),
        (false, false) => vec![FieldError::forbidden(path, "not allowed on this type")],
    }
}

fn invalid<V: ShownValue + Copy>(
    path: &FieldPath,
    value: V,
    complaints: Vec<String>,
) -> impl Iterator<Item = FieldError> {
    complaints.into_iter().map(move |detail| FieldError::invalid(path, value, detail))
}

/// A text that is absent or empty, which are the same to Kubernetes.
fn text(field: Option<&String>) -> &str {
    field.map_or("", String::as_str)
}

fn list<T>(field: Option<&Vec<T>>) -> &[T] {
    field.map_or(&[], Vec::as_slice)
}

const FINALIZER_ORPHAN_DEPENDENTS: &str = "orphan";
const FINALIZER_DELETE_DEPENDENTS: &str = "foregroundDeletion";
