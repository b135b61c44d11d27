//! What an update keeps of what a Service holds, and what a change of its type drops.

use super::families::{list, spec};
use kube_core::error::{FieldError, ShownAsJson};
use kube_core::kinds::core::v1::{ServicePort, ServiceSpec};
use std::collections::{BTreeMap, BTreeSet};

/// The type of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    ClusterIp,
    NodePort,
    LoadBalancer,
    ExternalName,
}

impl Form {
    pub(super) fn of(spec: &ServiceSpec) -> Self {
        match spec.type_.as_deref() {
            Some("NodePort") => Self::NodePort,
            Some("LoadBalancer") => Self::LoadBalancer,
            Some("ExternalName") => Self::ExternalName,
            _ => Self::ClusterIp,
        }
    }
}

pub(super) fn needs_cluster_ip(spec: &ServiceSpec) -> bool {
    Form::of(spec) != Form::ExternalName
}

/// Whether ports without a node port get one.
pub(super) fn needs_node_ports(spec: &ServiceSpec) -> bool {
    match Form::of(spec) {
        Form::NodePort => true,
        Form::LoadBalancer => spec.allocate_load_balancer_node_ports != Some(false),
        _ => false,
    }
}

pub(super) fn needs_health_check_port(spec: &ServiceSpec) -> bool {
    Form::of(spec) == Form::LoadBalancer && spec.external_traffic_policy.as_deref() == Some("Local")
}

pub(super) fn is_headless(spec: &ServiceSpec) -> bool {
    spec.cluster_ip.as_deref() == Some("None")
}

/// Fills in `clusterIPs` from `clusterIP` for a new Service.
///
/// Source: `k8s.io/kubernetes/pkg/registry/core/service/storage` (`normalizeClusterIPs`).
pub(super) fn begin(new: &mut ServiceSpec) {
    if let (Some(ip), []) = (cluster_ip(new), list(new.cluster_ips.as_ref())) {
        new.cluster_ips = Some(vec![ip.to_owned()]);
    }
}

/// Takes over what the update leaves out, drops what the new type does not have, and refuses another cluster IP.
pub(super) fn carry_over(old: &ServiceSpec, new: &mut ServiceSpec) -> Result<(), FieldError> {
    keep_addresses(old, new);
    keep_node_ports(old, new);
    let both = needs_health_check_port(old) && needs_health_check_port(new);
    if both && new.health_check_node_port.unwrap_or_default() == 0 {
        new.health_check_node_port = old.health_check_node_port;
    }
    align_addresses(old, new);
    drop_foreign_fields(old, new);
    let fixed = needs_cluster_ip(old) && needs_cluster_ip(new);
    let (was, is) = (list(old.cluster_ips.as_ref()).first(), list(new.cluster_ips.as_ref()).first());
    if fixed && was.is_some_and(|ip| !ip.is_empty()) && was != is {
        let at = spec("clusterIPs").index(0);
        return Err(FieldError::invalid(
            &at,
            ShownAsJson(list(new.cluster_ips.as_ref())),
            "may not change once set",
        ));
    }
    Ok(())
}

/// Source: `patchAllocatedValues`.
fn keep_addresses(old: &ServiceSpec, new: &mut ServiceSpec) {
    if needs_cluster_ip(old) && needs_cluster_ip(new) {
        if cluster_ip(new).is_none() {
            new.cluster_ip.clone_from(&old.cluster_ip);
        }
        if list(new.cluster_ips.as_ref()).is_empty() && new.cluster_ip == old.cluster_ip {
            new.cluster_ips.clone_from(&old.cluster_ips);
        }
    }
}

/// Source: `patchAllocatedValues`.
fn keep_node_ports(old: &ServiceSpec, new: &mut ServiceSpec) {
    if !needs_node_ports(old) || !needs_node_ports(new) {
        return;
    }
    let had: BTreeMap<Option<String>, i32> =
        old.ports.iter().flatten().map(|port| (name(port), node_port(port))).collect();
    let (before, after) = (node_ports(old), node_ports(new));
    let mut used: BTreeSet<i32> = before.intersection(&after).copied().collect();
    for port in new.ports.iter_mut().flatten().filter(|port| node_port(port) == 0) {
        if let Some(kept) = had.get(&name(port)).filter(|kept| **kept != 0 && !used.contains(kept)) {
            port.node_port = Some(*kept);
            used.insert(*kept);
        }
    }
}

/// Source: `normalizeClusterIPs`.
fn align_addresses(old: &ServiceSpec, new: &mut ServiceSpec) {
    if cluster_ip(old) == cluster_ip(new) || list(old.cluster_ips.as_ref()) != list(new.cluster_ips.as_ref())
    {
        return;
    }
    new.cluster_ips = cluster_ip(new).map(|ip| vec![ip.to_owned()]);
}

/// Source: `dropTypeDependentFields`.
fn drop_foreign_fields(old: &ServiceSpec, new: &mut ServiceSpec) {
    if needs_cluster_ip(old) && !needs_cluster_ip(new) {
        if list(old.cluster_ips.as_ref()) == list(new.cluster_ips.as_ref()) {
            new.cluster_ip = None;
            new.cluster_ips = None;
        }
        if list(old.ip_families.as_ref()) == list(new.ip_families.as_ref()) {
            new.ip_families = None;
        }
        if old.ip_family_policy == new.ip_family_policy {
            new.ip_family_policy = None;
        }
    }
    let same_ports = new.ports.iter().flatten().map(node_port).eq(old.ports.iter().flatten().map(node_port));
    if needs_node_ports(old) && !needs_node_ports(new) && same_ports {
        new.ports.iter_mut().flatten().for_each(|port| port.node_port = None);
    }
    if needs_health_check_port(old)
        && !needs_health_check_port(new)
        && old.health_check_node_port == new.health_check_node_port
    {
        new.health_check_node_port = None;
    }
    let balances = |spec: &ServiceSpec| Form::of(spec) == Form::LoadBalancer;
    let unchanged = old.allocate_load_balancer_node_ports == new.allocate_load_balancer_node_ports;
    if balances(old) && !balances(new) && unchanged {
        new.allocate_load_balancer_node_ports = None;
    }
}

fn cluster_ip(spec: &ServiceSpec) -> Option<&str> {
    spec.cluster_ip.as_deref().filter(|ip| !ip.is_empty())
}

fn name(port: &ServicePort) -> Option<String> {
    port.name.clone().filter(|name| !name.is_empty())
}

/// 0 for none.
pub(super) fn node_port(port: &ServicePort) -> i32 {
    port.node_port.unwrap_or_default()
}

fn node_ports(spec: &ServiceSpec) -> BTreeSet<i32> {
    spec.ports.iter().flatten().map(node_port).filter(|port| *port != 0).collect()
}
