//! What pods and templates leave out.

use crate::kinds::core::v1::{Container, PodSpec};
use crate::validate::core::container::{set_container_defaults, set_ephemeral_container_defaults};
use crate::validate::core::volume::set_volume_defaults;
use crate::validate::fields::{Items, Text};
use crate::validate::resources::{canonicalize, request_limits};

use super::resources::set_pod_level_resources;

/// Fills the spec of a pod: that of a template, and what only pods are given.
///
/// Source: `SetDefaults_Pod`; a negative grace becomes one second in `podStrategy`.
pub(super) fn set_pod_defaults(spec: &mut PodSpec) {
    set_pod_spec_defaults(spec);
    let containers = spec.containers.iter_mut().chain(spec.init_containers.items_mut());
    for resources in containers.filter_map(|container| container.resources.as_mut()) {
        request_limits(resources.limits.as_ref(), &mut resources.requests);
    }
    set_pod_level_resources(spec);
    spec.enable_service_links.get_or_insert(true);
    if spec.host_network == Some(true) {
        set_host_ports(&mut spec.containers);
        set_host_ports(spec.init_containers.items_mut());
    }
    if let Some(grace) = &mut spec.termination_grace_period_seconds
        && *grace < 0
    {
        *grace = 1;
    }
}

/// Fills what the spec of a pod leaves out, wherever it stands.
///
/// Source: `SetDefaults_PodSpec`.
pub(in super::super::super) fn set_pod_spec_defaults(spec: &mut PodSpec) {
    spec.dns_policy.fill("ClusterFirst");
    spec.restart_policy.fill("Always");
    spec.security_context.get_or_insert_default();
    spec.termination_grace_period_seconds.get_or_insert(GRACE);
    spec.scheduler_name.fill("default-scheduler");
    set_service_account(spec);
    spec.volumes.items_mut().iter_mut().for_each(set_volume_defaults);
    spec.init_containers.items_mut().iter_mut().for_each(set_container_defaults);
    spec.containers.iter_mut().for_each(set_container_defaults);
    spec.ephemeral_containers.items_mut().iter_mut().for_each(set_ephemeral_container_defaults);
    canonicalize(&mut spec.overhead);
    if let Some(resources) = &mut spec.resources {
        canonicalize(&mut resources.limits);
        canonicalize(&mut resources.requests);
    }
}

/// One field under two names.
///
/// Source: `Convert_v1_PodSpec_To_core_PodSpec` and its inverse.
fn set_service_account(spec: &mut PodSpec) {
    if spec.service_account_name.text().is_empty() {
        spec.service_account_name = spec.service_account.take();
    }
    spec.service_account.clone_from(&spec.service_account_name);
}

/// On the network of the host the port of a container is a port of the host.
///
/// Source: `defaultHostNetworkPorts`.
fn set_host_ports(containers: &mut [Container]) {
    for port in containers.iter_mut().flat_map(|container| container.ports.items_mut()) {
        if port.host_port.unwrap_or_default() == 0 {
            port.host_port = Some(port.container_port);
        }
    }
}

/// Seconds.
const GRACE: i64 = 30;
