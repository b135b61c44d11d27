//! Cluster IPs: one `IPAddress` object each.

use super::families::{list, spec};
use super::free::{Believed, Places, first_free};
use super::ranges::{ServiceRanges, family_of, number};
use super::update::needs_cluster_ip;
use kube_core::env::Env;
use kube_core::error::{ApiError, FieldError, ShownAsJson};
use kube_core::kinds::core::v1::ServiceSpec;
use kube_core::kinds::networking::v1::IPAddress;
use kube_core::resource::{ObjectKey, Resource};
use kube_core::wire::canonical;
use kube_store::objects::{Contribution, Read, TxnBuilder};
use kube_store::storage::Key;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// What is given out, and what is believed of it.
pub(super) struct Supply<'a> {
    pub(super) ranges: &'a ServiceRanges,
    pub(super) believed: &'a Believed,
}

/// Takes the addresses that `new` holds and `old` did not, choosing those that are not given, and releases the others.
pub(super) async fn settle(
    cx: &Contribution<'_>,
    supply: &Supply<'_>,
    specs: (Option<&ServiceSpec>, Option<&mut ServiceSpec>),
    random: &mut (dyn FnMut(u128) -> u128 + Send),
    txn: &mut TxnBuilder,
) -> Result<(), ApiError> {
    let (old, new) = specs;
    let before = old.map(held).unwrap_or_default();
    let mut after = BTreeSet::new();
    if let Some(new) = new.filter(|new| {
        needs_cluster_ip(new) && list(new.cluster_ips.as_ref()).first().is_none_or(|ip| ip != "None")
    }) {
        let families = list(new.ip_families.as_ref()).to_vec();
        let mut ips = list(new.cluster_ips.as_ref()).to_vec();
        ips.resize(families.len().max(ips.len()), String::new());
        for (at, family) in families.iter().enumerate() {
            if ips[at].is_empty() {
                ips[at] = choose(cx, supply, family, random, txn).await?.to_string();
                after.insert(ips[at].clone());
            } else if before.contains(&ips[at]) {
                after.insert(ips[at].clone());
            } else {
                reserve(cx, supply.ranges, &ips, at, txn).await?;
                after.insert(ips[at].clone());
            }
        }
        new.cluster_ip = ips.first().cloned();
        new.cluster_ips = Some(ips);
    }
    for ip in before.difference(&after) {
        release(cx, supply.believed, ip, txn).await?;
    }
    Ok(())
}

/// The addresses that a stored Service holds.
pub(super) fn held(spec: &ServiceSpec) -> BTreeSet<String> {
    let ips = list(spec.cluster_ips.as_ref()).iter().filter(|ip| !ip.is_empty() && *ip != "None");
    if needs_cluster_ip(spec) { ips.cloned().collect() } else { BTreeSet::new() }
}

async fn choose(
    cx: &Contribution<'_>,
    supply: &Supply<'_>,
    family: &str,
    random: &mut (dyn FnMut(u128) -> u128 + Send),
    txn: &mut TxnBuilder,
) -> Result<IpAddr, ApiError> {
    let kind = IPAddress::kind_info();
    let full = || ApiError::internal("failed to allocate a serviceIP: range is full");
    let range = supply.ranges.of_family(family).ok_or_else(full)?;
    let keys = cx.keys();
    let key = |number: u128| keys.object(kind, &ObjectKey::cluster(range.address(number).to_string()));
    let prefix = keys.kind_prefix(kind);
    let of_key =
        |key: &Key| -> Option<u128> { Some(number(key.as_str().strip_prefix(&prefix)?.parse().ok()?)) };
    let places = Places {
        spans: range.spans(random),
        except: &BTreeSet::new(),
        key: &key,
        number: &of_key,
        all: keys.range(kind, None),
    };
    let (number, read) = first_free(cx, supply.believed, &places).await?.ok_or_else(full)?;
    let ip = range.address(number);
    txn.put(&read, canonical(&object(cx.env(), cx.key(), ip)));
    Ok(ip)
}

/// Takes the address that stands at `ips[at]`.
async fn reserve(
    cx: &Contribution<'_>,
    ranges: &ServiceRanges,
    ips: &[String],
    at: usize,
    txn: &mut TxnBuilder,
) -> Result<(), ApiError> {
    let text = &ips[at];
    let refuse = |error: FieldError| Err(ApiError::invalid("", "Service", &cx.key().name, &[error]));
    let Ok(ip) = text.parse::<IpAddr>() else {
        let detail = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
        return refuse(FieldError::invalid(&spec("clusterIPs").index(at), text, detail));
    };
    let given: Vec<&String> = ips.iter().filter(|ip| !ip.is_empty()).collect();
    let fails = |why: &str| {
        let detail = format!("failed to allocate IP {text}: {why}");
        refuse(FieldError::invalid(&spec("clusterIPs"), ShownAsJson(&given), detail))
    };
    match ranges.of_family(family_of(ip)) {
        Some(range) if range.contains(ip) => {}
        Some(range) if range.network().contains(&ip) => {
            return fails(&format!("provided IP {ip} is not in the valid range"));
        }
        _ => return fails("the provided network does not match the current range"),
    }
    let read = read(cx, &ip.to_string()).await?;
    if read.value().is_some() {
        return fails("provided IP is already allocated");
    }
    txn.put(&read, canonical(&object(cx.env(), cx.key(), ip)));
    Ok(())
}

/// Releases an address, unless it is another's.
async fn release(
    cx: &Contribution<'_>,
    believed: &Believed,
    ip: &str,
    txn: &mut TxnBuilder,
) -> Result<(), ApiError> {
    let read = read(cx, ip).await?;
    let Some(object) = read.json()? else { return Ok(()) };
    if object["spec"]["parentRef"] == parent(cx.key()) {
        txn.delete(&read);
        if let Ok(ip) = ip.parse() {
            believed.release(number(ip));
        }
    }
    Ok(())
}

async fn read(cx: &Contribution<'_>, ip: &str) -> Result<Read, ApiError> {
    cx.object(IPAddress::kind_info(), &ObjectKey::cluster(ip)).await
}

/// The object that says that `service` holds `ip`.
pub(super) fn object(env: &Env, service: &ObjectKey, ip: IpAddr) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IPAddress",
        "metadata": {
            "name": ip.to_string(),
            "uid": env.uid(),
            "generation": 1,
            "creationTimestamp": env.wall_seconds().to_string(),
            "labels": {
                "ipaddress.kubernetes.io/ip-family": family_of(ip),
                MANAGED_BY_LABEL: MANAGED_BY,
            },
        },
        "spec": {"parentRef": parent(service)},
    })
}

pub(super) const MANAGED_BY_LABEL: &str = "ipaddress.kubernetes.io/managed-by";
pub(super) const MANAGED_BY: &str = "ipallocator.k8s.io";

fn parent(service: &ObjectKey) -> Value {
    json!({"group": "", "resource": "services", "namespace": *service.namespace, "name": *service.name})
}
