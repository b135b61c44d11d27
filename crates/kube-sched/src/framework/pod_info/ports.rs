//! Host ports.

use kube_core::pod_resources::ContainerResourceView;
use kube_core::view::{ContainerPort, PodView};
use std::fmt;
use std::sync::Arc;

/// A transport protocol.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
    /// Another one, which validation would have refused.
    Unknown(Arc<str>),
}

/// A port that a pod takes on its node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    /// The port.
    pub port: i32,
    /// The protocol.
    pub protocol: Protocol,
    /// The address; `None` for all of the node's (`0.0.0.0` or empty).
    pub ip: Option<Arc<str>>,
}

impl HostPort {
    /// The host ports of a pod's containers and sidecars.
    ///
    /// Source: `k8s.io/kubernetes/pkg/scheduler/util` (`GetHostPorts`).
    pub(crate) fn of(pod: &PodView) -> Box<[Self]> {
        let sidecars = pod.spec.init_containers.iter().filter(|container| container.is_sidecar());
        let containers = pod.spec.containers.iter().chain(sidecars);
        containers.flat_map(|container| &container.ports).filter_map(Self::read).collect()
    }

    fn read(port: &ContainerPort) -> Option<Self> {
        if port.host_port <= 0 {
            return None;
        }
        let ip = port.host_ip.as_ref().filter(|ip| !ip.is_empty() && &***ip != EVERY_ADDRESS).cloned();
        let protocol = match port.protocol.as_deref() {
            None | Some("" | "TCP") => Protocol::Tcp,
            Some("UDP") => Protocol::Udp,
            Some("SCTP") => Protocol::Sctp,
            Some(other) => Protocol::Unknown(other.into()),
        };
        Some(Self { port: port.host_port, protocol, ip })
    }

    /// Whether the two cannot be on one node.
    ///
    /// Source: `framework.HostPortInfo` (`CheckConflict`).
    pub fn conflicts(&self, other: &Self) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip.is_none() || other.ip.is_none() || self.ip == other.ip)
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(ip) = &self.ip {
            write!(f, "{ip}:")?;
        }
        let protocol = match &self.protocol {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
            Protocol::Sctp => "SCTP",
            Protocol::Unknown(name) => name,
        };
        write!(f, "{}/{protocol}", self.port)
    }
}

const EVERY_ADDRESS: &str = "0.0.0.0";
