//! What metadata may be, by the rules of kube-core.

use kube_core::error::{ApiError, FieldError, FieldPath};
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::names::NameRule;
use kube_core::validate::meta::{validate_finalizers, validate_object_meta, validate_object_meta_update};
use serde::Deserialize;
use serde_json::Value;

/// What is wrong with the metadata of a new object.
pub(crate) fn check_created(
    object: &Value,
    namespaced: bool,
    rule: NameRule,
) -> Result<Vec<FieldError>, ApiError> {
    Ok(validate_object_meta(&decode(object)?, namespaced, rule, &FieldPath::new("metadata")))
}

/// What is wrong with the metadata of an object as the successor of `old`.
pub(crate) fn check_updated(object: &Value, old: &Value) -> Result<Vec<FieldError>, ApiError> {
    let path = FieldPath::new("metadata");
    let mut new = decode(object)?;
    let mut errors =
        validate_finalizers(new.finalizers.as_deref().unwrap_or_default(), &path.child("finalizers"));
    // The version was compared before, where one was given.
    new.resource_version = Some("0".to_owned());
    errors.extend(validate_object_meta_update(&new, &decode(old)?, &path));
    Ok(errors)
}

fn decode(object: &Value) -> Result<ObjectMeta, ApiError> {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    ObjectMeta::deserialize(metadata)
        .map_err(|error| ApiError::bad_request(format!("metadata cannot be read: {error}")))
}
