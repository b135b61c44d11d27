//! Who manages which fields.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;

use super::text;
use crate::error::{FieldError, FieldPath, ShownAsJson, is_printable};

/// What is wrong with the entries of `metadata.managedFields`.
///
/// Source: `ValidateManagedFields` of `k8s.io/apimachinery/pkg/apis/meta/v1/validation`.
pub fn validate_managed_fields(entries: &[ManagedFieldsEntry], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let path = path.index(index);
        let operation = text(entry.operation.as_ref());
        if !matches!(operation, "Apply" | "Update") {
            let path = path.child("operation");
            errors.push(FieldError::invalid(&path, ShownAsJson(operation), "must be `Apply` or `Update`"));
        }
        let fields_type = text(entry.fields_type.as_ref());
        if !matches!(fields_type, "" | "FieldsV1") {
            errors.push(FieldError::invalid(&path.child("fieldsType"), fields_type, "must be `FieldsV1`"));
        }
        errors.extend(validate_field_manager(text(entry.manager.as_ref()), &path.child("manager")));
        if text(entry.subresource.as_ref()).len() > SUBRESOURCE_MAX_LENGTH {
            errors.push(FieldError::too_long(&path.child("subresource"), SUBRESOURCE_MAX_LENGTH));
        }
    }
    errors
}

/// What is wrong with the name of a field manager: empty is allowed.
///
/// Source: `ValidateFieldManager` of `k8s.io/apimachinery/pkg/apis/meta/v1/validation`.
pub fn validate_field_manager(manager: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if manager.len() > FIELD_MANAGER_MAX_LENGTH {
        errors.push(FieldError::too_long(path, FIELD_MANAGER_MAX_LENGTH));
    }
    for (position, c) in manager.char_indices().filter(|&(_, c)| !is_printable(c)) {
        let detail = format!("invalid character U+{:04X} (at position {position})", u32::from(c));
        errors.push(FieldError::invalid(path, manager, detail));
    }
    errors
}

const FIELD_MANAGER_MAX_LENGTH: usize = 128;
const SUBRESOURCE_MAX_LENGTH: usize = 256;
