//! What may change in a pod.

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::core::v1::{
    Affinity, Container, NodeAffinity, NodeSelectorTerm, PodSchedulingGate, PodSpec, Toleration,
};
use crate::validate::fields::{Items, Text};

use super::scheduling::validate_tolerations;

/// What is wrong with the spec `new` as the successor of `old`: images, the deadline, further tolerations and lifted
/// gates may change; and as long as there are gates, where the pod may be placed may get narrower.
///
/// Source: `ValidatePodUpdate`.
pub(super) fn validate_spec_update(new: &PodSpec, old: &PodSpec) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let mut errors = Vec::new();
    let lists = [
        ("containers", new.containers.as_slice(), old.containers.as_slice()),
        ("initContainers", new.init_containers.items(), old.init_containers.items()),
    ];
    for (field, new, old) in lists {
        let path = path.child(field);
        if new.len() != old.len() {
            errors.push(FieldError::forbidden(&path, "pod updates may not add or remove containers"));
            return errors;
        }
        errors.extend(validate_images(new, &path));
    }
    let (wrong, stop) = validate_deadline(new, old, &path.child("activeDeadlineSeconds"));
    errors.extend(wrong);
    if stop {
        return errors;
    }
    let (tolerations, before) = (new.tolerations.items(), old.tolerations.items());
    errors.extend(validate_added_tolerations(tolerations, before, &path.child("tolerations")));
    let (gates, before) = (new.scheduling_gates.items(), old.scheduling_gates.items());
    errors.extend(validate_lifted_gates(gates, before, &path.child("schedulingGates")));
    if new == old {
        return errors;
    }
    let (munged, wrong) = munge(new, old, &path);
    errors.extend(wrong);
    if munged != *old {
        errors.push(FieldError::forbidden(&path, difference(&munged, old)));
    }
    errors
}

/// Source: `ValidateContainerUpdates`.
fn validate_images(containers: &[Container], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, container) in containers.iter().enumerate() {
        let image = container.image.text();
        let path = path.index(index).child("image");
        if image.is_empty() {
            errors.push(FieldError::required(&path, ""));
        }
        if image.trim() != image {
            errors.push(FieldError::invalid(&path, image, "must not have leading or trailing whitespace"));
        }
    }
    errors
}

/// A deadline may be set once and brought forward; the second value tells whether to stop here.
fn validate_deadline(new: &PodSpec, old: &PodSpec, path: &FieldPath) -> (Option<FieldError>, bool) {
    let (new, old) = (new.active_deadline_seconds, old.active_deadline_seconds);
    let Some(seconds) = new else {
        let detail = "must not update from a positive integer to nil value";
        let lost = old.map(|_| FieldError::invalid(path, ShownAsJson(&new), detail));
        return (lost, false);
    };
    if !(0..=i64::from(i32::MAX)).contains(&seconds) {
        let detail = "must be between 0 and 2147483647, inclusive";
        return (Some(FieldError::invalid(path, seconds, detail)), true);
    }
    if old.is_some_and(|old| old < seconds) {
        let detail = "must be less than or equal to previous value";
        return (Some(FieldError::invalid(path, seconds, detail)), true);
    }
    (None, false)
}

/// Source: `validateOnlyAddedTolerations`.
fn validate_added_tolerations(new: &[Toleration], old: &[Toleration], path: &FieldPath) -> Vec<FieldError> {
    let kept = |old: &Toleration| {
        new.iter().any(|new| {
            let same_time = Toleration { toleration_seconds: new.toleration_seconds, ..old.clone() };
            same_time == *new
        })
    };
    if !old.iter().all(kept) {
        let detail = "existing toleration can not be modified except its tolerationSeconds";
        return vec![FieldError::forbidden(path, detail)];
    }
    validate_tolerations(new, path)
}

/// Source: `validateOnlyDeletedSchedulingGates`.
fn validate_lifted_gates(
    new: &[PodSchedulingGate],
    old: &[PodSchedulingGate],
    path: &FieldPath,
) -> Vec<FieldError> {
    let added = new.iter().enumerate().filter(|(_, gate)| !old.contains(gate));
    added
        .map(|(index, gate)| {
            let detail = format!("only deletion is allowed, but found new scheduling gate '{}'", gate.name);
            FieldError::forbidden(&path.index(index).child("name"), detail)
        })
        .collect()
}

/// `new` with everything put back that may change, and what is wrong with how a gated pod changes.
fn munge(new: &PodSpec, old: &PodSpec, path: &FieldPath) -> (PodSpec, Vec<FieldError>) {
    let mut munged = new.clone();
    put_images_back(&mut munged.containers, &old.containers);
    put_images_back(munged.init_containers.items_mut(), old.init_containers.items());
    munged.active_deadline_seconds = old.active_deadline_seconds;
    munged.scheduling_gates.clone_from(&old.scheduling_gates);
    munged.tolerations.clone_from(&old.tolerations);
    let was_negative = old.termination_grace_period_seconds.is_some_and(|grace| grace < 0);
    if was_negative && munged.termination_grace_period_seconds == Some(1) {
        munged.termination_grace_period_seconds = old.termination_grace_period_seconds;
    }
    let mut errors = Vec::new();
    if !old.scheduling_gates.items().is_empty() {
        errors.extend(validate_node_selector_change(&munged, old, &path.child("nodeSelector")));
        munged.node_selector.clone_from(&old.node_selector);
        errors.extend(change_node_affinity(&mut munged, old, &path.child("affinity").child("nodeAffinity")));
    }
    (munged, errors)
}

fn put_images_back(new: &mut [Container], old: &[Container]) {
    for (new, old) in new.iter_mut().zip(old) {
        new.image.clone_from(&old.image);
    }
}

/// Source: `validateNodeSelectorMutation`.
fn validate_node_selector_change(new: &PodSpec, old: &PodSpec, path: &FieldPath) -> Option<FieldError> {
    let kept = |(key, value): (&String, &String)| {
        new.node_selector.as_ref().and_then(|new| new.get(key)) == Some(value)
    };
    let only_added = old.node_selector.iter().flatten().all(kept);
    let detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
    (!only_added).then(|| FieldError::invalid(path, ShownAsJson(&new.node_selector), detail))
}

fn change_node_affinity(munged: &mut PodSpec, old: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    let of = |spec: &PodSpec| spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.clone());
    let (new_affinity, old_affinity) = (of(munged), of(old));
    if new_affinity == old_affinity {
        return Vec::new();
    }
    let errors = validate_node_affinity_change(new_affinity.as_ref(), old_affinity.as_ref(), path);
    let affinity = munged.affinity.get_or_insert_default();
    affinity.node_affinity = old_affinity;
    if old.affinity.is_none() && *affinity == Affinity::default() {
        munged.affinity = None;
    }
    errors
}

/// Source: `validateNodeAffinityMutation`.
fn validate_node_affinity_change(
    new: Option<&NodeAffinity>,
    old: Option<&NodeAffinity>,
    path: &FieldPath,
) -> Vec<FieldError> {
    let required = |affinity: Option<&NodeAffinity>| {
        affinity.and_then(|affinity| affinity.required_during_scheduling_ignored_during_execution.clone())
    };
    let path = path.child("requiredDuringSchedulingIgnoredDuringExecution").child("nodeSelectorTerms");
    let Some(old) = required(old) else { return Vec::new() };
    let new = required(new).unwrap_or_default();
    let (new, old) = (&new.node_selector_terms, &old.node_selector_terms);
    if !old.is_empty() && new.len() != old.len() {
        let detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        return vec![FieldError::invalid(&path, ShownAsJson(new), detail)];
    }
    let terms = new.iter().zip(old).enumerate();
    terms
        .filter(|(_, (new, old))| !is_narrower(new, old))
        .map(|(index, (new, _))| {
            FieldError::invalid(
                &path.index(index),
                ShownAsJson(new),
                "only additions are allowed (no mutations or deletions)",
            )
        })
        .collect()
}

fn is_narrower(new: &NodeSelectorTerm, old: &NodeSelectorTerm) -> bool {
    let (labels, fields) = (new.match_expressions.items(), new.match_fields.items());
    let empty = old.match_expressions.items().is_empty() && old.match_fields.items().is_empty();
    if empty {
        return labels.is_empty() && fields.is_empty();
    }
    labels.starts_with(old.match_expressions.items()) && fields.starts_with(old.match_fields.items())
}

/// The sentence, and the fields that differ. Kubernetes shows the difference of two Go values here.
fn difference(new: &PodSpec, old: &PodSpec) -> String {
    let (new, old) = (serde_json::to_value(new), serde_json::to_value(old));
    let mut text = UPDATABLE.to_owned();
    let (Ok(new), Ok(old)) = (new, old) else { return text };
    let fields = |value: &serde_json::Value| value.as_object().cloned().unwrap_or_default();
    let (new, old) = (fields(&new), fields(&old));
    let mut keys: Vec<&String> = new.keys().chain(old.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys.into_iter().filter(|key| new.get(*key) != old.get(*key)) {
        for (mark, value) in [('-', old.get(key)), ('+', new.get(key))] {
            if let Some(value) = value {
                text.extend([&format!("\n{mark} {key}: "), &value.to_string()].map(String::as_str));
            }
        }
    }
    text
}

const UPDATABLE: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
