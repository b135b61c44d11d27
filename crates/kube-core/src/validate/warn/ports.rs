//! Ports of containers that stand in each other's way.
//!
//! Source: `k8s.io/kubernetes/pkg/api/pod` (`warningsForPodSpecAndMeta`).

use super::pod::containers;
use super::said;
use crate::error::FieldPath;
use crate::kinds::core::v1::{ContainerPort, PodSpec};
use crate::validate::fields::{Items, Text};
use std::collections::BTreeMap;

pub(super) fn of_ports(spec: &PodSpec, path: &FieldPath) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut known: BTreeMap<(i32, &str), Vec<(FieldPath, &ContainerPort)>> = BTreeMap::new();
    for (path, container) in containers(spec, path) {
        for (index, port) in container.ports.items().iter().enumerate() {
            let at = path.child("ports").index(index);
            if !port.host_ip.text().is_empty() && host_port(port) == 0 {
                warnings.push(said(&at, &format!("hostIP set without hostPort: {}", shown(port))));
            }
            let others = known.entry((port.container_port, port.protocol.text())).or_default();
            for (other, there) in others.iter() {
                if let Some(what) = relation(port, there) {
                    warnings.push(said(&at, &format!("{what} port definition with {other}")));
                }
            }
            others.push((at, port));
        }
    }
    warnings
}

fn host_port(port: &ContainerPort) -> i32 {
    port.host_port.unwrap_or_default()
}

fn relation(port: &ContainerPort, other: &ContainerPort) -> Option<&'static str> {
    let same_port = host_port(port) == host_port(other);
    if port.host_ip.text() == other.host_ip.text() && same_port {
        return Some("duplicate");
    }
    if host_port(port) == 0 || host_port(other) == 0 {
        return Some("overlapping");
    }
    let one_is_open = port.host_ip.text().is_empty() != other.host_ip.text().is_empty();
    (same_port && one_is_open).then_some("dangerously ambiguous")
}

/// A port as Go prints one.
fn shown(port: &ContainerPort) -> String {
    format!(
        "{{Name:{} HostPort:{} ContainerPort:{} Protocol:{} HostIP:{}}}",
        port.name.text(),
        host_port(port),
        port.container_port,
        port.protocol.text(),
        port.host_ip.text()
    )
}
