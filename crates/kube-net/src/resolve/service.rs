//! One Service, joined with its slices.

use super::directory::Spelling;
use super::endpoint::Endpoint;
use super::pool::Pool;
use super::set::{EndpointSet, Rules};
use super::source::Numbered;
use crate::balance::Balancing;
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::resource::{ObjectKey, ResourceExt};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServicePort {
    /// Its name; empty where it is the only one.
    pub name: Arc<str>,
    /// Its number at the cluster IP.
    pub port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Arc<str>,
    /// Its number at every node, if it has one.
    pub node_port: Option<u16>,
    /// The protocol above, where it is told.
    pub app_protocol: Option<Arc<str>>,
}

/// How a Service is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// By addresses of its own.
    ClusterIp(Vec<IpAddr>),
    /// By its endpoints.
    Headless,
    /// Elsewhere.
    External(Arc<str>),
}

/// One Service, joined with its slices. What every pick looks at stands first, side by side.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Joined {
    /// What a caller may use who names no port and does not say where it is; `None` where that takes a closer look.
    pub(super) front: Option<Arc<Pool>>,
    pub(super) spelling: Spelling,
    pub(crate) key: ObjectKey,
    pub(crate) form: Form,
    pub(crate) ports: Arc<[ServicePort]>,
    /// Its slices, by name.
    pub(super) slices: Vec<Arc<EndpointSlice>>,
    /// The port at every node that tells whether the node has endpoints; `None` where all serve.
    pub(super) health_check_port: Option<u16>,
    /// Whether clients inside use endpoints on their own node only.
    pub(super) internal_local: bool,
    /// Whether clients from outside use endpoints on the node they came in at only.
    pub(super) external_local: bool,
    /// One per family, the Service's own order.
    pub(super) families: Vec<Family>,
}

#[derive(Debug)]
pub(super) struct Family {
    /// `None` for a Service that does not say.
    pub(super) address_type: Option<&'static str>,
    /// One per port; a single one for a headless Service without ports.
    pub(super) sets: Vec<EndpointSet>,
}

impl Joined {
    pub(super) fn new(
        service: &Service,
        slices: &BTreeMap<Arc<str>, Arc<EndpointSlice>>,
        before: Option<&Self>,
        balancing: &Arc<Balancing>,
    ) -> Self {
        let (internal_local, external_local) = (is_local(service, false), is_local(service, true));
        let rules =
            Rules { balancing, affinity: affinity(service), by_own_node: internal_local || external_local };
        let ports = ports(service);
        let names: Vec<&str> = match (&*ports, form(service)) {
            ([], Form::Headless) => vec![""],
            (ports, _) => ports.iter().map(|port| &*port.name).collect(),
        };
        let family = |address_type: Option<&'static str>| {
            let old = before.and_then(|b| b.families.iter().find(|old| old.address_type == address_type));
            let set = |(at, name): (usize, &&str)| {
                let portless = ports.is_empty();
                let slices = numbered(slices, name, address_type, portless);
                let old = before.zip(old).and_then(|(b, old)| old.sets.get(b.position(name).unwrap_or(at)));
                EndpointSet::new(&slices, old, &rules)
            };
            Family { address_type, sets: names.iter().enumerate().map(set).collect() }
        };
        let families: Vec<Family> = families(service).into_iter().map(family).collect();
        let (key, form) = (service.key(), form(service));
        let front = families.first().and_then(|family| family.sets.first()).map(|set| set.whole.clone());
        Self {
            front: front.filter(|_| !matches!(form, Form::External(_))),
            spelling: Spelling::of(&key),
            key,
            form,
            ports: ports.clone().into(),
            slices: slices.values().cloned().collect(),
            health_check_port: health_check_port(service),
            internal_local,
            external_local,
            families,
        }
    }

    /// The place of the port of that name.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.ports.iter().position(|port| *port.name == *name)
    }

    /// The endpoints of a port: in the family of `address`, or in the first.
    pub(super) fn set(&self, port: usize, address: Option<IpAddr>) -> Option<&EndpointSet> {
        self.family(port, address)?.sets.get(port)
    }

    /// The endpoints of every port in every family; a headless Service may have some without a port.
    pub(super) fn sets(&self) -> impl Iterator<Item = (Option<&ServicePort>, &EndpointSet)> {
        let sets = self.families.iter().flat_map(|family| family.sets.iter().enumerate());
        sets.map(|(at, set)| (self.ports.get(at), set))
    }

    /// Every endpoint that is ready, of every port and family.
    pub(crate) fn ready(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        let sets = self.families.iter().flat_map(|family| &family.sets);
        sets.flat_map(|set| &set.all).filter(|endpoint| endpoint.ready)
    }

    /// The endpoints of a port that are ready, of every family.
    pub(crate) fn ready_of_port(&self, name: &str) -> impl Iterator<Item = &Arc<Endpoint>> {
        let position = self.position(name);
        let sets = self.families.iter().filter_map(move |family| family.sets.get(position?));
        sets.flat_map(|set| &set.all).filter(|endpoint| endpoint.ready)
    }

    /// The family of `address`, or the first, if it has the port.
    pub(super) fn family(&self, port: usize, address: Option<IpAddr>) -> Option<&Family> {
        let wanted = address.map(family_of);
        let of_address = self.families.iter().find(|family| family.address_type == wanted);
        of_address.or_else(|| self.families.first()).filter(|family| family.sets.len() > port)
    }
}

/// The slices of one family that have the port `name`, each with its number.
fn numbered<'a>(
    slices: &'a BTreeMap<Arc<str>, Arc<EndpointSlice>>,
    name: &str,
    address_type: Option<&str>,
    portless: bool,
) -> Vec<Numbered<'a>> {
    let of_family = slices.values().filter(|slice| address_type.is_none_or(|t| slice.address_type == t));
    let with_number = |slice: &'a Arc<EndpointSlice>| {
        let mut ports = slice.ports.iter().flatten();
        let named = ports.find(|port| port.name.as_deref().unwrap_or_default() == name);
        let number = named.and_then(|port| port.port).and_then(|port| u16::try_from(port).ok());
        Some((slice, number.or_else(|| portless.then_some(0))?))
    };
    of_family.filter_map(with_number).collect()
}

fn ports(service: &Service) -> Vec<ServicePort> {
    let number = |port: i32| u16::try_from(port).ok().filter(|port| *port != 0);
    let ports = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
    let port = |port: &kube_core::kinds::core::v1::ServicePort| {
        Some(ServicePort {
            name: port.name.as_deref().unwrap_or_default().into(),
            port: number(port.port)?,
            protocol: port.protocol.as_deref().unwrap_or("TCP").into(),
            node_port: port.node_port.and_then(number),
            app_protocol: port.app_protocol.as_deref().map(Arc::from),
        })
    };
    ports.filter_map(port).collect()
}

fn form(service: &Service) -> Form {
    let Some(spec) = &service.spec else { return Form::Headless };
    if spec.type_.as_deref() == Some("ExternalName") {
        return Form::External(spec.external_name.as_deref().unwrap_or_default().into());
    }
    let given = spec.cluster_ips.iter().flatten().chain(&spec.cluster_ip);
    let mut ips: Vec<IpAddr> = given.filter_map(|ip| ip.parse().ok()).collect();
    let mut seen = Vec::new();
    ips.retain(|ip| {
        !seen.contains(ip) && {
            seen.push(*ip);
            true
        }
    });
    if ips.is_empty() { Form::Headless } else { Form::ClusterIp(ips) }
}

/// How long a client stays at its endpoint; `None` where it need not. Three hours unless told.
fn affinity(service: &Service) -> Option<Duration> {
    let spec = service.spec.as_ref()?;
    if spec.session_affinity.as_deref() != Some("ClientIP") {
        return None;
    }
    let config = spec.session_affinity_config.as_ref().and_then(|config| config.client_ip.as_ref());
    let seconds = config.and_then(|config| config.timeout_seconds).unwrap_or(10_800);
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

fn health_check_port(service: &Service) -> Option<u16> {
    let port = service.spec.as_ref()?.health_check_node_port?;
    u16::try_from(port).ok().filter(|port| *port != 0 && is_local(service, true))
}

fn is_local(service: &Service, external: bool) -> bool {
    let Some(spec) = &service.spec else { return false };
    let policy = if external { &spec.external_traffic_policy } else { &spec.internal_traffic_policy };
    policy.as_deref() == Some("Local")
}

/// The families of a Service in its order; one that says nothing takes endpoints of any.
fn families(service: &Service) -> Vec<Option<&'static str>> {
    let told = service.spec.iter().flat_map(|spec| spec.ip_families.iter().flatten());
    let known: Vec<_> = told.map(|family| Some(if family == "IPv6" { "IPv6" } else { "IPv4" })).collect();
    if known.is_empty() { vec![None] } else { known }
}

pub(super) fn family_of(ip: IpAddr) -> &'static str {
    if ip.is_ipv6() { "IPv6" } else { "IPv4" }
}
