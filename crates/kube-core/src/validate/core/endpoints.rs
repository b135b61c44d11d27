//! Endpoints, the older form of endpoint slices.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`ValidateEndpoints`).

use std::net::IpAddr;

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{EndpointAddress, EndpointPort, Endpoints};
use crate::names::{is_valid_ip_for_legacy_field, is_valid_port_num, name_is_dns_subdomain};
use crate::validate::Kind;
use crate::validate::fields::{Items, Text, dns_label, invalid, name, one_of, qualified_name};
use crate::validate::warn;

use super::container::PROTOCOLS;

impl Kind for Endpoints {
    const AS_IT_IS: bool = true;

    /// Source: `SetDefaults_Endpoints`.
    fn set_defaults(&mut self) {
        for port in self.subsets.items_mut().iter_mut().flat_map(|subset| subset.ports.items_mut()) {
            port.protocol.fill("TCP");
        }
    }

    fn warnings(&self, _old: Option<&Self>) -> Vec<String> {
        warn::of_endpoints(self)
    }

    fn validate(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        for (index, subset) in self.subsets.items().iter().enumerate() {
            let path = FieldPath::new("subsets").index(index);
            let (ready, others) = (subset.addresses.items(), subset.not_ready_addresses.items());
            if ready.is_empty() && others.is_empty() {
                errors.push(FieldError::required(&path, "must specify `addresses` or `notReadyAddresses`"));
            }
            for (field, addresses) in [("addresses", ready), ("notReadyAddresses", others)] {
                for (index, address) in addresses.iter().enumerate() {
                    errors.extend(validate_address(address, &path.child(field).index(index)));
                }
            }
            let ports = subset.ports.items();
            for (index, port) in ports.iter().enumerate() {
                errors.extend(validate_port(port, ports.len() > 1, &path.child("ports").index(index)));
            }
        }
        errors
    }
}

fn validate_address(address: &EndpointAddress, path: &FieldPath) -> Vec<FieldError> {
    let here = path.child("ip");
    let mut errors = is_valid_ip_for_legacy_field(&here, &address.ip, true, &[]);
    if !address.hostname.text().is_empty() {
        errors.extend(dns_label(address.hostname.text(), &path.child("hostname")));
    }
    if let Some(node) = address.node_name.as_deref() {
        errors.extend(name(node, name_is_dns_subdomain, &path.child("nodeName")));
    }
    errors.extend(validate_non_special_ip(&address.ip, &here));
    errors
}

fn validate_port(port: &EndpointPort, needs_name: bool, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let text = port.name.text();
    if !text.is_empty() {
        errors.extend(dns_label(text, &path.child("name")));
    } else if needs_name {
        errors.push(FieldError::required(&path.child("name"), ""));
    }
    errors.extend(invalid(&path.child("port"), port.port, is_valid_port_num(port.port.into())));
    errors.extend(one_of(port.protocol.text(), PROTOCOLS, &path.child("protocol")));
    if let Some(protocol) = port.app_protocol.as_deref() {
        errors.extend(qualified_name(protocol, &path.child("appProtocol")));
    }
    errors
}

/// What is wrong with an address that others are to reach: those that mean another host on every host.
///
/// Source: `ValidateNonSpecialIP`.
pub(in super::super) fn validate_non_special_ip(ip: &str, path: &FieldPath) -> Vec<FieldError> {
    let Ok(address) = ip.parse::<IpAddr>() else {
        return vec![FieldError::invalid(path, ip, "must be a valid IP address")];
    };
    let mut errors = Vec::new();
    let mut special = |detail: String| errors.push(FieldError::invalid(path, ip, detail));
    if address.is_unspecified() {
        special(format!("may not be unspecified ({ip})"));
    }
    if address.is_loopback() {
        special("may not be in the loopback range (127.0.0.0/8, ::1/128)".to_owned());
    }
    let (link_local, link_multicast) = match address {
        IpAddr::V4(v4) => (v4.is_link_local(), v4.octets().starts_with(&[224, 0, 0])),
        IpAddr::V6(v6) => (v6.is_unicast_link_local(), v6.segments()[0] & 0xff0f == 0xff02),
    };
    if link_local {
        special("may not be in the link-local range (169.254.0.0/16, fe80::/10)".to_owned());
    }
    if link_multicast {
        special("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)".to_owned());
    }
    errors
}
