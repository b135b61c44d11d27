//! Hints by the zones' shares of the cluster (`service.kubernetes.io/topology-mode: Auto`).
//!
//! Each ready endpoint is first meant for its own zone; zones with more endpoints than their share of the CPUs then
//! give some to zones with fewer. Where that cannot keep every zone below 20 % overload there are no hints.
//!
//! Source: `k8s.io/endpointslice/topologycache` (KEP-2433).

use super::endpoint::ZONE_LABEL;
use super::hints::is_ready;
use kube_core::kinds::discovery::v1::{Endpoint, EndpointHints, EndpointSlice, ForZone};
use kube_core::pod_resources::CPU;
use kube_core::quantity::Quantity;
use kube_core::view::NodeView;
use std::collections::BTreeMap;
use std::sync::Arc;

const OVERLOAD: f64 = 0.2;

/// The zones' shares of the CPUs of the cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ZoneCapacity {
    /// Shares by zone, adding up to 1; empty where the nodes do not say enough.
    shares: BTreeMap<Arc<str>, f64>,
}

impl ZoneCapacity {
    /// The shares of the ready nodes that are not for the control plane. There are none when one of these nodes has no
    /// zone or no CPU, or all are in one zone.
    pub fn of_nodes<'a>(nodes: impl IntoIterator<Item = &'a NodeView>) -> Self {
        let mut milli: BTreeMap<Arc<str>, i64> = BTreeMap::new();
        for node in nodes {
            if !is_worker(node) || !node.is_ready() {
                continue;
            }
            let cpu = node.status.allocatable.get(CPU).map_or(0, Quantity::milli_value);
            match node.meta.labels.get(ZONE_LABEL) {
                Some(zone) if !zone.is_empty() && cpu != 0 => *milli.entry(zone.clone()).or_default() += cpu,
                _ => return Self::default(),
            }
        }
        if milli.len() < 2 {
            return Self::default();
        }
        let total: i64 = milli.values().sum();
        Self { shares: milli.into_iter().map(|(zone, cpu)| (zone, ratio(cpu, total))).collect() }
    }

    /// Whether a change of a node from `old` to `new`, either of which may be absent, can change shares.
    pub fn depends_on(old: Option<&NodeView>, new: Option<&NodeView>) -> bool {
        let part = |node: &NodeView| {
            let cpu = node.status.allocatable.get(CPU).map_or(0, Quantity::milli_value);
            let zone = node.meta.labels.get(ZONE_LABEL).cloned();
            (is_worker(node) && node.is_ready()).then_some((zone, cpu))
        };
        old.and_then(part) != new.and_then(part)
    }

    /// How many of `endpoints` ready endpoints each zone should have; `None` where that cannot be done well.
    fn allocate(&self, endpoints: usize) -> Option<Allocations> {
        if self.shares.len() < 2 || self.shares.len() > endpoints {
            return None;
        }
        let mut minimum_total = 0;
        let mut zones = BTreeMap::new();
        for (zone, share) in &self.shares {
            let desired = share * count(endpoints);
            let minimum = (desired * (1.0 / (1.0 + OVERLOAD))).ceil();
            minimum_total += whole(minimum);
            zones.insert(zone.to_string(), (whole(minimum), desired.max(minimum)));
        }
        let spare = endpoints.checked_sub(minimum_total)?;
        let allocation = |(minimum, desired)| Allocation { maximum: minimum + spare, desired };
        Some(zones.into_iter().map(|(zone, both)| (zone, allocation(both))).collect())
    }
}

/// Whether a node is not for the control plane.
fn is_worker(node: &NodeView) -> bool {
    let labels = &node.meta.labels;
    !labels.contains_key("node-role.kubernetes.io/control-plane")
        && !labels.contains_key("node-role.kubernetes.io/master")
}

#[derive(Debug)]
struct Allocation {
    maximum: usize,
    desired: f64,
}

type Allocations = BTreeMap<String, Allocation>;
type Counts = BTreeMap<String, usize>;

/// Hints the endpoints of `changed` slices, moving those of `unchanged` there whose hints no longer do. `false` where no
/// hints can be given: the caller then removes all.
pub(super) fn hint(
    zones: Option<&ZoneCapacity>,
    changed: &mut Vec<EndpointSlice>,
    unchanged: &mut Vec<Arc<EndpointSlice>>,
) -> bool {
    let all = changed.iter().chain(unchanged.iter().map(|slice| &**slice));
    let ready = all.flat_map(|slice| slice.endpoints.iter().flatten()).filter(|e| is_ready(e)).count();
    let Some(allocations) = zones.and_then(|zones| zones.allocate(ready)) else { return false };

    let mut allocated = Counts::new();
    unchanged.retain(|slice| {
        let Some(counts) = hints_of(slice, &allocated, &allocations) else {
            changed.push((**slice).clone());
            return false;
        };
        for (zone, count) in counts {
            *allocated.entry(zone).or_default() += count;
        }
        true
    });
    for endpoint in ready_endpoints(changed) {
        let Some(zone) = endpoint.zone.clone().filter(|zone| !zone.is_empty()) else { return false };
        endpoint.hints = Some(for_zone(&zone));
        *allocated.entry(zone).or_default() += 1;
    }
    let (mut giving, mut receiving) = moves(&allocations, &allocated);
    redistribute(changed, &mut giving, &mut receiving);
    !allocated.is_empty()
}

/// The hints of a slice by zone; `None` where an endpoint has none, or they do not go with `allocations`.
fn hints_of(slice: &EndpointSlice, allocated: &Counts, allocations: &Allocations) -> Option<Counts> {
    let mut counts = Counts::new();
    for endpoint in slice.endpoints.iter().flatten().filter(|endpoint| is_ready(endpoint)) {
        let zones = endpoint.hints.as_ref()?.for_zones.as_ref().filter(|zones| !zones.is_empty())?;
        for zone in zones {
            *counts.entry(zone.name.clone()).or_default() += 1;
        }
    }
    let fits = |(zone, count): (&String, &usize)| {
        let before = allocated.get(zone).copied().unwrap_or_default();
        allocations.get(zone).is_some_and(|allocation| count + before <= allocation.maximum)
    };
    counts.iter().all(fits).then_some(counts)
}

/// How many endpoints zones should give away, and how many they should get.
fn moves(allocations: &Allocations, allocated: &Counts) -> (Counts, Counts) {
    let (mut surplus, mut lack) = (BTreeMap::new(), BTreeMap::new());
    for (zone, allocation) in allocations {
        let has = count(allocated.get(zone).copied().unwrap_or_default());
        if has > allocation.desired {
            surplus.insert(zone.as_str(), has - allocation.desired);
        } else if has < allocation.desired {
            lack.insert(zone.as_str(), allocation.desired - has);
        }
    }
    let (mut giving, mut receiving) = (Counts::new(), Counts::new());
    while let (Some(giver), Some(taker)) = (most(&surplus), most(&lack)) {
        let (give, take) = (surplus[giver], lack[taker]);
        if (give < 1.0 && take < 1.0) || give < 0.5 || take < 0.5 {
            break;
        }
        *giving.entry(giver.to_owned()).or_default() += 1;
        *receiving.entry(taker.to_owned()).or_default() += 1;
        surplus.insert(giver, give - 1.0);
        lack.insert(taker, take - 1.0);
    }
    (giving, receiving)
}

/// The zone with the greatest number above zero; the first of several.
fn most<'a>(zones: &BTreeMap<&'a str, f64>) -> Option<&'a str> {
    let mut best: Option<(&str, f64)> = None;
    for (zone, number) in zones {
        if *number > best.map_or(0.0, |(_, most)| most) {
            best = Some((zone, *number));
        }
    }
    best.map(|(zone, _)| zone)
}

fn redistribute(slices: &mut [EndpointSlice], giving: &mut Counts, receiving: &mut Counts) {
    for endpoint in ready_endpoints(slices) {
        let Some(left) = endpoint.zone.as_ref().and_then(|zone| giving.get_mut(zone)) else { continue };
        let Some(mut taker) = receiving.first_entry() else { return };
        endpoint.hints = Some(for_zone(taker.key()));
        *left -= 1;
        *taker.get_mut() -= 1;
        if *taker.get() == 0 {
            taker.remove();
        }
        giving.retain(|_, left| *left > 0);
    }
}

fn ready_endpoints(slices: &mut [EndpointSlice]) -> impl Iterator<Item = &mut Endpoint> {
    let endpoints = slices.iter_mut().flat_map(|slice| slice.endpoints.iter_mut().flatten());
    endpoints.filter(|endpoint| is_ready(endpoint))
}

fn for_zone(zone: &str) -> EndpointHints {
    EndpointHints { for_zones: Some(vec![ForZone { name: zone.to_owned() }]), for_nodes: None }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of endpoints are far below 2^52")]
fn count(endpoints: usize) -> f64 {
    endpoints as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "as Kubernetes computes it: thousandths of CPUs are far below 2^52"
)]
fn ratio(part: i64, total: i64) -> f64 {
    part as f64 / total as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the result of `ceil` of a share of a count"
)]
fn whole(number: f64) -> usize {
    number as usize
}
