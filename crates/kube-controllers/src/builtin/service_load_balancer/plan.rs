//! What becomes of a Service's load balancer. Pure.
//!
//! Source: `k8s.io/cloud-provider/controllers/service` (`syncLoadBalancerIfNeeded`, `needsUpdate`, `needsCleanup`,
//! `nodesSufficientlyEqual`).

use kube_core::kinds::core::v1::{LoadBalancerIngress, LoadBalancerStatus, Service};
use kube_core::resource::ResourceExt;
use kube_core::view::NodeView;
use kube_net::cloud::{FINALIZER, needs_balancer};
use std::sync::Arc;

/// What there is.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The Service; `None` once it is gone.
    pub service: Option<&'a Service>,
    /// What this controller made for its name.
    pub made: Option<&'a Made>,
    /// The nodes that stand behind balancers, by name.
    pub nodes: &'a [Arc<NodeView>],
}

/// A balancer as this controller made it last.
#[derive(Clone, Debug)]
pub struct Made {
    /// The Service that it was made for, as it was then.
    pub service: Arc<Service>,
    /// The names of the nodes behind it.
    pub nodes: Vec<Arc<str>>,
    /// What the provider said of it; `None` while it is not known whether it is as it should be.
    pub status: Option<LoadBalancerStatus>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Nothing.
    Nothing,
    /// Keep the Service from going before its balancer.
    Hold,
    /// Make the balancer, or bring it up to date.
    Ensure,
    /// Bring the nodes behind it up to date.
    UpdateNodes,
    /// Report again what the provider said.
    Report,
    /// Remove the balancer, then let the Service go.
    Remove,
    /// The same if there is a balancer: a Service with a class may be held by another controller.
    RemoveIfThere,
}

/// The balancer of an earlier Service of the same name, which nothing kept from going: it must go first.
pub fn former<'a>(view: &View<'a>) -> Option<&'a Made> {
    view.made.filter(|made| view.service.is_none_or(|service| service.uid() != made.service.uid()))
}

/// Plans the next step for a Service without a [`former`] one.
pub fn plan(view: &View<'_>) -> Plan {
    let Some(service) = view.service else { return Plan::Nothing };
    let held = service.metadata.finalizers.iter().flatten().any(|finalizer| finalizer == FINALIZER);
    if !needs_balancer(service) {
        return match view.made {
            None if !held => Plan::Nothing,
            None if has_class(service) => Plan::RemoveIfThere,
            _ => Plan::Remove,
        };
    }
    let Some(Made { service: before, nodes, status: Some(status) }) = view.made else {
        return if held { Plan::Ensure } else { Plan::Hold };
    };
    if !held {
        return Plan::Hold;
    }
    if needs_update(before, service) {
        return Plan::Ensure;
    }
    if !view.nodes.iter().map(|node| &node.meta.name).eq(nodes) {
        return Plan::UpdateNodes;
    }
    if says(service, status) { Plan::Nothing } else { Plan::Report }
}

/// Whether anything has changed that a balancer depends on.
pub fn needs_update(before: &Service, now: &Service) -> bool {
    let (Some(a), Some(b)) = (&before.spec, &now.spec) else { return before.spec != now.spec };
    let families = |families: &Option<Vec<String>>| families.as_ref().map_or(0, Vec::len);
    a.load_balancer_source_ranges != b.load_balancer_source_ranges
        || a.ports != b.ports
        || a.session_affinity != b.session_affinity
        || a.session_affinity_config != b.session_affinity_config
        || a.load_balancer_ip != b.load_balancer_ip
        || a.external_ips != b.external_ips
        || before.metadata.annotations != now.metadata.annotations
        || a.external_traffic_policy != b.external_traffic_policy
        || a.health_check_node_port != b.health_check_node_port
        // Only a second family can come and go.
        || families(&a.ip_families) != families(&b.ip_families)
}

/// Whether the Service's status tells of the balancer as its provider does. What a provider leaves out is as it may be:
/// the API fills in defaults.
pub fn says(service: &Service, told: &LoadBalancerStatus) -> bool {
    let stored = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let stored = stored.and_then(|status| status.ingress.as_deref()).unwrap_or_default();
    let told = told.ingress.as_deref().unwrap_or_default();
    let same = |(stored, told): (&LoadBalancerIngress, &LoadBalancerIngress)| {
        stored.ip == told.ip
            && stored.hostname == told.hostname
            && (told.ip_mode.is_none() || stored.ip_mode == told.ip_mode)
            && (told.ports.is_none() || stored.ports == told.ports)
    };
    stored.len() == told.len() && stored.iter().zip(told).all(same)
}

fn has_class(service: &Service) -> bool {
    service.spec.as_ref().is_some_and(|spec| spec.load_balancer_class.is_some())
}
