//! What the subresources `ephemeralcontainers` and `resize` of a pod may change.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`ValidatePodEphemeralContainersUpdate`, `ValidatePodResize`).

use crate::service::Subresource;
use kube_core::error::{FieldError, FieldPath};
use kube_core::kinds::core::v1::{Container, Pod, PodSpec};
use kube_core::pod_resources::{ContainerResources, PodResources, ResourceList, qos_class};

const MIRROR: &str = "kubernetes.io/config.mirror";
const RESIZABLE: [&str; 2] = ["cpu", "memory"];

/// What is wrong with the change of that part; the new pod is valid by itself.
pub(super) fn check(old: &Pod, new: &Pod, part: Subresource) -> Vec<FieldError> {
    let (Some(old_spec), Some(new_spec)) = (&old.spec, &new.spec) else { return Vec::new() };
    match part {
        Subresource::EphemeralContainers => check_ephemeral(old, old_spec, new_spec),
        Subresource::Resize => check_resize(old, new, old_spec, new_spec),
        _ => Vec::new(),
    }
}

fn check_ephemeral(old: &Pod, old_spec: &PodSpec, new_spec: &PodSpec) -> Vec<FieldError> {
    if old.metadata.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(MIRROR)) {
        let detail = "static pods do not support ephemeral containers";
        return vec![FieldError::forbidden(&FieldPath::root(), detail)];
    }
    let path = FieldPath::new("spec").child("ephemeralContainers");
    let mut errors = Vec::new();
    for known in old_spec.ephemeral_containers.iter().flatten() {
        let mut now = new_spec.ephemeral_containers.iter().flatten();
        let name = &known.name;
        match now.find(|container| container.name == *name) {
            None => {
                let detail = format!("existing ephemeral containers {name:?} may not be removed");
                errors.push(FieldError::forbidden(&path, detail));
            }
            Some(container) if container != known => {
                let detail = format!("existing ephemeral containers {name:?} may not be changed");
                errors.push(FieldError::forbidden(&path, detail));
            }
            Some(_) => {}
        }
    }
    errors
}

fn check_resize(old: &Pod, new: &Pod, old_spec: &PodSpec, new_spec: &PodSpec) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let mut errors = Vec::new();
    let (was, is) = (PodResources::from(old), PodResources::from(new));
    let lists = [
        ("containers", old_spec.containers.as_slice(), new_spec.containers.as_slice(), false),
        (
            "initContainers",
            old_spec.init_containers.as_deref().unwrap_or_default(),
            new_spec.init_containers.as_deref().unwrap_or_default(),
            true,
        ),
    ];
    for (field, before, after, init) in lists {
        let path = path.child(field);
        let same = before.len() == after.len() && before.iter().zip(after).all(|(a, b)| a.name == b.name);
        if !same {
            errors.push(FieldError::forbidden(&path, "pod updates may not add or remove containers"));
            return errors;
        }
        for (index, (before, after)) in before.iter().zip(after).enumerate() {
            errors.extend(check_container(before, after, init, &path.index(index)));
        }
    }
    if qos_class(&was) != qos_class(&is) {
        let detail = "Pod QOS Class may not change as a result of resizing";
        errors.push(FieldError::forbidden(&path, detail));
    }
    errors
}

fn check_container(old: &Container, new: &Container, init: bool, path: &FieldPath) -> Vec<FieldError> {
    let path = path.child("resources");
    let (old, new) = (ContainerResources::from(old), ContainerResources::from(new));
    if init && !old.restart_policy_always && old.resources != new.resources {
        let detail = "resources for non-sidecar init containers are immutable";
        return vec![FieldError::forbidden(&path, detail)];
    }
    let mut errors = Vec::new();
    let lists = [
        ("requests", &old.resources.requests, &new.resources.requests),
        ("limits", &old.resources.limits, &new.resources.limits),
    ];
    for (field, before, after) in lists {
        let removed = before.iter().any(|(name, _)| !after.contains(name));
        if removed {
            let detail = format!("resource {field} cannot be removed");
            errors.push(FieldError::forbidden(&path.child(field), detail));
        } else if others(before) != others(after) {
            let detail = "only cpu and memory resources are mutable";
            errors.push(FieldError::forbidden(&path.child(field), detail));
        }
    }
    errors
}

/// What cannot be resized.
fn others(list: &ResourceList) -> ResourceList {
    list.iter().filter(|(name, _)| !RESIZABLE.contains(&&***name)).collect()
}
