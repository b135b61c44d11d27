//! Annotations of pods that mean something to Kubernetes.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{Pod, PodSpec, Toleration};
use crate::kinds::meta::v1::ObjectMeta;
use crate::validate::fields::Text;

use super::profiles::{self, APP_ARMOR};
use super::scheduling::validate_tolerations;

/// What is wrong with the annotations of a pod or a template; `path` is theirs.
///
/// Source: `ValidatePodSpecificAnnotations`.
pub(in super::super::super) fn validate_pod_annotations(
    meta: &ObjectMeta,
    spec: &PodSpec,
    path: &FieldPath,
) -> Vec<FieldError> {
    let Some(annotations) = &meta.annotations else { return Vec::new() };
    let mut errors = Vec::new();
    if let Some(value) = annotations.get(MIRROR)
        && spec.node_name.text().is_empty()
    {
        let detail = "must set spec.nodeName if mirror pod annotation is set";
        errors.push(FieldError::invalid(&path.key(MIRROR), value, detail));
    }
    errors.extend(validate_listed_tolerations(annotations, path));
    if let Some(cost) = annotations.get(DELETION_COST)
        && !is_deletion_cost(cost)
    {
        errors.push(FieldError::invalid(&path.key(DELETION_COST), cost, "must be a 32bit integer"));
    }
    errors.extend(profiles::validate_annotations(annotations, spec, path));
    errors
}

/// Tolerations were an annotation before they were a field.
///
/// Source: `ValidateTolerationsInPodAnnotations`.
fn validate_listed_tolerations(annotations: &BTreeMap<String, String>, path: &FieldPath) -> Vec<FieldError> {
    let Some(listed) = annotations.get(TOLERATIONS).filter(|listed| !listed.is_empty()) else {
        return Vec::new();
    };
    match serde_json::from_str::<Vec<Toleration>>(listed) {
        Ok(tolerations) => validate_tolerations(&tolerations, &path.child(TOLERATIONS)),
        Err(error) => vec![FieldError::invalid(path, TOLERATIONS, error.to_string())],
    }
}

/// A cost is written as `strconv.ParseInt` reads it, without leading `+` or `0`.
///
/// Source: `GetDeletionCostFromPodAnnotations`.
fn is_deletion_cost(cost: &str) -> bool {
    let padded = cost.starts_with('+') || (cost.starts_with('0') && cost.len() > 1);
    !padded && cost.parse::<i32>().is_ok()
}

/// What is wrong with how the annotations of a pod change.
///
/// Source: `ValidatePodSpecificAnnotationUpdates`.
pub(super) fn validate_annotation_updates(new: &Pod, old: &Pod) -> Vec<FieldError> {
    let path = FieldPath::new("metadata").child("annotations");
    let (new, old) = (new.metadata.annotations.as_ref(), old.metadata.annotations.as_ref());
    let keys: BTreeSet<&String> = old.into_iter().chain(new).flat_map(|map| map.keys()).collect();
    let mut errors = Vec::new();
    for key in keys {
        let (new, old) = (new.and_then(|map| map.get(key)), old.and_then(|map| map.get(key)));
        if new == old {
            continue;
        }
        let change = if old.is_some() { "remove or update" } else { "add" };
        let what = match key.as_str() {
            MIRROR => "mirror pod annotation",
            key if key.starts_with(APP_ARMOR) => "AppArmor annotations",
            _ => continue,
        };
        errors.push(FieldError::forbidden(&path.key(key), format!("may not {change} {what}")));
    }
    errors
}

const MIRROR: &str = "kubernetes.io/config.mirror";
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
const TOLERATIONS: &str = "scheduler.alpha.kubernetes.io/tolerations";
