//! References to what is scaled, or measured.

use crate::error::{FieldError, FieldPath};
use crate::kinds::autoscaling::v2::CrossVersionObjectReference;
use crate::names::is_path_segment_name;
use crate::validate::fields::{Text, invalid};

/// What is asked of the API version of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ApiVersion {
    /// Nothing.
    Any,
    /// That it reads as one.
    Valid,
    /// That it names a group as well.
    WithGroup,
}

/// Source: `ValidateCrossVersionObjectReference`.
pub(super) fn validate_reference(
    reference: &CrossVersionObjectReference,
    version: ApiVersion,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (field, value) in [("kind", reference.kind.as_str()), ("name", reference.name.as_str())] {
        let path = path.child(field);
        if value.is_empty() {
            errors.push(FieldError::required(&path, ""));
        } else {
            errors.extend(invalid(&path, value, is_path_segment_name(value)));
        }
    }
    if let Some(detail) = wrong_api_version(reference, version) {
        errors.push(FieldError::invalid(&path.child("apiVersion"), reference.api_version.text(), detail));
    }
    errors
}

/// Source: `ValidateAPIVersion`.
pub(super) fn wrong_api_version(
    reference: &CrossVersionObjectReference,
    asked: ApiVersion,
) -> Option<String> {
    let version = reference.api_version.text();
    match (asked, version.matches('/').count()) {
        (ApiVersion::Any, _) => None,
        (_, 2..) => Some(format!("unexpected GroupVersion string: {version}")),
        (ApiVersion::WithGroup, _) if version.split_once('/').is_none_or(|(group, _)| group.is_empty()) => {
            Some("apiVersion must specify API group".to_owned())
        }
        _ => None,
    }
}
