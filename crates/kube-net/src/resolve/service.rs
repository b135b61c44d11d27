//! One Service, joined with its slices.

use super::endpoint::Endpoint;
use crate::balance::{Balancer, Before, Picker};
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::resource::{ObjectKey, ResourceExt};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

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
pub(super) enum Form {
    /// By addresses of its own.
    ClusterIp(Vec<IpAddr>),
    /// By its endpoints.
    Headless,
    /// Elsewhere.
    External(Arc<str>),
}

/// One Service, joined with its slices.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) key: ObjectKey,
    pub(super) form: Form,
    pub(super) ports: Arc<[ServicePort]>,
    /// One per family, the Service's own order.
    families: Vec<Family>,
}

#[derive(Debug)]
struct Family {
    /// `None` for a Service that does not say.
    address_type: Option<&'static str>,
    /// One per port; a single one for a headless Service without ports.
    sets: Vec<EndpointSet>,
}

/// The endpoints of one port in one family.
#[derive(Debug)]
pub(super) struct EndpointSet {
    /// All, by address.
    all: Vec<Arc<Endpoint>>,
    /// Those that may be used, by address.
    pub(super) usable: Vec<Arc<Endpoint>>,
    pub(super) picker: Arc<dyn Picker>,
}

impl Joined {
    pub(super) fn new(
        service: &Service,
        slices: &BTreeMap<Arc<str>, Arc<EndpointSlice>>,
        before: Option<&Self>,
        balancer: &dyn Balancer,
    ) -> Self {
        let ports = ports(service);
        let names: Vec<&str> = match (&*ports, form(service)) {
            ([], Form::Headless) => vec![""],
            (ports, _) => ports.iter().map(|port| &*port.name).collect(),
        };
        let family = |address_type: Option<&'static str>| {
            let old = before.and_then(|b| b.families.iter().find(|old| old.address_type == address_type));
            let set = |(at, name): (usize, &&str)| {
                let portless = ports.is_empty();
                let all = endpoints(slices, name, address_type, portless);
                let old = before.zip(old).and_then(|(b, old)| old.sets.get(b.position(name).unwrap_or(at)));
                EndpointSet::new(all, old, balancer)
            };
            Family { address_type, sets: names.iter().enumerate().map(set).collect() }
        };
        let families = families(service).into_iter().map(family).collect();
        Self { key: service.key(), form: form(service), families, ports: ports.clone().into() }
    }

    /// The place of the port of that name.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.ports.iter().position(|port| *port.name == *name)
    }

    /// The endpoints of a port: in the family of `address`, or in the first.
    pub(super) fn set(&self, port: usize, address: Option<IpAddr>) -> Option<&EndpointSet> {
        let wanted = address.map(family_of);
        let of_address = self.families.iter().find(|family| family.address_type == wanted);
        of_address.or_else(|| self.families.first())?.sets.get(port)
    }
}

impl EndpointSet {
    fn new(mut all: Vec<Endpoint>, before: Option<&Self>, balancer: &dyn Balancer) -> Self {
        all.sort_by_key(|endpoint| (endpoint.place(), !endpoint.ready));
        // While an endpoint moves from one slice to another it stands in both.
        all.dedup_by_key(|endpoint| endpoint.place());
        if let Some(before) = before {
            for endpoint in &mut all {
                if let Ok(at) = before.all.binary_search_by_key(&endpoint.place(), |old| old.place()) {
                    endpoint.take_over(&before.all[at]);
                }
            }
        }
        let all: Vec<Arc<Endpoint>> = all.into_iter().map(Arc::new).collect();
        let some = |test: fn(&Endpoint) -> bool| -> Vec<Arc<Endpoint>> {
            all.iter().filter(|endpoint| test(endpoint)).cloned().collect()
        };
        let mut usable = some(|endpoint| endpoint.ready);
        if usable.is_empty() {
            usable = some(|endpoint| endpoint.serving && endpoint.terminating);
        }
        let before = before.map(|before| Before { endpoints: &before.usable, picker: &*before.picker });
        let picker = balancer.build(&usable, before);
        Self { all, usable, picker }
    }
}

/// The endpoints that the slices of one family have for the port `name`.
fn endpoints(
    slices: &BTreeMap<Arc<str>, Arc<EndpointSlice>>,
    name: &str,
    address_type: Option<&str>,
    portless: bool,
) -> Vec<Endpoint> {
    let mut all = Vec::new();
    for slice in slices.values().filter(|slice| address_type.is_none_or(|t| slice.address_type == t)) {
        let named =
            slice.ports.iter().flatten().find(|port| port.name.as_deref().unwrap_or_default() == name);
        let number = named.and_then(|port| port.port).and_then(|port| u16::try_from(port).ok());
        if let Some(number) = number.or_else(|| portless.then_some(0)) {
            let endpoints = slice.endpoints.iter().flatten();
            all.extend(endpoints.filter_map(|endpoint| Endpoint::of_slice(endpoint, number)));
        }
    }
    all
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

/// The families of a Service in its order; one that says nothing takes endpoints of any.
fn families(service: &Service) -> Vec<Option<&'static str>> {
    let told = service.spec.iter().flat_map(|spec| spec.ip_families.iter().flatten());
    let known: Vec<_> = told.map(|family| Some(if family == "IPv6" { "IPv6" } else { "IPv4" })).collect();
    if known.is_empty() { vec![None] } else { known }
}

fn family_of(ip: IpAddr) -> &'static str {
    if ip.is_ipv6() { "IPv6" } else { "IPv4" }
}
