//! The resource part of API defaulting.

use super::sum::{container_limits, container_requests};
use super::{
    CPU, HUGE_PAGES_PREFIX, MEMORY, Options, PodResources, ResourceList, Resources, is_pod_level_resource,
};

/// A container's defaults: a request missing where a limit is set takes the limit.
///
/// Source: `SetDefaults_Pod`.
pub fn default_container(resources: &mut Resources) {
    resources.requests.fill_from(&resources.limits);
}

/// A pod's defaults: requests missing where limits are set, of containers and of the pod as a whole; then every
/// quantity rounded up to thousandths.
///
/// Source: `SetDefaults_Pod`, `SetDefaults_ResourceList`.
pub fn default_resources(pod: &mut PodResources) {
    for container in pod.containers.iter_mut().chain(&mut pod.init_containers) {
        default_container(&mut container.resources);
    }
    default_pod_level(pod);
    round(pod);
}

fn default_pod_level(pod: &mut PodResources) {
    let Some(mut resources) = pod.pod_level.take() else { return };
    if !resources.is_empty() {
        default_huge_pages(pod, &mut resources);
    }
    if !resources.limits.is_empty() {
        default_requests(pod, &mut resources);
    }
    pod.pod_level = Some(resources);
}

/// Limits of huge pages that only containers have become the pod's.
fn default_huge_pages(pod: &PodResources, resources: &mut Resources) {
    let limits: ResourceList = container_limits(pod, &Options::default())
        .iter()
        .filter(|(name, _)| name.starts_with(HUGE_PAGES_PREFIX) && !resources.requests.contains(name))
        .collect();
    resources.limits.fill_from(&limits);
}

/// Missing requests become the containers' sum, and without one the pod's limit.
fn default_requests(pod: &PodResources, resources: &mut Resources) {
    let requests: ResourceList = container_requests(pod, &Options::default())
        .iter()
        .filter(|(name, _)| [CPU, MEMORY].contains(&&***name))
        .collect();
    resources.requests.fill_from(&requests);
    let limits: ResourceList =
        resources.limits.iter().filter(|(name, _)| is_pod_level_resource(name)).collect();
    resources.requests.fill_from(&limits);
}

fn round(pod: &mut PodResources) {
    for container in pod.containers.iter_mut().chain(&mut pod.init_containers) {
        container.resources.round_up_milli();
    }
    for status in pod.container_statuses.iter_mut().chain(&mut pod.init_container_statuses) {
        if let Some(resources) = &mut status.resources {
            resources.round_up_milli();
        }
        if let Some(allocated) = &mut status.allocated_resources {
            allocated.round_up_milli();
        }
    }
    for resources in pod.pod_level.iter_mut().chain(&mut pod.status_resources) {
        resources.round_up_milli();
    }
    for list in pod.status_allocated.iter_mut().chain([&mut pod.overhead]) {
        list.round_up_milli();
    }
}
