//! Ports of containers, and ports given by number or name.

use std::collections::BTreeSet;

use crate::error::{FieldError, FieldPath};
use crate::kinds::IntOrString;
use crate::kinds::core::v1::{Container, ContainerPort};
use crate::names::{is_valid_port_name, is_valid_port_num};
use crate::validate::fields::{Items, Text, invalid, one_of};

/// What is wrong with the ports of one container.
///
/// Source: `validateContainerPorts`.
pub(super) fn validate_ports(ports: &[ContainerPort], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut names = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = path.index(index);
        let name = port.name.text();
        if !name.is_empty() {
            let complaints = is_valid_port_name(name);
            if complaints.is_empty() && !names.insert(name) {
                errors.push(FieldError::duplicate(&path.child("name"), name));
            }
            errors.extend(invalid(&path.child("name"), name, complaints));
        }
        if port.container_port == 0 {
            errors.push(FieldError::required(&path.child("containerPort"), ""));
        } else {
            errors.extend(validate_port(port.container_port, &path, "containerPort"));
        }
        let host_port = port.host_port.unwrap_or_default();
        if host_port != 0 {
            errors.extend(validate_port(host_port, &path, "hostPort"));
        }
        errors.extend(one_of(port.protocol.text(), PROTOCOLS, &path.child("protocol")));
    }
    errors
}

/// What is wrong with the ports that `containers` take of their host: each may be taken once.
///
/// Source: `checkHostPortConflicts`.
pub(super) fn validate_host_ports(containers: &[Container], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut taken = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        for (position, port) in container.ports.items().iter().enumerate() {
            let Some(number) = port.host_port.filter(|&number| number != 0) else { continue };
            let shown = format!("{}/{}/{number}", port.protocol.text(), port.host_ip.text());
            if !taken.insert(shown.clone()) {
                let path = path.index(index).child("ports").index(position).child("hostPort");
                errors.push(FieldError::duplicate(&path, shown));
            }
        }
    }
    errors
}

/// What is wrong with a port that a number or a name stands for.
///
/// Source: `ValidatePortNumOrName`.
pub(crate) fn validate_port_num_or_name(port: &IntOrString, path: &FieldPath) -> Vec<FieldError> {
    match port {
        IntOrString::Int(number) => invalid(path, *number, is_valid_port_num((*number).into())).collect(),
        IntOrString::String(name) => invalid(path, name, is_valid_port_name(name)).collect(),
    }
}

fn validate_port(number: i32, path: &FieldPath, field: &str) -> Vec<FieldError> {
    let complaints = is_valid_port_num(number.into());
    if complaints.is_empty() {
        return Vec::new();
    }
    invalid(&path.child(field), number, complaints).collect()
}

/// The protocols of a port.
pub(crate) const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
