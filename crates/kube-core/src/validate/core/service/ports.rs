//! The ports of a service.

use std::collections::BTreeSet;

use super::service_type;
use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::IntOrString;
use crate::kinds::core::v1::{ServicePort, ServiceSpec};
use crate::names::is_valid_port_num;
use crate::validate::core::container::{PROTOCOLS, validate_port_num_or_name};
use crate::validate::fields::{Items, Text, dns_label, invalid, one_of, qualified_name};

/// What is wrong with each port.
///
/// Source: `validateServicePort`.
pub(super) fn validate_each(spec: &ServiceSpec, path: &FieldPath) -> Vec<FieldError> {
    let ports = spec.ports.items();
    let mut errors = Vec::new();
    let mut names = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = path.child("ports").index(index);
        let name = port.name.text();
        if !name.is_empty() {
            errors.extend(dns_label(name, &path.child("name")));
            if !names.insert(name) {
                errors.push(FieldError::duplicate(&path.child("name"), name));
            }
        } else if ports.len() > 1 {
            errors.push(FieldError::required(&path.child("name"), ""));
        }
        errors.extend(validate_port(port, &path));
    }
    errors
}

fn validate_port(port: &ServicePort, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> =
        invalid(&path.child("port"), port.port, is_valid_port_num(port.port.into())).collect();
    errors.extend(one_of(port.protocol.text(), PROTOCOLS, &path.child("protocol")));
    let target = port.target_port.clone().unwrap_or(IntOrString::Int(port.port));
    errors.extend(validate_port_num_or_name(&target, &path.child("targetPort")));
    if let Some(protocol) = port.app_protocol.as_deref() {
        errors.extend(qualified_name(protocol, &path.child("appProtocol")));
    }
    errors
}

/// What is wrong with the ports among each other.
pub(super) fn validate_together(spec: &ServiceSpec, path: &FieldPath) -> Vec<FieldError> {
    let ports = spec.ports.items();
    let list = path.child("ports");
    let mut errors = Vec::new();
    let node_port = |port: &ServicePort| port.node_port.filter(|&number| number != 0);
    if service_type(spec) == "ClusterIP" {
        for (index, _) in ports.iter().enumerate().filter(|(_, port)| node_port(port).is_some()) {
            let detail = "may not be used when `type` is 'ClusterIP'";
            errors.push(FieldError::forbidden(&list.index(index).child("nodePort"), detail));
        }
    }
    let mut taken = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let Some(number) = node_port(port) else { continue };
        if !taken.insert((port.protocol.text(), number)) {
            // In Kubernetes the allocator is asked before the rules are, and says this.
            let detail = "provided port is already allocated";
            errors.push(FieldError::invalid(&list.index(index).child("nodePort"), number, detail));
        }
    }
    let mut taken = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        if !taken.insert((port.protocol.text(), port.port)) {
            errors.push(FieldError::duplicate(&list.index(index), ShownAsJson(port)));
        }
    }
    errors
}
