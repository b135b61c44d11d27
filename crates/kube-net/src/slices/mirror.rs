//! Slices for `Endpoints` that somebody else keeps up: mirroring, as a pure function.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/endpointslicemirroring`, where map order decides which endpoint stands where;
//! here endpoints go in the order of their addresses.

use super::endpoint::{Place, compare_identity, parse_address, port_keys, says_same};
use super::labels::{SERVICE_NAME_LABEL, name_prefix};
use super::{MANAGED_BY_LABEL, SlicePlan};
use kube_core::kinds::core::v1::{EndpointAddress, EndpointSubset, Endpoints, Service};
use kube_core::kinds::discovery::v1::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::resource::{ResourceExt, owner_reference};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What [`MANAGED_BY_LABEL`] says on mirrored slices.
pub const MIRRORED_BY: &str = "endpointslicemirroring-controller.k8s.io";
/// Label of `Endpoints` that are not to be mirrored, with the value `true`.
pub const SKIP_MIRROR_LABEL: &str = "endpointslice.kubernetes.io/skip-mirror";
/// The most addresses of a subset that are mirrored, unless told otherwise.
pub const MIRRORED_ADDRESSES: usize = 1_000;

const LEADER: &str = "control-plane.alpha.kubernetes.io/leader";
const NOT_MIRRORED: [&str; 2] =
    ["endpoints.kubernetes.io/last-change-trigger-time", "kubectl.kubernetes.io/last-applied-configuration"];

/// What mirroring comes to.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct MirrorPlan {
    /// What to write.
    pub slices: SlicePlan,
    /// Addresses that are none, and are left out.
    pub invalid: Vec<String>,
    /// How many addresses are left out because a subset has too many.
    pub excess: usize,
}

/// Whether `endpoints` are to be mirrored: their Service, of the same name, is there and has no selector, and neither a
/// label nor an election forbids it.
pub fn is_mirrored(service: Option<&Service>, endpoints: &Endpoints) -> bool {
    let selects = |service: &Service| {
        service
            .spec
            .as_ref()
            .and_then(|spec| spec.selector.as_ref())
            .is_some_and(|selector| !selector.is_empty())
    };
    let label = endpoints.metadata.labels.as_ref().and_then(|labels| labels.get(SKIP_MIRROR_LABEL));
    let elects = endpoints.metadata.annotations.as_ref().is_some_and(|all| all.contains_key(LEADER));
    service.is_some_and(|service| !selects(service)) && label.is_none_or(|label| label != "true") && !elects
}

/// Plans the slices that mirror `endpoints`, with at most `max` addresses per subset and slice. `None`, and endpoints
/// that are not to be mirrored ([`is_mirrored`]), have none.
///
/// Of `existing`, slices that others look after are left alone. There is one slice per address family and list of ports.
pub fn plan_mirror(endpoints: Option<&Endpoints>, existing: &[Arc<EndpointSlice>], max: usize) -> MirrorPlan {
    let mut plan = MirrorPlan::default();
    let mut owned: Vec<Arc<EndpointSlice>> =
        existing.iter().filter(|slice| is_ours(slice)).cloned().collect();
    owned.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    let Some(endpoints) = endpoints else {
        plan.slices.delete = owned;
        return plan;
    };
    for (key, group) in groups(endpoints, max, &mut plan) {
        let same = |slice: &mut Arc<EndpointSlice>| key == Key::of(slice);
        let mut there = owned.extract_if(.., same);
        let first = there.next();
        plan.slices.delete.extend(there);
        let new = slice(endpoints, &key, group);
        match first {
            Some(old) if is_current(&old, &new) => {}
            Some(old) => plan.slices.update.push(over(&old, new)),
            None => plan.slices.create.push(new),
        }
    }
    plan.slices.delete.extend(owned);
    plan.slices.delete.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    reuse(&mut plan.slices);
    plan.slices.update.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    if endpoints.metadata.deletion_timestamp.is_some() {
        plan.slices.create.clear();
    }
    plan
}

/// What the endpoints of one slice have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    address_type: String,
    /// Name, protocol, number and protocol above.
    ports: Vec<(String, String, Option<i32>, Option<String>)>,
}

impl Key {
    fn new(address_type: &str, ports: &[EndpointPort]) -> Self {
        let mut ports: Vec<_> = ports
            .iter()
            .map(|port| {
                let protocol = port.protocol.clone().unwrap_or_else(|| "TCP".to_owned());
                (port.name.clone().unwrap_or_default(), protocol, port.port, port.app_protocol.clone())
            })
            .collect();
        ports.sort_unstable();
        Self { address_type: address_type.to_owned(), ports }
    }

    fn of(slice: &EndpointSlice) -> Self {
        Self::new(&slice.address_type, slice.ports.as_deref().unwrap_or_default())
    }

    fn ports(&self) -> Vec<EndpointPort> {
        let port = |(name, protocol, port, app_protocol): &(String, String, Option<i32>, Option<String>)| {
            EndpointPort {
                name: Some(name.clone()),
                port: *port,
                protocol: Some(protocol.clone()),
                app_protocol: app_protocol.clone(),
            }
        };
        self.ports.iter().map(port).collect()
    }
}

/// The endpoints that are wanted, each once, by family and ports.
fn groups(endpoints: &Endpoints, max: usize, plan: &mut MirrorPlan) -> BTreeMap<Key, Vec<Endpoint>> {
    let mut groups: BTreeMap<Key, Vec<Endpoint>> = BTreeMap::new();
    for subset in endpoints.subsets.iter().flatten() {
        let ports = ports(subset);
        let ready = subset.addresses.iter().flatten().map(|address| (address, true));
        let unready = subset.not_ready_addresses.iter().flatten().map(|address| (address, false));
        let mut count = 0;
        for (address, ready) in ready.chain(unready) {
            if count == max {
                plan.excess += 1;
                continue;
            }
            let Some((address_type, endpoint)) = endpoint(address, ready) else {
                plan.invalid.push(address.ip.clone());
                continue;
            };
            count += 1;
            groups.entry(Key::new(address_type, &ports)).or_default().push(endpoint);
        }
    }
    for group in groups.values_mut() {
        // What stands in two subsets: not ready in one is not ready.
        group.sort_by(|a, b| compare_identity(a, b).then_with(|| is_ready(a).cmp(&is_ready(b))));
        group.dedup_by(|a, b| compare_identity(a, b).is_eq());
        group.sort_by_key(Place::of);
        plan.excess += group.len().saturating_sub(max);
        group.truncate(max);
    }
    groups
}

fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or_default()
}

fn ports(subset: &EndpointSubset) -> Vec<EndpointPort> {
    let port = |port: &kube_core::kinds::core::v1::EndpointPort| EndpointPort {
        name: Some(port.name.clone().unwrap_or_default()),
        port: Some(port.port),
        protocol: Some(port.protocol.clone().unwrap_or_else(|| "TCP".to_owned())),
        app_protocol: port.app_protocol.clone(),
    };
    subset.ports.iter().flatten().map(port).collect()
}

fn endpoint(address: &EndpointAddress, ready: bool) -> Option<(&'static str, Endpoint)> {
    let ip = parse_address(&address.ip)?;
    let endpoint = Endpoint {
        addresses: vec![ip.to_string()],
        conditions: Some(EndpointConditions { ready: Some(ready), serving: None, terminating: None }),
        hostname: address.hostname.clone().filter(|name| !name.is_empty()),
        node_name: address.node_name.clone(),
        target_ref: address.target_ref.clone(),
        ..Endpoint::default()
    };
    Some((if ip.is_ipv6() { "IPv6" } else { "IPv4" }, endpoint))
}

fn slice(endpoints: &Endpoints, key: &Key, group: Vec<Endpoint>) -> EndpointSlice {
    let mut labels = endpoints.metadata.labels.clone().unwrap_or_default();
    labels.insert(SERVICE_NAME_LABEL.to_owned(), endpoints.name().to_owned());
    labels.insert(MANAGED_BY_LABEL.to_owned(), MIRRORED_BY.to_owned());
    let mut annotations = endpoints.metadata.annotations.clone().unwrap_or_default();
    annotations.retain(|key, _| !NOT_MIRRORED.contains(&key.as_str()));
    EndpointSlice {
        address_type: key.address_type.clone(),
        endpoints: Some(group),
        metadata: ObjectMeta {
            generate_name: Some(name_prefix(endpoints.name())),
            namespace: endpoints.metadata.namespace.clone(),
            labels: Some(labels),
            annotations: (!annotations.is_empty()).then_some(annotations),
            owner_references: Some(vec![owner_reference(endpoints)]),
            ..ObjectMeta::default()
        },
        ports: Some(key.ports()),
    }
}

/// Whether a slice says what it should, in whatever order.
fn is_current(old: &EndpointSlice, new: &EndpointSlice) -> bool {
    let sorted = |slice: &EndpointSlice| {
        let mut all = slice.endpoints.clone().unwrap_or_default();
        all.sort_by(compare_identity);
        all
    };
    let (old_endpoints, new_endpoints) = (sorted(old), sorted(new));
    let same = |(a, b): (&Endpoint, &Endpoint)| compare_identity(a, b).is_eq() && says_same(a, b);
    let annotations = |slice: &EndpointSlice| slice.metadata.annotations.clone().unwrap_or_default();
    old_endpoints.len() == new_endpoints.len()
        && old_endpoints.iter().zip(&new_endpoints).all(same)
        && old.metadata.labels == new.metadata.labels
        && annotations(old) == annotations(new)
        && port_keys(old.ports.as_deref().unwrap_or_default())
            == port_keys(new.ports.as_deref().unwrap_or_default())
}

/// The new slice in the place of the old one.
fn over(old: &EndpointSlice, mut new: EndpointSlice) -> EndpointSlice {
    let made = std::mem::take(&mut new.metadata);
    new.metadata = ObjectMeta {
        labels: made.labels,
        annotations: made.annotations,
        owner_references: made.owner_references,
        ..old.metadata.clone()
    };
    new
}

/// Turns a deletion and a creation into one update, where the address family stays: it cannot change.
fn reuse(slices: &mut SlicePlan) {
    let (create, update) = (&mut slices.create, &mut slices.update);
    slices.delete.retain(|old| {
        let fits = create.iter().position(|new| new.address_type == old.address_type);
        let Some(at) = fits else { return true };
        update.push(over(old, create.remove(at)));
        false
    });
}

fn is_ours(slice: &EndpointSlice) -> bool {
    let labels = slice.metadata.labels.as_ref();
    labels.and_then(|labels| labels.get(MANAGED_BY_LABEL)).is_some_and(|by| by == MIRRORED_BY)
        && slice.metadata.deletion_timestamp.is_none()
}
