//! What metadata may be, by the rules of kube-core.

use kube_core::error::{FieldError, FieldPath};
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::names::NameRule;
use kube_core::validate::meta::{validate_finalizers, validate_object_meta, validate_object_meta_update};

/// What is wrong with the metadata of a new object.
pub(crate) fn check_created(meta: &ObjectMeta, namespaced: bool, rule: NameRule) -> Vec<FieldError> {
    validate_object_meta(meta, namespaced, rule, &FieldPath::new("metadata"))
}

/// What is wrong with the metadata of an object as the successor of `old`.
pub(crate) fn check_updated(new: &mut ObjectMeta, old: &ObjectMeta) -> Vec<FieldError> {
    let path = FieldPath::new("metadata");
    let finalizers = new.finalizers.as_deref().unwrap_or_default();
    let mut errors = validate_finalizers(finalizers, &path.child("finalizers"));
    // The version was compared before, where one was given.
    new.resource_version = Some("0".to_owned());
    errors.extend(validate_object_meta_update(new, old, &path));
    new.resource_version = None;
    errors
}
