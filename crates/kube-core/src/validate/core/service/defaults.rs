//! What services leave out.

use super::is_external;
use crate::kinds::IntOrString;
use crate::kinds::core::v1::{ClientIPConfig, Service, ServicePort, ServiceSpec, SessionAffinityConfig};
use crate::validate::fields::{Items, Text};

/// Fills a service. Addresses and ports of nodes are allocated when it is stored.
///
/// Source: `SetDefaults_Service`; that one address stands in both fields is `NormalizeClusterIPs`.
pub(super) fn set_service_defaults(service: &mut Service) {
    let spec = service.spec.get_or_insert_default();
    set_affinity(spec);
    spec.type_.fill("ClusterIP");
    spec.ports.items_mut().iter_mut().for_each(set_port);
    if is_external(spec) {
        spec.external_traffic_policy.fill("Cluster");
    }
    if matches!(spec.type_.text(), "ClusterIP" | "NodePort" | "LoadBalancer") {
        spec.internal_traffic_policy.get_or_insert_with(|| "Cluster".to_owned());
    }
    if spec.cluster_ips.items().is_empty()
        && let Some(ip) = spec.cluster_ip.clone().filter(|ip| !ip.is_empty())
    {
        spec.cluster_ips = Some(vec![ip]);
    }
    if spec.type_.text() == "LoadBalancer" {
        spec.allocate_load_balancer_node_ports.get_or_insert(true);
        let balancer = service.status.as_mut().and_then(|status| status.load_balancer.as_mut());
        let addresses = balancer.map_or(&mut [][..], |balancer| balancer.ingress.items_mut());
        for address in addresses.iter_mut().filter(|address| !address.ip.text().is_empty()) {
            address.ip_mode.get_or_insert_with(|| "VIP".to_owned());
        }
    }
}

fn set_affinity(spec: &mut ServiceSpec) {
    spec.session_affinity.fill("None");
    match spec.session_affinity.text() {
        "None" => spec.session_affinity_config = None,
        "ClientIP" => {
            let config = spec.session_affinity_config.as_ref();
            let timeout = config.and_then(|config| config.client_ip.as_ref()?.timeout_seconds);
            if timeout.is_none() {
                let client_ip = Some(ClientIPConfig { timeout_seconds: Some(AFFINITY_SECONDS) });
                spec.session_affinity_config = Some(SessionAffinityConfig { client_ip });
            }
        }
        _ => {}
    }
}

fn set_port(port: &mut ServicePort) {
    port.protocol.fill("TCP");
    let unset = match &port.target_port {
        None => true,
        Some(IntOrString::Int(number)) => *number == 0,
        Some(IntOrString::String(name)) => name.is_empty(),
    };
    if unset {
        port.target_port = Some(IntOrString::Int(port.port));
    }
}

const AFFINITY_SECONDS: i32 = 10800;
