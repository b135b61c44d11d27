//! EndpointSlices: the addresses behind a Service.

mod pace;
pub mod plan;
#[cfg(test)]
mod tests;

use super::indexes::{NAMESPACE, SERVICE, by_namespace, service_of, slices_by_service};
use super::slice_writes::carry_out;
use crate::runtime::queue::RetryLimits;
use crate::runtime::{Context, Controller, Error, Listers, Outcome, Reconciler, Request, Source};
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::resource::{ObjectKey, ResourceExt};
use kube_core::view::{NodeView, PodView};
use kube_net::slices::{UnresolvedPort, ZoneCapacity, wants_zone_shares};
use kube_store::client::events::EventType;
use kube_store::informer::{Change, Index};
use kube_store::mutant::{self, Mutant};
use pace::Paces;
use plan::{View, plan, selector, selects};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Services whose hints depend on all nodes, under one value.
const HINTED: &str = "hinted";
const YES: &str = "yes";

/// The controller of EndpointSlices.
///
/// Source: `k8s.io/kubernetes/pkg/controller/endpointslice`.
pub fn controller() -> Controller {
    Controller::builder(EndpointSlices::default())
        .named("endpointslice-controller")
        .index(by_namespace())
        .watches(Source::new(services_of_pod).index(Index::by_namespace()).index(Index::by_node()))
        .watches(Source::new(services_of_slice).index(slices_by_service()))
        .index(Index::new(HINTED, |service: &Service| {
            wants_zone_shares(service).then(|| Arc::from(YES)).into_iter().collect()
        }))
        .watches(Source::new(services_of_node))
        .retry(RetryLimits::new(Duration::from_secs(1), Duration::from_secs(1000)))
        .workers(5)
        .build()
}

fn services_of_slice(change: &Change<EndpointSlice>, _: &Listers) -> Vec<ObjectKey> {
    let keys = [&change.old, &change.new].into_iter().flatten().filter_map(|slice| service_of(slice));
    keys.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The Services that select the pod, or did.
fn services_of_pod(change: &Change<PodView>, listers: &Listers) -> Vec<ObjectKey> {
    if change.is_deletion() && mutant::is(Mutant::KeepsEndpoints) {
        return Vec::new();
    }
    let pods: Vec<&Arc<PodView>> = [&change.old, &change.new].into_iter().flatten().collect();
    let services = listers.by_index::<Service>(NAMESPACE, &change.key.namespace);
    let selected = services.iter().filter(|service| {
        selector(service).is_some_and(|selector| pods.iter().any(|pod| selects(selector, pod)))
    });
    selected.map(|service| service.key()).collect()
}

/// Those of pods that were left out because their node was not known, and those whose hints depend on what it has.
fn services_of_node(change: &Change<NodeView>, listers: &Listers) -> Vec<ObjectKey> {
    let mut found = BTreeSet::new();
    if change.old.is_none() && change.new.is_some() {
        for pod in listers.by_index::<PodView>("node", &change.key.name) {
            let services = listers.by_index::<Service>(NAMESPACE, &pod.meta.namespace);
            let selected =
                services.iter().filter(|s| selector(s).is_some_and(|selector| selects(selector, &pod)));
            found.extend(selected.map(|service| service.key()));
        }
    }
    if !change.initial && ZoneCapacity::depends_on(change.old.as_deref(), change.new.as_deref()) {
        found.extend(listers.by_index::<Service>(HINTED, YES).iter().map(|service| service.key()));
    }
    found.into_iter().collect()
}

#[derive(Default)]
struct EndpointSlices {
    /// The ports of each Service that were told to lead nowhere: once, until they do again.
    told: Mutex<BTreeMap<ObjectKey, Ports>>,
    paces: Paces,
}

/// Ports by name and what they look for.
type Ports = BTreeSet<(String, String)>;

impl EndpointSlices {
    /// Tells of ports that lead nowhere. Kubernetes leaves them out without a word.
    fn tell(&self, cx: &Context, service: &Service, unresolved: &[UnresolvedPort]) {
        let port = |port: &UnresolvedPort| (port.name.clone(), port.target.clone());
        let before = self.remember(service.key(), unresolved.iter().map(port).collect());
        for new in unresolved.iter().filter(|new| !before.contains(&port(new))) {
            cx.event(service, EventType::Warning, "UnresolvedPort", &new.to_string());
        }
    }

    /// What was told before.
    fn remember(&self, key: ObjectKey, told: Ports) -> Ports {
        // Every section leaves the map whole.
        let mut all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = if told.is_empty() { all.remove(&key) } else { all.insert(key, told) };
        before.unwrap_or_default()
    }
}

impl Reconciler for EndpointSlices {
    type Resource = Service;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        // Slices of a deleted Service are the garbage collector's.
        let Some(service) = cx.get::<Service>(&request.key) else {
            self.paces.forget(&request.key);
            self.remember(request.key, Ports::new());
            return Ok(Outcome::Done);
        };
        if let Some(rest) = self.paces.rest(&request.key, cx.env().now()) {
            return Ok(Outcome::RequeueAfter(rest));
        }
        let pods = cx.by_index::<PodView>(NAMESPACE, service.namespace());
        self.paces.planned(&request.key, pods.len(), cx.env().now());
        let slices = cx.by_index::<EndpointSlice>(SERVICE, &request.key.to_string());
        let nodes = |name: &str| cx.get::<NodeView>(&ObjectKey::cluster(name));
        let zones = wants_zone_shares(&service).then(|| {
            let nodes = cx.list::<NodeView>();
            ZoneCapacity::of_nodes(nodes.iter().map(|node| &**node))
        });
        let zones = zones.as_ref();
        let plan = plan(&View { service: &service, pods: &pods, nodes: &nodes, slices: &slices, zones });
        self.tell(cx, &service, &plan.unresolved);
        if let Err(error) = carry_out(cx, Some(&*service), &plan.slices).await {
            let note = format!("Error updating Endpoint Slices for Service {}: {error}", request.key);
            cx.event(&*service, EventType::Warning, "FailedToUpdateEndpointSlices", &note);
            return Err(error.into());
        }
        Ok(Outcome::Done)
    }
}
