//! Hints about who should use an endpoint, from `trafficDistribution`.
//!
//! Source: `k8s.io/endpointslice/trafficdist`.

use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::{Endpoint, EndpointHints, EndpointSlice, ForNode, ForZone};

/// How the endpoints of a Service are hinted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hinting {
    /// Not at all.
    None,
    /// Each for its own zone.
    SameZone,
    /// Each for its own zone and node.
    SameNode,
    /// So that zones get endpoints by their share of the cluster.
    Auto,
}

/// Whether the Service wants hints by the zones' shares of the cluster, for which a plan needs
/// [`ZoneCapacity`](super::ZoneCapacity).
pub fn wants_zone_shares(service: &Service) -> bool {
    Hinting::of(service) == Hinting::Auto
}

impl Hinting {
    pub(super) fn of(service: &Service) -> Self {
        let annotation = |key| service.metadata.annotations.as_ref()?.get(key).map(String::as_str);
        let mode = annotation("service.kubernetes.io/topology-aware-hints")
            .or_else(|| annotation("service.kubernetes.io/topology-mode"));
        if matches!(mode, Some("Auto" | "auto")) {
            return Self::Auto;
        }
        match service.spec.as_ref().and_then(|spec| spec.traffic_distribution.as_deref()) {
            Some("PreferClose" | "PreferSameZone") => Self::SameZone,
            Some("PreferSameNode") => Self::SameNode,
            _ => Self::None,
        }
    }

    /// Gives `slice` its hints. Of an unready endpoint, hints are removed only when there are to be none at all.
    pub(super) fn apply(self, slice: &mut EndpointSlice) {
        for endpoint in slice.endpoints.iter_mut().flatten() {
            match self.wanted(endpoint) {
                _ if self == Self::None => endpoint.hints = None,
                wanted if is_ready(endpoint) => endpoint.hints = wanted,
                _ => {}
            }
        }
    }

    /// Whether an otherwise unchanged `slice` must be written for its hints.
    pub(super) fn outdated(self, slice: &EndpointSlice) -> bool {
        let mut endpoints = slice.endpoints.iter().flatten();
        if self == Self::None {
            return endpoints.any(|endpoint| endpoint.hints.is_some());
        }
        endpoints
            .any(|endpoint| is_ready(endpoint) && !says_same(endpoint.hints.as_ref(), self.wanted(endpoint)))
    }

    fn wanted(self, endpoint: &Endpoint) -> Option<EndpointHints> {
        let zone = endpoint.zone.clone().filter(|_| matches!(self, Self::SameZone | Self::SameNode));
        let node = endpoint.node_name.clone().filter(|_| self == Self::SameNode);
        (zone.is_some() || node.is_some()).then(|| EndpointHints {
            for_zones: zone.map(|name| vec![ForZone { name }]),
            for_nodes: node.map(|name| vec![ForNode { name }]),
        })
    }
}

/// Whether the endpoint says that it is ready; saying nothing is not enough.
pub(super) fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or_default()
}

fn says_same(has: Option<&EndpointHints>, wanted: Option<EndpointHints>) -> bool {
    let wanted = wanted.unwrap_or_default();
    let zones = |hints: &EndpointHints| hints.for_zones.clone().unwrap_or_default();
    let nodes = |hints: &EndpointHints| hints.for_nodes.clone().unwrap_or_default();
    has.map_or_else(
        || zones(&wanted).is_empty() && nodes(&wanted).is_empty(),
        |has| zones(has) == zones(&wanted) && nodes(has) == nodes(&wanted),
    )
}
