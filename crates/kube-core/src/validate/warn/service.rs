//! Services, and addresses elsewhere in the network.
//!
//! Source: `k8s.io/kubernetes/pkg/api/service` (`GetWarningsForService`), `pkg/registry/core/endpoint`,
//! `pkg/registry/networking/networkpolicy`.

use crate::error::FieldPath;
use crate::kinds::core::v1::{Endpoints, Service};
use crate::kinds::networking::v1::{NetworkPolicy, NetworkPolicyPeer};
use crate::names::{warnings_for_cidr, warnings_for_ip};
use crate::validate::fields::{Items, Text};

const HINTS: &str = "service.kubernetes.io/topology-aware-hints";

pub(in super::super) fn of_service(service: &Service) -> Vec<String> {
    let mut warnings = Vec::new();
    if service.metadata.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(HINTS)) {
        warnings.push(format!(
            "annotation {HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead"
        ));
    }
    let Some(spec) = &service.spec else { return warnings };
    let path = FieldPath::new("spec");
    let each = |list: &[String], field: &str, judge: fn(&FieldPath, &str) -> Vec<String>| -> Vec<String> {
        let path = path.child(field);
        list.iter().enumerate().flat_map(|(index, value)| judge(&path.index(index), value)).collect()
    };
    if !matches!(spec.cluster_ip.text(), "" | "None") {
        warnings.extend(each(spec.cluster_ips.items(), "clusterIPs", warnings_for_ip));
    }
    let outer = spec.external_ips.items();
    let headless = spec.type_.text() == "ClusterIP" && spec.cluster_ip.text() == "None";
    if headless {
        if !spec.load_balancer_ip.text().is_empty() {
            warnings.push("spec.loadBalancerIP is ignored for headless services".to_owned());
        }
        if !outer.is_empty() {
            warnings.push("spec.externalIPs is ignored for headless services".to_owned());
        }
        if spec.session_affinity.text() != "None" {
            warnings.push("spec.SessionAffinity is ignored for headless services".to_owned());
        }
    }
    warnings.extend(each(outer, "externalIPs", warnings_for_ip));
    let named = spec.type_.text() == "ExternalName";
    if !outer.is_empty() && !headless && !named {
        let text = "spec.externalIPs is deprecated and may no longer be implemented in some clusters";
        warnings.push(text.to_owned());
    }
    if !spec.load_balancer_ip.text().is_empty() {
        warnings.extend(warnings_for_ip(&path.child("loadBalancerIP"), spec.load_balancer_ip.text()));
    }
    let ranges = spec.load_balancer_source_ranges.items();
    warnings.extend(each(ranges, "loadBalancerSourceRanges", warnings_for_cidr));
    if named && !outer.is_empty() {
        warnings.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
    if !named && !spec.external_name.text().is_empty() {
        warnings.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if spec.traffic_distribution.text() == "PreferClose" {
        let text = "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"";
        warnings.push(text.to_owned());
    }
    warnings
}

/// Source: `endpointsWarnings`, and the lifecycle of the kind.
pub(in super::super) fn of_endpoints(endpoints: &Endpoints) -> Vec<String> {
    let mut warnings =
        vec!["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned()];
    for (index, subset) in endpoints.subsets.items().iter().enumerate() {
        let path = FieldPath::new("subsets").index(index);
        let lists = [
            ("addresses", subset.addresses.items()),
            ("notReadyAddresses", subset.not_ready_addresses.items()),
        ];
        for (field, addresses) in lists {
            for (index, address) in addresses.iter().enumerate() {
                let path = path.child(field).index(index).child("ip");
                warnings.extend(warnings_for_ip(&path, &address.ip));
            }
        }
    }
    warnings
}

/// Source: `networkPolicyWarnings`.
pub(in super::super) fn of_network_policy(policy: &NetworkPolicy) -> Vec<String> {
    let Some(spec) = &policy.spec else { return Vec::new() };
    let mut warnings = Vec::new();
    let path = FieldPath::new("spec");
    for (index, rule) in spec.ingress.items().iter().enumerate() {
        let path = path.child("ingress").index(index).child("from");
        warnings.extend(of_peers(rule.from.items(), &path));
    }
    for (index, rule) in spec.egress.items().iter().enumerate() {
        warnings.extend(of_peers(rule.to.items(), &path.child("egress").index(index).child("to")));
    }
    warnings
}

fn of_peers(peers: &[NetworkPolicyPeer], path: &FieldPath) -> Vec<String> {
    let mut warnings = Vec::new();
    for (index, peer) in peers.iter().enumerate() {
        let Some(block) = &peer.ip_block else { continue };
        let path = path.index(index).child("ipBlock");
        warnings.extend(warnings_for_cidr(&path.child("cidr"), &block.cidr));
        for (index, except) in block.except.items().iter().enumerate() {
            warnings.extend(warnings_for_cidr(&path.child("except").index(index), except));
        }
    }
    warnings
}
