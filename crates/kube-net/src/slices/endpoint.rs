//! What is read of pods and endpoints: ports, addresses, identity.

use kube_core::kinds::IntOrString;
use kube_core::kinds::core::v1::{ObjectReference, Service, ServicePort};
use kube_core::kinds::discovery::v1::{Endpoint, EndpointPort};
use kube_core::pod_resources::ContainerResourceView;
use kube_core::view::PodView;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Label of a node with its zone.
pub(super) const ZONE_LABEL: &str = "topology.kubernetes.io/zone";

/// Whether a pod has endpoints at all: it has an address and has not ended. Terminating pods do.
///
/// Source: `k8s.io/endpointslice/util` (`ShouldPodBeInEndpoints`).
pub(super) fn has_endpoint(pod: &PodView) -> bool {
    let has_address =
        pod.status.pod_ip.as_ref().is_some_and(|ip| !ip.is_empty()) || !pod.status.pod_ips.is_empty();
    !pod.is_terminal() && has_address
}

/// Whether the Service wants its pods published whatever their state.
pub(super) fn publishes_not_ready(service: &Service) -> bool {
    service.spec.as_ref().and_then(|spec| spec.publish_not_ready_addresses).unwrap_or_default()
}

/// The ports of pods as a Service names them.
#[derive(Debug)]
pub(super) struct Ports<'a> {
    wanted: &'a [ServicePort],
    /// Whether a port is looked for by its name, so that pods can differ.
    by_name: bool,
}

impl<'a> Ports<'a> {
    pub(super) fn of(service: &'a Service) -> Self {
        let wanted = service.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or_default();
        let by_name = |port: &ServicePort| matches!(port.target_port, Some(IntOrString::String(_)));
        Self { wanted, by_name: wanted.iter().any(by_name) }
    }

    /// Whether every pod has the same.
    pub(super) fn are_the_same(&self) -> bool {
        !self.by_name
    }

    /// The numbers in `pod`, as the Service lists its ports; of a name that the pod has not there is none.
    pub(super) fn numbers(&self, pod: &'a PodView) -> impl Iterator<Item = Option<i32>> {
        self.wanted.iter().map(|port| target_port(port, pod))
    }

    /// The ports in a normal order. A named port that the pod has not is left out.
    pub(super) fn in_pod(&self, pod: &PodView) -> Vec<EndpointPort> {
        let found = self.wanted.iter().filter_map(|port| {
            Some(EndpointPort {
                name: Some(port.name.clone().unwrap_or_default()),
                port: Some(target_port(port, pod)?),
                protocol: Some(protocol(port).to_owned()),
                app_protocol: port.app_protocol.clone(),
            })
        });
        let mut ports: Vec<EndpointPort> = found.collect();
        ports.sort_by(|a, b| PortKey::of(a).cmp(&PortKey::of(b)));
        ports
    }
}

/// A port of a Service that none of its pods has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct UnresolvedPort {
    /// The number by which the Service offers it.
    pub port: i32,
    /// Its name; empty for the only port of a Service.
    pub name: String,
    /// The name that it looks for in pods.
    pub target: String,
    /// Its protocol.
    pub protocol: String,
    /// How many pods were looked at.
    pub pods: usize,
}

impl fmt::Display for UnresolvedPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "port {}", self.port)?;
        if !self.name.is_empty() {
            write!(f, " ({})", self.name)?;
        }
        let (target, protocol, pods) = (&self.target, &self.protocol, self.pods);
        write!(
            f,
            " cannot be resolved: none of the {pods} selected pods has a {protocol} port named {target:?}"
        )
    }
}

/// The ports of `service` that lead nowhere, in its order: they look for a name that no pod in `pods` with an address
/// has. Without such pods nothing can be told.
pub fn unresolved_ports(service: &Service, pods: &[Arc<PodView>]) -> Vec<UnresolvedPort> {
    let pods: Vec<&Arc<PodView>> = pods.iter().filter(|pod| has_endpoint(pod)).collect();
    let ports = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
    let lost =
        ports.filter(|port| !pods.is_empty() && pods.iter().all(|pod| target_port(port, pod).is_none()));
    lost.map(|port| UnresolvedPort {
        port: port.port,
        name: port.name.clone().unwrap_or_default(),
        target: match &port.target_port {
            Some(IntOrString::String(name)) => name.clone(),
            _ => String::new(),
        },
        protocol: protocol(port).to_owned(),
        pods: pods.len(),
    })
    .collect()
}

fn protocol(port: &ServicePort) -> &str {
    port.protocol.as_deref().filter(|protocol| !protocol.is_empty()).unwrap_or("TCP")
}

/// The number that a Service port means in `pod`: containers first, then sidecars.
///
/// Source: `k8s.io/endpointslice` (`FindPort`).
fn target_port(port: &ServicePort, pod: &PodView) -> Option<i32> {
    let name = match &port.target_port {
        Some(IntOrString::String(name)) => name,
        Some(IntOrString::Int(number)) if *number != 0 => return Some(*number),
        // The API server defaults an absent target to the port itself.
        _ => return Some(port.port),
    };
    let sidecars = pod.spec.init_containers.iter().filter(|container| container.is_sidecar());
    let ports = pod.spec.containers.iter().chain(sidecars).flat_map(|container| &container.ports);
    let mut found = ports.filter(|candidate| {
        candidate.name.as_deref() == Some(name)
            && candidate.protocol.as_deref().unwrap_or("TCP") == protocol(port)
    });
    found.next().map(|port| port.container_port)
}

/// Reads an address, with needless zeros too; IPv4 written as IPv6 is IPv4.
///
/// Source: `k8s.io/utils/net` (`ParseIPSloppy`).
pub(super) fn parse_address(text: &str) -> Option<IpAddr> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(ip.to_canonical());
    }
    let mut octets = [0; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        *octet = parts.next()?.parse().ok()?;
    }
    parts.next().is_none().then_some(IpAddr::V4(Ipv4Addr::from(octets)))
}

/// An address that can be read, and its canonical text.
pub(super) fn canonical(text: &str) -> Option<(IpAddr, Cow<'_, str>)> {
    // What is read strictly as IPv4 is written canonically.
    if let Ok(ip) = text.parse::<Ipv4Addr>() {
        return Some((IpAddr::V4(ip), Cow::Borrowed(text)));
    }
    let ip = parse_address(text)?;
    Some((ip, Cow::Owned(ip.to_string())))
}

/// What makes two lists of ports the same: absent names and protocols read as their defaults.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PortKey<'a> {
    name: &'a str,
    protocol: &'a str,
    port: Option<i32>,
    app_protocol: Option<&'a str>,
}

impl<'a> PortKey<'a> {
    fn of(port: &'a EndpointPort) -> Self {
        Self {
            name: port.name.as_deref().unwrap_or_default(),
            protocol: port.protocol.as_deref().unwrap_or("TCP"),
            port: port.port,
            app_protocol: port.app_protocol.as_deref(),
        }
    }
}

/// The ports in a normal order: slices with equal keys hold the same endpoints.
pub(super) fn port_keys(ports: &[EndpointPort]) -> Vec<PortKey<'_>> {
    let mut keys: Vec<PortKey<'_>> = ports.iter().map(PortKey::of).collect();
    keys.sort_unstable();
    keys
}

/// The place of an endpoint among others: by address first, as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    At(IpAddr),
    Nowhere,
}

impl Place {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        let lowest = endpoint.addresses.iter().min().and_then(|text| text.parse().ok());
        lowest.map_or(Self::Nowhere, Self::of_address)
    }

    pub(super) fn of_address(address: IpAddr) -> Self {
        Self::At(address)
    }
}

/// Orders endpoints of the same place by what identifies them: addresses, host name, target.
pub(super) fn compare_identity(a: &Endpoint, b: &Endpoint) -> Ordering {
    identity(a).cmp(&identity(b))
}

fn identity(endpoint: &Endpoint) -> (Vec<&str>, &str, &str, &str) {
    let mut addresses: Vec<&str> = endpoint.addresses.iter().map(String::as_str).collect();
    addresses.sort_unstable();
    let target = endpoint.target_ref.as_ref();
    (
        addresses,
        endpoint.hostname.as_deref().unwrap_or_default(),
        target.and_then(|t| t.namespace.as_deref()).unwrap_or_default(),
        target.and_then(|t| t.name.as_deref()).unwrap_or_default(),
    )
}

/// Whether two endpoints of one identity say the same. Hints are not looked at: they are made afterwards.
///
/// Source: `k8s.io/endpointslice/util` (`EndpointsEqualBeyondHash`).
pub(super) fn says_same(a: &Endpoint, b: &Endpoint) -> bool {
    a.node_name == b.node_name
        && a.zone == b.zone
        && says(a) == says(b)
        && same_target(a.target_ref.as_ref(), b.target_ref.as_ref())
}

/// Whether an endpoint is ready, serves and terminates, as far as it says.
pub(super) fn says(endpoint: &Endpoint) -> (Option<bool>, Option<bool>, Option<bool>) {
    endpoint.conditions.as_ref().map_or((None, None, None), |c| (c.ready, c.serving, c.terminating))
}

/// Whether two references name the same object, at whatever version.
fn same_target(a: Option<&ObjectReference>, b: Option<&ObjectReference>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return a.is_none() && b.is_none() };
    (&a.kind, &a.namespace, &a.name, &a.uid) == (&b.kind, &b.namespace, &b.name, &b.uid)
        && (&a.api_version, &a.field_path) == (&b.api_version, &b.field_path)
}
