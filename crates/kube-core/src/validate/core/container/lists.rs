//! The containers of a pod as a whole.

use std::collections::BTreeSet;

use super::ports::validate_host_ports;
use super::probes::{forbid_life, validate_life};
use super::restart::validate_restart_policy;
use super::{Surroundings, validate_container};
use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::Container;
use crate::validate::fields::Text;

/// What is wrong with the containers that run side by side.
///
/// Source: `validateContainers`.
pub(in super::super) fn validate_containers(
    containers: &[Container],
    around: &Surroundings<'_>,
    path: &FieldPath,
) -> Vec<FieldError> {
    if containers.is_empty() {
        return vec![FieldError::required(path, "")];
    }
    let mut errors = Vec::new();
    let mut names = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        let path = path.index(index);
        errors.extend(validate_container(container, around, &path));
        if !names.insert(container.name.as_str()) {
            errors.push(FieldError::duplicate(&path.child("name"), &container.name));
        }
        errors.extend(validate_life(container, around.grace, &path));
        errors.extend(validate_restart_policy(container, &path));
    }
    errors.extend(validate_host_ports(containers, path));
    errors
}

/// What is wrong with the containers that run before `regular`.
///
/// Source: `validateInitContainers`.
pub(in super::super) fn validate_init_containers(
    containers: &[Container],
    regular: &[Container],
    around: &Surroundings<'_>,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut names: BTreeSet<&str> = regular.iter().map(|container| container.name.as_str()).collect();
    for (index, container) in containers.iter().enumerate() {
        let item = path.index(index);
        errors.extend(validate_container(container, around, &item));
        errors.extend(validate_restart_policy(container, &item));
        let name = container.name.as_str();
        if names.contains(name) {
            errors.push(FieldError::duplicate(&item.child("name"), name));
        } else if !name.is_empty() {
            names.insert(name);
        }
        errors.extend(validate_host_ports(std::slice::from_ref(container), path));
        if container.restart_policy.as_deref() == Some("Always") {
            errors.extend(validate_life(container, around.grace, &item));
        } else {
            let reason = "may not be set for init containers without restartPolicy=Always";
            errors.extend(forbid_life(container, reason, &item));
        }
    }
    errors
}

/// What is wrong with images of a pod, which no template need heed.
///
/// Source: `validateContainersOnlyForPod`.
pub(in super::super) fn validate_image_spaces(containers: &[Container], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, container) in containers.iter().enumerate() {
        let image = container.image.text();
        if image.trim() != image {
            let path = path.index(index).child("image");
            errors.push(FieldError::invalid(&path, image, "must not have leading or trailing whitespace"));
        }
    }
    errors
}
