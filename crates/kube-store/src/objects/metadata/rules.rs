//! What metadata may be.
//!
//! Source: `k8s.io/apimachinery/pkg/api/validation` (`ValidateObjectMeta`, `ValidateObjectMetaUpdate`).

use super::{finalizers, is_terminating};
use kube_core::error::{FieldError, FieldPath};
use kube_core::names::{NameRule, is_qualified_name, is_valid_label_value, validate_finalizer_name};
use serde_json::{Map, Value};

/// Bytes of all annotations together.
const MAX_ANNOTATIONS: usize = 256 * 1024;

/// What is wrong with the metadata of `object`; `old` is what it changes.
pub(crate) fn check_metadata(object: &Value, old: Option<&Value>, rule: NameRule) -> Vec<FieldError> {
    let path = FieldPath::new("metadata");
    let mut errors = Vec::new();
    let Some(metadata) = object.get("metadata").and_then(Value::as_object) else {
        return vec![FieldError::required(&path, "")];
    };
    if old.is_none() {
        check_name(metadata, rule, &path, &mut errors);
    }
    check_labels(metadata, &path.child("labels"), &mut errors);
    check_annotations(metadata, &path.child("annotations"), &mut errors);
    check_owners(metadata, &path.child("ownerReferences"), &mut errors);
    check_finalizers(object, old, &path.child("finalizers"), &mut errors);
    errors
}

fn check_name(metadata: &Map<String, Value>, rule: NameRule, path: &FieldPath, errors: &mut Vec<FieldError>) {
    let text = |field: &str| metadata.get(field).and_then(Value::as_str).unwrap_or_default();
    let (base, name) = (text("generateName"), text("name"));
    if !base.is_empty() {
        let path = path.child("generateName");
        errors.extend(rule(base, true).into_iter().map(|text| FieldError::invalid(&path, base, text)));
    }
    let path = path.child("name");
    errors.extend(rule(name, false).into_iter().map(|text| FieldError::invalid(&path, name, text)));
}

fn entries<'a>(
    metadata: &'a Map<String, Value>,
    field: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    metadata.get(field).and_then(Value::as_object).into_iter().flatten()
}

fn check_labels(metadata: &Map<String, Value>, path: &FieldPath, errors: &mut Vec<FieldError>) {
    for (key, value) in entries(metadata, "labels") {
        errors.extend(is_qualified_name(key).into_iter().map(|text| FieldError::invalid(path, key, text)));
        let Some(value) = value.as_str() else {
            errors.push(FieldError::type_invalid(&path.key(key), value, "must be a string"));
            continue;
        };
        errors.extend(
            is_valid_label_value(value).into_iter().map(|text| FieldError::invalid(path, value, text)),
        );
    }
}

fn check_annotations(metadata: &Map<String, Value>, path: &FieldPath, errors: &mut Vec<FieldError>) {
    let mut size = 0;
    for (key, value) in entries(metadata, "annotations") {
        let complaints = is_qualified_name(&key.to_lowercase());
        errors.extend(complaints.into_iter().map(|text| FieldError::invalid(path, key, text)));
        match value.as_str() {
            Some(value) => size += key.len() + value.len(),
            None => errors.push(FieldError::type_invalid(&path.key(key), value, "must be a string")),
        }
    }
    if size > MAX_ANNOTATIONS {
        errors.push(FieldError::too_long(path, MAX_ANNOTATIONS));
    }
}

fn check_owners(metadata: &Map<String, Value>, path: &FieldPath, errors: &mut Vec<FieldError>) {
    let mut controllers = 0;
    let owners = metadata.get("ownerReferences").and_then(Value::as_array);
    for (index, owner) in owners.into_iter().flatten().enumerate() {
        let path = path.index(index);
        for (field, detail) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if owner.get(field).and_then(Value::as_str).unwrap_or_default().is_empty() {
                errors.push(FieldError::invalid(&path.child(field), "", detail));
            }
        }
        controllers += u32::from(owner.get("controller") == Some(&Value::Bool(true)));
    }
    if controllers > 1 {
        let detail = "Only one reference can have Controller set to true";
        errors.push(FieldError::invalid(
            path,
            owners.map(|o| o.len().to_string()).unwrap_or_default(),
            detail,
        ));
    }
}

fn check_finalizers(object: &Value, old: Option<&Value>, path: &FieldPath, errors: &mut Vec<FieldError>) {
    let names = finalizers(object);
    for name in &names {
        errors.extend(validate_finalizer_name(name, path));
    }
    if names.contains(&"orphan") && names.contains(&"foregroundDeletion") {
        let detail = "finalizer orphan and foregroundDeletion cannot be both set";
        errors.push(FieldError::invalid(path, format!("{names:?}"), detail));
    }
    let Some(old) = old.filter(|old| is_terminating(old)) else { return };
    let known = finalizers(old);
    let added: Vec<&str> = names.into_iter().filter(|name| !known.contains(name)).collect();
    if !added.is_empty() {
        let detail = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers {added:?}"
        );
        errors.push(FieldError::forbidden(path, detail));
    }
}
