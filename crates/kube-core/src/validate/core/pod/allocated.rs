//! How the devices of containers are, as a node reports it.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`validateContainerStatusAllocatedResourcesStatus`,
//! `validateContainerStatusNoAllocatedResourcesStatus`), KEP-4680.

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{Container, ContainerStatus, Pod, PodSpec, PodStatus, ResourceStatus};
use crate::validate::fields::{Items, Text, supported};
use crate::wire::Scanned;
use std::collections::BTreeSet;

const HEALTHS: &[&str] = &["Healthy", "Unhealthy", "Unknown"];

/// Whether the status says anything of devices: only then the resources of the stored containers are read.
pub(super) fn are_told_of(pod: &Pod) -> bool {
    let Some(status) = &pod.status else { return false };
    let lists = [&status.container_statuses, &status.init_container_statuses];
    lists.into_iter().any(|list| list.items().iter().any(|one| one.allocated_resources_status.is_some()))
}

/// The containers of a stored pod, and those that run first.
pub(super) fn containers(
    stored: &Scanned,
) -> Result<(Vec<Container>, Option<Vec<Container>>), serde_json::Error> {
    let (mut containers, mut init) = (Vec::new(), None);
    for field in stored.fields_of("spec") {
        match field.name {
            "containers" => containers = serde_json::from_slice(field.value)?,
            "initContainers" => init = serde_json::from_slice(field.value)?,
            _ => {}
        }
    }
    Ok((containers, init))
}

/// What is wrong with what `status` says of the devices of the containers of `spec`.
pub(super) fn validate(status: &PodStatus, spec: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    let lists = [
        ("containerStatuses", status.container_statuses.items(), &*spec.containers),
        ("initContainerStatuses", status.init_container_statuses.items(), spec.init_containers.items()),
    ];
    let mut errors = Vec::new();
    for (field, statuses, containers) in lists {
        errors.extend(validate_list(statuses, containers, &path.child(field)));
    }
    let path = path.child("ephemeralContainerStatuses");
    for (index, status) in status.ephemeral_container_statuses.items().iter().enumerate() {
        if status.allocated_resources_status.is_some() {
            let path = path.index(index).child("allocatedResourcesStatus");
            errors.push(FieldError::forbidden(&path, "must not be specified in container status"));
        }
    }
    errors
}

fn validate_list(
    statuses: &[ContainerStatus],
    containers: &[Container],
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, status) in statuses.iter().enumerate() {
        let told = status.allocated_resources_status.items();
        // A container that is not there is no reason to refuse the rest.
        let Some(container) = containers.iter().find(|container| container.name == status.name) else {
            continue;
        };
        let path = path.index(index).child("allocatedResourcesStatus");
        for (index, resource) in told.iter().enumerate() {
            errors.extend(validate_resource(resource, container, &path.index(index)));
        }
    }
    errors
}

fn validate_resource(resource: &ResourceStatus, container: &Container, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let wanted = container.resources.as_ref();
    let name = resource.name.as_str();
    let (known, detail) = if name.starts_with("claim:") {
        let claims = wanted.map(|wanted| wanted.claims.items()).unwrap_or_default();
        let named = |claim: &crate::kinds::core::v1::ResourceClaim| match claim.request.text() {
            "" => format!("claim:{}", claim.name),
            request => format!("claim:{}/{request}", claim.name),
        };
        (claims.iter().any(|claim| named(claim) == name), NO_CLAIM)
    } else {
        let requests = wanted.and_then(|wanted| wanted.requests.as_ref());
        (requests.is_some_and(|requests| requests.contains_key(name)), NO_REQUEST)
    };
    if !known {
        errors.push(FieldError::invalid(&path.child("name"), name, detail));
    }
    let mut seen = BTreeSet::new();
    for (index, device) in resource.resources.items().iter().enumerate() {
        let path = path.child("resources").index(index);
        errors.extend(supported(device.health.text(), HEALTHS, &path.child("health")));
        if !seen.insert(device.resource_id.as_str()) {
            errors.push(FieldError::duplicate(&path.child("resourceID"), &device.resource_id));
        }
    }
    errors
}

const NO_CLAIM: &str = "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";
const NO_REQUEST: &str = "must match one of the container's resource requests";
