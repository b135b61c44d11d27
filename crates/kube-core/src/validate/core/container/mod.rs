//! Containers, wherever they stand: defaults and rules.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1/defaults.go` and `pkg/apis/core/validation`.

mod defaults;
mod env;
mod ephemeral;
mod every;
mod image;
mod lists;
mod mounts;
mod ports;
mod probes;
mod restart;

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{Container, Volume};
use crate::validate::fields::{Items, Text, dns_label, one_of};
use crate::validate::resources::validate_container_requirements;

use super::security::validate_security_context;

pub(super) use defaults::{set_container_defaults, set_ephemeral_container_defaults, set_image_pull_policy};
pub(super) use env::{VOLUME_FIELDS, validate_field_ref, validate_resource_field_ref};
pub(super) use ephemeral::validate_ephemeral_containers;
pub(super) use every::every_container;
pub(super) use lists::{validate_containers, validate_image_spaces, validate_init_containers};
pub(super) use mounts::{validate_local_descending_path, validate_no_backsteps};
pub(crate) use ports::{PROTOCOLS, validate_port_num_or_name};

/// What the rules of a container ask of its pod.
#[derive(Debug)]
pub(super) struct Surroundings<'a> {
    /// The volumes that are right, by name.
    pub(super) volumes: BTreeMap<&'a str, &'a Volume>,
    /// The names of the resource claims.
    pub(super) claims: BTreeSet<&'a str>,
    /// Seconds between asking the pod to stop and stopping it.
    pub(super) grace: Option<i64>,
    /// When the pod's containers are started again.
    pub(super) restart_policy: &'a str,
    /// Whether the pod uses the user ids of its host.
    pub(super) host_users: bool,
}

/// What is wrong with a container of any sort.
///
/// Source: `validateContainerCommon`.
fn validate_container(container: &Container, around: &Surroundings<'_>, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if container.name.is_empty() {
        errors.push(FieldError::required(&path.child("name"), ""));
    } else {
        errors.extend(dns_label(&container.name, &path.child("name")));
    }
    if container.image.text().is_empty() {
        errors.push(FieldError::required(&path.child("image"), ""));
    }
    let policy = container.termination_message_policy.text();
    errors.extend(one_of(policy, MESSAGE_POLICIES, &path.child("terminationMessagePolicy")));
    errors.extend(ports::validate_ports(container.ports.items(), &path.child("ports")));
    errors.extend(env::validate_env(container.env.items(), &path.child("env")));
    errors.extend(env::validate_env_from(container.env_from.items(), &path.child("envFrom")));
    errors.extend(mounts::validate_mounts(container, around, path));
    errors.extend(mounts::validate_devices(container, around, path));
    let policy = container.image_pull_policy.text();
    errors.extend(one_of(policy, PULL_POLICIES, &path.child("imagePullPolicy")));
    let wanted = container.resources.as_ref();
    errors.extend(validate_container_requirements(wanted, &around.claims, &path.child("resources")));
    let policies = container.resize_policy.items();
    errors.extend(restart::validate_resize_policy(policies, around, &path.child("resizePolicy")));
    if let Some(context) = &container.security_context {
        errors.extend(validate_security_context(context, around.host_users, &path.child("securityContext")));
    }
    errors
}

/// When a node fetches an image.
pub(super) const PULL_POLICIES: &[&str] = &["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES: &[&str] = &["File", "FallbackToLogsOnError"];
