//! Finalizers of built-in kinds: those without a domain must be known ones.
//!
//! Source: `ValidateObjectMeta` of `k8s.io/kubernetes/pkg/apis/core/validation`, which every built-in kind uses.

use super::fields::Items;
use crate::error::{FieldError, FieldPath};
use crate::kinds::meta::v1::ObjectMeta;

/// What is wrong with the finalizers of a built-in object beyond what holds for objects of all kinds: a name without
/// a domain must be one of Kubernetes' own.
///
/// Source: `ValidateObjectMeta`, `ValidateObjectMetaUpdate` (`validateKubeFinalizerName`).
pub fn validate_builtin_finalizers(meta: &ObjectMeta) -> Vec<FieldError> {
    let path = FieldPath::new("metadata").child("finalizers");
    let names = meta.finalizers.items().iter().enumerate();
    names.filter_map(|(index, name)| validate_kube_finalizer(name, || path.index(index))).collect()
}

/// What is wrong with one such name.
///
/// Source: `validateKubeFinalizerName`.
pub(crate) fn validate_kube_finalizer(name: &str, path: impl FnOnce() -> FieldPath) -> Option<FieldError> {
    if name.contains('/') || STANDARD.contains(&name) {
        return None;
    }
    let detail = "name is neither a standard finalizer name nor is it fully qualified";
    Some(FieldError::invalid(&path(), name, detail))
}

const STANDARD: &[&str] = &["kubernetes", "orphan", "foregroundDeletion"];
