//! Endpoint slices.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/discovery/v1` (`SetDefaults_EndpointPort`), `pkg/apis/discovery/validation`.

use std::collections::BTreeSet;

use crate::error::{FieldError, FieldPath};
use crate::kinds::discovery::v1::{Endpoint, EndpointPort, EndpointSlice, ForNode};
use crate::names::{is_valid_ip_for_legacy_field, is_valid_port_num, name_is_dns_subdomain};
use crate::validate::Kind;
use crate::validate::core::{PROTOCOLS, validate_non_special_ip};
use crate::validate::fields::{
    Items, Text, dns_label, dns_subdomain, invalid, name, one_of, qualified_name, supported,
};
use crate::validate::meta::{validate_immutable_field, validate_labels};

impl Kind for EndpointSlice {
    const AS_IT_IS: bool = true;

    fn set_defaults(&mut self) {
        for port in self.ports.items_mut() {
            port.name.get_or_insert_default();
            port.protocol.fill("TCP");
        }
    }

    fn validate(&self) -> Vec<FieldError> {
        let path = FieldPath::new("addressType");
        let mut errors: Vec<FieldError> = one_of(&self.address_type, TYPES, &path).into_iter().collect();
        errors.extend(validate_endpoints(self.endpoints.items(), &self.address_type));
        errors.extend(validate_ports(self.ports.items()));
        errors
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = self.validate();
        let path = FieldPath::new("addressType");
        errors.extend(validate_immutable_field(&*self.address_type, &&*old.address_type, &path));
        errors
    }
}

/// Source: `validateEndpoints`.
fn validate_endpoints(endpoints: &[Endpoint], sort: &str) -> Vec<FieldError> {
    let path = FieldPath::new("endpoints");
    if endpoints.len() > MAX_ENDPOINTS {
        return vec![FieldError::too_many(&path, endpoints.len(), MAX_ENDPOINTS)];
    }
    let endpoints = endpoints.iter().enumerate();
    endpoints.flat_map(|(index, endpoint)| validate_endpoint(endpoint, sort, &path.index(index))).collect()
}

fn validate_endpoint(endpoint: &Endpoint, sort: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (list, addresses) = (path.child("addresses"), endpoint.addresses.as_slice());
    if addresses.is_empty() {
        errors.push(FieldError::required(&list, "must contain at least 1 address"));
    } else if addresses.len() > MAX_ADDRESSES {
        errors.push(FieldError::too_many(&list, addresses.len(), MAX_ADDRESSES));
    }
    for (index, address) in addresses.iter().enumerate() {
        errors.extend(validate_address(address, sort, &list.index(index)));
    }
    if let Some(node) = endpoint.node_name.as_deref() {
        errors.extend(name(node, name_is_dns_subdomain, &path.child("nodeName")));
    }
    if let Some(labels) = &endpoint.deprecated_topology {
        errors.extend(validate_labels(labels, &path.child("topology")));
    }
    if let Some(hostname) = endpoint.hostname.as_deref() {
        errors.extend(dns_label(hostname, &path.child("hostname")));
    }
    let zones = endpoint.hints.as_ref().map_or(&[][..], |hints| hints.for_zones.items());
    let list = path.child("hints").child("forZones");
    if zones.len() > MAX_HINTS {
        errors.push(FieldError::too_many(&list, zones.len(), MAX_HINTS));
    }
    let mut seen = BTreeSet::new();
    for (index, zone) in zones.iter().enumerate() {
        let path = list.index(index).child("name");
        if !seen.insert(&zone.name) {
            errors.push(FieldError::duplicate(&path, &zone.name));
        }
        errors.extend(validate_zone(&zone.name, &path));
    }
    let nodes = endpoint.hints.as_ref().map_or(&[][..], |hints| hints.for_nodes.items());
    errors.extend(validate_nodes(nodes, &path.child("hints").child("forNodes")));
    errors
}

/// Source: `validateHints`.
fn validate_nodes(nodes: &[ForNode], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if nodes.len() > MAX_HINTS {
        errors.push(FieldError::too_many(path, nodes.len(), MAX_HINTS));
    }
    let mut seen = BTreeSet::new();
    for (index, node) in nodes.iter().enumerate() {
        let path = path.index(index).child("name");
        if !seen.insert(&node.name) {
            errors.push(FieldError::duplicate(&path, &node.name));
        }
        errors.extend(name(&node.name, name_is_dns_subdomain, &path));
    }
    errors
}

fn validate_zone(zone: &str, path: &FieldPath) -> Vec<FieldError> {
    invalid(path, zone, crate::names::is_valid_label_value(zone)).collect()
}

fn validate_address(address: &str, sort: &str, path: &FieldPath) -> Vec<FieldError> {
    let wanted_v6 = match sort {
        "IPv4" => false,
        "IPv6" => true,
        "FQDN" => return dns_subdomain(address, path),
        _ => return Vec::new(),
    };
    let mut errors = is_valid_ip_for_legacy_field(path, address, true, &[]);
    if !errors.is_empty() {
        return errors;
    }
    if address.contains(':') != wanted_v6 {
        errors.push(FieldError::invalid(path, address, format!("must be an {sort} address")));
    }
    errors.extend(validate_non_special_ip(address, path));
    errors
}

/// Source: `validatePorts`.
fn validate_ports(ports: &[EndpointPort]) -> Vec<FieldError> {
    let list = FieldPath::new("ports");
    if ports.len() > MAX_PORTS {
        return vec![FieldError::too_many(&list, ports.len(), MAX_PORTS)];
    }
    let mut errors = Vec::new();
    let mut names = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = list.index(index);
        let name = port.name.text();
        if !name.is_empty() {
            errors.extend(dns_label(name, &path.child("name")));
        }
        if !names.insert(name) {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
        if let Some(number) = port.port {
            errors.extend(invalid(&path.child("port"), number, is_valid_port_num(number.into())));
        }
        errors.extend(supported(port.protocol.text(), PROTOCOLS, &path.child("protocol")));
        if let Some(protocol) = port.app_protocol.as_deref() {
            errors.extend(qualified_name(protocol, &path.child("appProtocol")));
        }
    }
    errors
}

const TYPES: &[&str] = &["FQDN", "IPv4", "IPv6"];
const MAX_ENDPOINTS: usize = 1000;
const MAX_ADDRESSES: usize = 100;
const MAX_PORTS: usize = 20000;
const MAX_HINTS: usize = 8;
