//! What an update of a service keeps although it does not say so.

use super::{is_external, needs_health_check, service_type};
use crate::kinds::core::v1::{ServicePort, ServiceSpec};
use crate::validate::fields::{Items, Text};

/// Keeps what was allocated and is still needed, and drops what the new type has no use for.
///
/// Source: `patchAllocatedValues`, `NormalizeClusterIPs`, `dropTypeDependentFields` of
/// `k8s.io/kubernetes/pkg/registry/core/service`.
pub(super) fn keep_allocated(new: &mut ServiceSpec, old: &ServiceSpec) {
    if needs_cluster_ip(new) && needs_cluster_ip(old) {
        keep_cluster_ips(new, old);
    }
    if needs_node_port(new) && needs_node_port(old) {
        keep_node_ports(new.ports.items_mut(), old.ports.items());
    }
    if needs_health_check(new)
        && needs_health_check(old)
        && new.health_check_node_port.unwrap_or_default() == 0
    {
        new.health_check_node_port = old.health_check_node_port;
    }
    drop_unneeded(new, old);
}

fn keep_cluster_ips(new: &mut ServiceSpec, old: &ServiceSpec) {
    if new.cluster_ip.text().is_empty() && new.cluster_ips.items().is_empty() {
        new.cluster_ip.clone_from(&old.cluster_ip);
        new.cluster_ips.clone_from(&old.cluster_ips);
    }
    // A client that knows one address only changes that one.
    let listed_as_before = new.cluster_ips == old.cluster_ips;
    if new.cluster_ip != old.cluster_ip && listed_as_before {
        let ip = new.cluster_ip.clone().filter(|ip| !ip.is_empty());
        new.cluster_ips = ip.map(|ip| vec![ip]);
    } else if new.cluster_ip == old.cluster_ip && is_first_alone(new) {
        new.cluster_ips.clone_from(&old.cluster_ips);
    }
    if new.ip_family_policy.is_none() {
        new.ip_family_policy.clone_from(&old.ip_family_policy);
    }
    if new.ip_families.items().is_empty() {
        new.ip_families.clone_from(&old.ip_families);
    }
}

/// Whether the list says no more than the single field, as where it was filled from it.
fn is_first_alone(spec: &ServiceSpec) -> bool {
    let single = spec.ip_family_policy.text() == "SingleStack";
    !single && matches!(spec.cluster_ips.items(), [only] if only == spec.cluster_ip.text())
}

fn keep_node_ports(new: &mut [ServicePort], old: &[ServicePort]) {
    let taken: Vec<i32> = new.iter().filter_map(|port| port.node_port).collect();
    for port in new.iter_mut().filter(|port| port.node_port.unwrap_or_default() == 0) {
        let same = |old: &&ServicePort| old.port == port.port && old.protocol.text() == port.protocol.text();
        let kept = old.iter().find(same).and_then(|old| old.node_port);
        port.node_port = kept.filter(|kept| !taken.contains(kept));
    }
}

fn drop_unneeded(new: &mut ServiceSpec, old: &ServiceSpec) {
    if needs_cluster_ip(old) && !needs_cluster_ip(new) {
        if new.cluster_ip == old.cluster_ip && new.cluster_ips == old.cluster_ips {
            new.cluster_ip = None;
            new.cluster_ips = None;
        }
        if new.ip_families == old.ip_families && new.ip_family_policy == old.ip_family_policy {
            new.ip_families = None;
            new.ip_family_policy = None;
        }
    }
    let node_ports = |spec: &ServiceSpec| -> Vec<(String, Option<i32>)> {
        spec.ports.items().iter().map(|port| (port.name.text().to_owned(), port.node_port)).collect()
    };
    if needs_node_port(old) && !needs_node_port(new) && node_ports(new) == node_ports(old) {
        new.ports.items_mut().iter_mut().for_each(|port| port.node_port = None);
    }
    let same_check = new.health_check_node_port == old.health_check_node_port;
    if needs_health_check(old) && !needs_health_check(new) && same_check {
        new.health_check_node_port = None;
    }
    let was_balanced = service_type(old) == "LoadBalancer" && service_type(new) != "LoadBalancer";
    if was_balanced && new.allocate_load_balancer_node_ports == old.allocate_load_balancer_node_ports {
        new.allocate_load_balancer_node_ports = None;
    }
    if was_balanced && new.load_balancer_class == old.load_balancer_class {
        new.load_balancer_class = None;
    }
    let same_policy = new.external_traffic_policy == old.external_traffic_policy;
    if is_external(old) && !is_external(new) && same_policy {
        new.external_traffic_policy = None;
    }
}

/// Source: `needsClusterIP`.
fn needs_cluster_ip(spec: &ServiceSpec) -> bool {
    matches!(service_type(spec), "ClusterIP" | "NodePort" | "LoadBalancer")
}

/// Source: `needsNodePort`.
fn needs_node_port(spec: &ServiceSpec) -> bool {
    match service_type(spec) {
        "NodePort" => true,
        "LoadBalancer" => spec.allocate_load_balancer_node_ports != Some(false),
        _ => false,
    }
}
