//! What slices a Service needs next. Pure: the planner is [`kube_net::slices`].

use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::view::PodView;
use kube_net::slices::{
    NodeLookup, SliceInput, SlicePlan, UnresolvedPort, ZoneCapacity, plan_slices, unresolved_ports,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What there is.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The Service.
    pub service: &'a Service,
    /// The pods of its namespace.
    pub pods: &'a [Arc<PodView>],
    /// Finds a pod's node.
    pub nodes: &'a NodeLookup<'a>,
    /// The slices with the Service's name on them.
    pub slices: &'a [Arc<EndpointSlice>],
    /// The zones' shares of the cluster; needed by a Service that [wants them](kube_net::slices::wants_zone_shares).
    pub zones: Option<&'a ZoneCapacity>,
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("service", &self.service.metadata.name).finish_non_exhaustive()
    }
}

/// What is to be written, and told.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The slices.
    pub slices: SlicePlan,
    /// Ports that lead nowhere.
    pub unresolved: Vec<UnresolvedPort>,
}

/// Plans the next step. Nothing for a Service without a selector, whose slices others make.
pub fn plan(view: &View<'_>) -> Plan {
    let Some(selector) = selector(view.service) else { return Plan::default() };
    let pods: Vec<Arc<PodView>> = view.pods.iter().filter(|pod| selects(selector, pod)).cloned().collect();
    let mut input = SliceInput::new(view.service, &pods, view.nodes, view.slices);
    input.zones = view.zones;
    Plan { slices: plan_slices(&input), unresolved: unresolved_ports(view.service, &pods) }
}

/// What the Service selects; `None` for one that selects nothing, or that has no endpoints of its own.
pub(super) fn selector(service: &Service) -> Option<&BTreeMap<String, String>> {
    let spec = service.spec.as_ref()?;
    let named = spec.type_.as_deref() == Some("ExternalName");
    spec.selector.as_ref().filter(|selector| !selector.is_empty() && !named)
}

/// Whether the pod has every label of `selector`.
pub(super) fn selects(selector: &BTreeMap<String, String>, pod: &PodView) -> bool {
    selector.iter().all(|(key, value)| pod.meta.labels.get(key).is_some_and(|label| **label == **value))
}
