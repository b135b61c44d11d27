//! From names to addresses and ports.

use super::record::{Data, Record, RecordType};
use super::zone::Inquiry;
use crate::resolve::{Endpoint, Form, Joined};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// Answers and additional records; `None` for a name that does not exist.
pub(super) type Found = Option<(Vec<Record>, Vec<Record>)>;

const VERSION: &str = "1.1.0";
const VERSION_TTL: u32 = 28_800;

/// What stands at `owner`, whose labels below the domain are these, outermost first.
pub(super) fn look_up(cx: &Inquiry<'_>, owner: &Arc<str>, labels: &[&str], kind: RecordType) -> Found {
    let zone = cx.zone;
    match labels {
        [] => Some(apex(cx, owner, kind)),
        ["dns-version"] => {
            let data = Data::Txt(VERSION.into());
            let record = Record { ttl: VERSION_TTL, ..zone.record(owner, data) };
            Some((if wants(kind, RecordType::Txt) { vec![record] } else { Vec::new() }, Vec::new()))
        }
        ["dns"] | ["dns", "ns"] if !zone.server_addresses().is_empty() => {
            let servers = if labels.len() == 2 { zone.server_addresses() } else { &[] };
            Some((addresses(cx, owner, servers.iter().copied(), kind), Vec::new()))
        }
        ["svc"] => Some((Vec::new(), Vec::new())),
        ["svc", namespace] => cx.snapshot.has_namespace(namespace).then(Default::default),
        ["svc", namespace, service, rest @ ..] => {
            let service = cx.snapshot.find(namespace, service)?;
            match &service.form {
                Form::External(target) => rest.is_empty().then(|| alias(cx, owner, target)),
                Form::ClusterIp(ips) => of_cluster_ip(cx, owner, (service, ips), rest, kind),
                Form::Headless => of_headless(cx, owner, service, rest, kind),
            }
        }
        _ => None,
    }
}

fn apex(cx: &Inquiry<'_>, owner: &Arc<str>, kind: RecordType) -> (Vec<Record>, Vec<Record>) {
    let zone = cx.zone;
    match kind {
        RecordType::Soa => (vec![cx.beginning(zone.domain())], Vec::new()),
        RecordType::Ns | RecordType::Any if !zone.server_addresses().is_empty() => {
            let server = zone.server_name();
            let glue = addresses(cx, &server, zone.server_addresses().iter().copied(), RecordType::Any);
            (vec![zone.record(owner, Data::Ns(server))], glue)
        }
        _ => (Vec::new(), Vec::new()),
    }
}

fn alias(cx: &Inquiry<'_>, owner: &Arc<str>, target: &str) -> (Vec<Record>, Vec<Record>) {
    let target = format!("{}.", target.trim_end_matches('.').to_ascii_lowercase());
    (vec![cx.zone.record(owner, Data::Cname(target.into()))], Vec::new())
}

fn of_cluster_ip(
    cx: &Inquiry<'_>,
    owner: &Arc<str>,
    (service, ips): (&Joined, &[IpAddr]),
    rest: &[&str],
    kind: RecordType,
) -> Found {
    let ports = || named_ports(service);
    let targets = |numbers: Vec<u16>| -> (Vec<Record>, Vec<Record>) {
        let target = service_name(cx, service);
        let pairs: Vec<(u16, Arc<str>)> = numbers.into_iter().map(|port| (port, target.clone())).collect();
        (located(cx, owner, &pairs), addresses(cx, &target, ips.iter().copied(), RecordType::Any))
    };
    match rest {
        [] if kind == RecordType::Srv => {
            let numbers: Vec<u16> = ports().map(|port| port.port).collect();
            Some(if numbers.is_empty() { Default::default() } else { targets(numbers) })
        }
        [] => Some((addresses(cx, owner, ips.iter().copied(), kind), Vec::new())),
        [protocol] => ports().any(|port| is_protocol(protocol, &port.protocol)).then(Default::default),
        [protocol, name] => {
            let mut fitting =
                ports().filter(|port| is_port(name, port) && is_protocol(protocol, &port.protocol));
            let port = fitting.next()?;
            Some(if wants(kind, RecordType::Srv) { targets(vec![port.port]) } else { Default::default() })
        }
        _ => None,
    }
}

/// A Service known by its endpoints exists as long as one of them is ready.
fn of_headless(
    cx: &Inquiry<'_>,
    owner: &Arc<str>,
    service: &Joined,
    rest: &[&str],
    kind: RecordType,
) -> Found {
    let mut ready = service.ready().peekable();
    ready.peek()?;
    match rest {
        [] if kind == RecordType::Srv => {
            let ports: Vec<Arc<str>> = named_ports(service).map(|port| port.name.clone()).collect();
            Some(of_ports(cx, owner, service, &ports))
        }
        [] => Some((addresses(cx, owner, ready.map(|endpoint| endpoint.address), kind), Vec::new())),
        [label] if label.starts_with('_') => {
            named_ports(service).any(|port| is_protocol(label, &port.protocol)).then(Default::default)
        }
        [host] => {
            let named = ready.filter(|endpoint| is_host(endpoint, host)).map(|endpoint| endpoint.address);
            let mut named = named.peekable();
            named.peek()?;
            Some((addresses(cx, owner, named, kind), Vec::new()))
        }
        [protocol, name] => {
            let mut fitting = named_ports(service)
                .filter(|port| is_port(name, port) && is_protocol(protocol, &port.protocol));
            let port = fitting.next()?.name.clone();
            Some(if wants(kind, RecordType::Srv) {
                of_ports(cx, owner, service, &[port])
            } else {
                Default::default()
            })
        }
        _ => None,
    }
}

/// One record per port and host name of a ready endpoint, and the hosts' addresses.
fn of_ports(
    cx: &Inquiry<'_>,
    owner: &Arc<str>,
    service: &Joined,
    ports: &[Arc<str>],
) -> (Vec<Record>, Vec<Record>) {
    let home = service_name(cx, service);
    let (mut pairs, mut hosts) = (BTreeSet::new(), BTreeSet::new());
    for port in ports {
        for endpoint in service.ready_of_port(port) {
            let host: Arc<str> = format!("{}.{home}", host_name(endpoint)).into();
            pairs.insert((endpoint.port, host.clone()));
            hosts.insert((host, endpoint.address));
        }
    }
    let pairs: Vec<_> = pairs.into_iter().collect();
    let known = hosts.iter().map(|(host, address)| cx.zone.record(host, Data::of_address(*address)));
    (located(cx, owner, &pairs), known.collect())
}

fn located(cx: &Inquiry<'_>, owner: &Arc<str>, pairs: &[(u16, Arc<str>)]) -> Vec<Record> {
    let weight = u16::try_from(100 / pairs.len().max(1)).unwrap_or(1).max(1);
    let data = |(port, target): &(u16, Arc<str>)| Data::Srv {
        priority: 0,
        weight,
        port: *port,
        target: target.clone(),
    };
    pairs.iter().map(|pair| cx.zone.record(owner, data(pair))).collect()
}

/// Records of those of `ips` that `kind` asks for, each once, sorted.
fn addresses(
    cx: &Inquiry<'_>,
    owner: &Arc<str>,
    ips: impl Iterator<Item = IpAddr>,
    kind: RecordType,
) -> Vec<Record> {
    let family = |ip: &IpAddr| if ip.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
    let wanted = ips.filter(|ip| wants(kind, family(ip)));
    let mut records: Vec<Record> = wanted.map(|ip| cx.zone.record(owner, Data::of_address(ip))).collect();
    records.sort_unstable_by(|a, b| a.data.cmp(&b.data));
    records.dedup_by(|a, b| a.data == b.data);
    records
}

fn named_ports(service: &Joined) -> impl Iterator<Item = &crate::resolve::ServicePort> {
    service.ports.iter().filter(|port| !port.name.is_empty())
}

fn wants(kind: RecordType, has: RecordType) -> bool {
    kind == has || kind == RecordType::Any
}

fn is_protocol(label: &str, protocol: &str) -> bool {
    label.strip_prefix('_').is_some_and(|label| label.eq_ignore_ascii_case(protocol))
}

fn is_port(label: &str, port: &crate::resolve::ServicePort) -> bool {
    label.strip_prefix('_').is_some_and(|label| label.eq_ignore_ascii_case(&port.name))
}

fn is_host(endpoint: &Endpoint, host: &str) -> bool {
    match &endpoint.hostname {
        Some(name) => name.eq_ignore_ascii_case(host),
        None => dashed(endpoint.address) == host,
    }
}

/// The label of an endpoint below its Service.
pub(super) fn host_name(endpoint: &Endpoint) -> String {
    endpoint.hostname.as_ref().map_or_else(|| dashed(endpoint.address), |name| name.to_ascii_lowercase())
}

fn dashed(address: IpAddr) -> String {
    address.to_string().replace(['.', ':'], "-")
}

/// The full name of a Service.
pub(super) fn service_name(cx: &Inquiry<'_>, service: &Joined) -> Arc<str> {
    format!("{}.{}.svc.{}", service.key.name, service.key.namespace, cx.zone.domain()).into()
}
