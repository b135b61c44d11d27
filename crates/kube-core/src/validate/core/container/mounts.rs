//! Where a container finds the volumes of its pod.

use std::collections::BTreeSet;

use super::Surroundings;
use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{Container, VolumeMount};
use crate::validate::fields::{Items, Text};

/// What is wrong with the mounts of a container.
///
/// Source: `ValidateVolumeMounts`.
pub(super) fn validate_mounts(
    container: &Container,
    around: &Surroundings<'_>,
    path: &FieldPath,
) -> Vec<FieldError> {
    let list = path.child("volumeMounts");
    let mut errors = Vec::new();
    let mut points = BTreeSet::new();
    let devices = container.volume_devices.items();
    for (index, mount) in container.volume_mounts.items().iter().enumerate() {
        let path = list.index(index);
        let (name, point) = (mount.name.as_str(), mount.mount_path.as_str());
        if name.is_empty() {
            errors.push(FieldError::required(&path.child("name"), ""));
        }
        if !around.volumes.contains_key(name) {
            errors.push(FieldError::not_found(&path.child("name"), name));
        }
        if point.is_empty() {
            errors.push(FieldError::required(&path.child("mountPath"), ""));
        }
        if !points.insert(point) {
            errors.push(FieldError::invalid(&path.child("mountPath"), point, "must be unique"));
        }
        if devices.iter().any(|device| device.name == name) {
            let detail = "must not already exist in volumeDevices";
            errors.push(FieldError::invalid(&path.child("name"), name, detail));
        }
        if devices.iter().any(|device| device.device_path == point) {
            let detail = "must not already exist as a path in volumeDevices";
            errors.push(FieldError::invalid(&path.child("mountPath"), point, detail));
        }
        errors.extend(validate_sub_paths(mount, &path, &list));
        errors.extend(validate_propagation(mount, container, &list));
        errors.extend(validate_recursive_read_only(mount, &list));
    }
    errors
}

fn validate_sub_paths(mount: &VolumeMount, path: &FieldPath, list: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (plain, expanded) = (mount.sub_path.text(), mount.sub_path_expr.text());
    if !plain.is_empty() {
        errors.extend(validate_local_descending_path(plain, &list.child("subPath")));
    }
    if !expanded.is_empty() {
        if !plain.is_empty() {
            let detail = "subPathExpr and subPath are mutually exclusive";
            errors.push(FieldError::invalid(&path.child("subPathExpr"), expanded, detail));
        }
        errors.extend(validate_local_descending_path(expanded, &list.child("subPathExpr")));
    }
    errors
}

/// Source: `validateMountPropagation`.
fn validate_propagation(mount: &VolumeMount, container: &Container, list: &FieldPath) -> Option<FieldError> {
    let wanted = mount.mount_propagation.as_deref()?;
    let path = list.child("mountPropagation");
    if !PROPAGATIONS.contains(&wanted) {
        return Some(FieldError::not_supported(&path, wanted, PROPAGATIONS));
    }
    let privileged = container.security_context.as_ref().and_then(|context| context.privileged);
    (wanted == "Bidirectional" && privileged != Some(true)).then(|| {
        FieldError::forbidden(
            &path,
            "Bidirectional mount propagation is available only to privileged containers",
        )
    })
}

/// Source: `validateMountRecursiveReadOnly`.
fn validate_recursive_read_only(mount: &VolumeMount, list: &FieldPath) -> Vec<FieldError> {
    let Some(wanted) = mount.recursive_read_only.as_deref() else { return Vec::new() };
    let path = list.child("recursiveReadOnly");
    let mut errors = Vec::new();
    match wanted {
        "Disabled" => {}
        "Enabled" | "IfPossible" => {
            if mount.read_only != Some(true) {
                errors.push(FieldError::forbidden(&path, "may only be specified when readOnly is true"));
            }
            if !matches!(mount.mount_propagation.as_deref(), None | Some("None")) {
                let detail = "may only be specified when mountPropagation is None or not specified";
                errors.push(FieldError::forbidden(&path, detail));
            }
        }
        other => errors.push(FieldError::not_supported(&path, other, &["Disabled", "IfPossible", "Enabled"])),
    }
    errors
}

/// What is wrong with the block devices of a container.
///
/// Source: `ValidateVolumeDevices`.
pub(super) fn validate_devices(
    container: &Container,
    around: &Surroundings<'_>,
    path: &FieldPath,
) -> Vec<FieldError> {
    let list = path.child("volumeDevices");
    let mut errors = Vec::new();
    let (mut names, mut points) = (BTreeSet::new(), BTreeSet::new());
    let mounts = container.volume_mounts.items();
    for (index, device) in container.volume_devices.items().iter().enumerate() {
        let path = list.index(index);
        let (name, point) = (device.name.as_str(), device.device_path.as_str());
        let mut wrong = |field: &str, value: &str, detail: &str| {
            errors.push(FieldError::invalid(&path.child(field), value, detail));
        };
        if !name.is_empty() && !names.insert(name) {
            wrong("name", name, "must be unique");
        }
        if let Some(volume) = around.volumes.get(name)
            && volume.persistent_volume_claim.is_none()
            && volume.ephemeral.is_none()
        {
            wrong("name", name, NO_CLAIM);
        }
        if point.split('/').any(|part| part == "..") {
            wrong("devicePath", point, "can not contain backsteps ('..')");
        } else if !points.insert(point) {
            wrong("devicePath", point, "must be unique");
        }
        if mounts.iter().any(|mount| mount.name == name) {
            wrong("name", name, "must not already exist in volumeMounts");
        }
        if mounts.iter().any(|mount| mount.mount_path == point) {
            wrong("devicePath", point, "must not already exist as a path in volumeMounts");
        }
        if name.is_empty() {
            errors.push(FieldError::required(&path.child("name"), ""));
        }
        if !around.volumes.contains_key(name) {
            errors.push(FieldError::not_found(&path.child("name"), name));
        }
        if point.is_empty() {
            errors.push(FieldError::required(&path.child("devicePath"), ""));
        }
    }
    errors
}

/// What is wrong with a path that must stay below where it starts.
///
/// Source: `validateLocalDescendingPath`.
pub(in super::super) fn validate_local_descending_path(target: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if target.starts_with('/') {
        errors.push(FieldError::invalid(path, target, "must be a relative path"));
    }
    errors.extend(validate_no_backsteps(target, path));
    errors
}

/// What is wrong with a path that must not lead upwards.
///
/// Source: `validatePathNoBacksteps`.
pub(in super::super) fn validate_no_backsteps(target: &str, path: &FieldPath) -> Option<FieldError> {
    let upwards = target.split('/').any(|part| part == "..");
    upwards.then(|| FieldError::invalid(path, target, "must not contain '..'"))
}

const PROPAGATIONS: &[&str] = &["Bidirectional", "HostToContainer", "None"];
const NO_CLAIM: &str = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
