//! From addresses to names.

use super::forward::{Found, host_name, service_name};
use super::record::{Data, RecordType};
use super::zone::Inquiry;
use crate::resolve::Form;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// The domains of addresses.
pub(super) const DOMAINS: [&str; 2] = ["in-addr.arpa.", "ip6.arpa."];

/// What stands at `owner`: the Services that have the address, else the ready endpoints of headless Services.
pub(super) fn look_up(
    cx: &Inquiry<'_>,
    owner: &Arc<str>,
    labels: &[&str],
    domain: &str,
    kind: RecordType,
) -> Found {
    if labels.is_empty() {
        let beginning = (kind == RecordType::Soa).then(|| cx.beginning(domain));
        return Some((beginning.into_iter().collect(), Vec::new()));
    }
    let address = if domain == DOMAINS[0] { v4(labels)? } else { v6(labels)? };
    let names = names(cx, address);
    if names.is_empty() {
        return None;
    }
    if kind != RecordType::Ptr && kind != RecordType::Any {
        return Some(Default::default());
    }
    Some((names.into_iter().map(|name| cx.zone.record(owner, Data::Ptr(name))).collect(), Vec::new()))
}

fn names(cx: &Inquiry<'_>, address: IpAddr) -> BTreeSet<Arc<str>> {
    if let Some(service) = cx.snapshot.by_ip(address) {
        return BTreeSet::from([service_name(cx, service)]);
    }
    let mut names = BTreeSet::new();
    for key in cx.snapshot.headless_of(address) {
        let Some(service) = cx.snapshot.service(key).filter(|service| service.form == Form::Headless) else {
            continue;
        };
        let home = service_name(cx, service);
        let there = service.ready().filter(|endpoint| endpoint.address == address);
        names.extend(there.map(|endpoint| Arc::from(format!("{}.{home}", host_name(endpoint)))));
    }
    names
}

fn v4(labels: &[&str]) -> Option<IpAddr> {
    let mut octets = [0; 4];
    for (octet, label) in octets.iter_mut().zip(labels) {
        *octet = label.parse().ok().filter(|_| is_plain(label))?;
    }
    (labels.len() == 4).then(|| Ipv4Addr::from(octets).into())
}

/// Whether a number is written without a sign or needless zeros.
fn is_plain(label: &str) -> bool {
    label.bytes().all(|byte| byte.is_ascii_digit()) && (label.len() == 1 || !label.starts_with('0'))
}

fn v6(labels: &[&str]) -> Option<IpAddr> {
    let mut bits = 0_u128;
    for label in labels {
        if label.len() != 1 {
            return None;
        }
        bits = (bits << 4) | u128::from(u8::from_str_radix(label, 16).ok()?);
    }
    (labels.len() == 32).then(|| Ipv6Addr::from(bits).into())
}
