//! Containers that are added to a running pod.

use std::collections::BTreeSet;

use super::probes::forbid_life;
use super::{Surroundings, validate_container, validate_image_spaces};
use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{Container, EphemeralContainer, PodSpec};
use crate::validate::fields::{Items, Text};

/// What is wrong with the ephemeral containers of a pod.
///
/// Source: `validateEphemeralContainers`.
pub(in super::super) fn validate_ephemeral_containers(
    spec: &PodSpec,
    around: &Surroundings<'_>,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let others = spec.containers.iter().chain(spec.init_containers.items());
    let others: BTreeSet<&str> = others.map(|container| container.name.as_str()).collect();
    let mut names = others.clone();
    for (index, ephemeral) in spec.ephemeral_containers.items().iter().enumerate() {
        let path = path.index(index);
        let container = as_container(ephemeral);
        errors.extend(validate_container(&container, around, &path));
        errors.extend(validate_image_spaces(std::slice::from_ref(&container), &path));
        if !names.insert(ephemeral.name.as_str()) {
            errors.push(FieldError::duplicate(&path.child("name"), &ephemeral.name));
        }
        let target = ephemeral.target_container_name.text();
        if !target.is_empty() && !others.contains(target) {
            errors.push(FieldError::not_found(&path.child("targetContainerName"), target));
        }
        errors.extend(validate_fields(&container, &path));
    }
    errors
}

/// What such a container may not have.
fn validate_fields(container: &Container, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !container.ports.items().is_empty() {
        errors.push(FieldError::forbidden(&path.child("ports"), NOT_EPHEMERAL));
    }
    let resources = container.resources.clone().unwrap_or_default();
    if resources.limits.is_some() || resources.requests.is_some() || resources.claims.is_some() {
        errors.push(FieldError::forbidden(&path.child("resources"), NOT_EPHEMERAL));
    }
    if !container.resize_policy.items().is_empty() {
        errors.push(FieldError::forbidden(&path.child("resizePolicy"), NOT_EPHEMERAL));
    }
    if container.restart_policy.is_some() {
        errors.push(FieldError::forbidden(&path.child("restartPolicy"), NOT_EPHEMERAL));
    }
    if !container.restart_policy_rules.items().is_empty() {
        errors.push(FieldError::forbidden(&path.child("restartPolicyRules"), NOT_EPHEMERAL));
    }
    errors.extend(forbid_life(container, NOT_EPHEMERAL, path));
    for (index, mount) in container.volume_mounts.items().iter().enumerate() {
        let path = path.child("volumeMounts").index(index);
        for (field, value) in [("subPath", &mount.sub_path), ("subPathExpr", &mount.sub_path_expr)] {
            if !value.text().is_empty() {
                errors.push(FieldError::forbidden(&path.child(field), NOT_EPHEMERAL));
            }
        }
    }
    errors
}

fn as_container(ephemeral: &EphemeralContainer) -> Container {
    let e = ephemeral.clone();
    Container {
        args: e.args,
        command: e.command,
        env: e.env,
        env_from: e.env_from,
        image: e.image,
        image_pull_policy: e.image_pull_policy,
        lifecycle: e.lifecycle,
        liveness_probe: e.liveness_probe,
        name: e.name,
        ports: e.ports,
        readiness_probe: e.readiness_probe,
        resize_policy: e.resize_policy,
        resources: e.resources,
        restart_policy: e.restart_policy,
        restart_policy_rules: e.restart_policy_rules,
        security_context: e.security_context,
        startup_probe: e.startup_probe,
        stdin: e.stdin,
        stdin_once: e.stdin_once,
        termination_message_path: e.termination_message_path,
        termination_message_policy: e.termination_message_policy,
        tty: e.tty,
        volume_devices: e.volume_devices,
        volume_mounts: e.volume_mounts,
        working_dir: e.working_dir,
    }
}

const NOT_EPHEMERAL: &str = "cannot be set for an Ephemeral Container";
