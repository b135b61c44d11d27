//! EndpointSlices: the addresses behind a Service.

pub mod plan;
#[cfg(test)]
mod tests;

use super::indexes::{NAMESPACE, by_namespace};
use crate::runtime::queue::RetryLimits;
use crate::runtime::{Context, Controller, Error, Listers, Outcome, Reconciler, Request, Source};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::resource::{ObjectKey, ResourceExt};
use kube_core::view::{NodeView, PodView};
use kube_net::slices::{SERVICE_NAME_LABEL, SlicePlan};
use kube_store::client::events::EventType;
use kube_store::informer::{Change, Index};
use kube_store::mutant::{self, Mutant};
use plan::{View, plan, selector, selects};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Slices by `namespace/name` of their Service.
const SERVICE: &str = "service";

/// The controller of EndpointSlices.
///
/// Source: `k8s.io/kubernetes/pkg/controller/endpointslice`.
pub fn controller() -> Controller {
    Controller::builder(EndpointSlices)
        .named("endpointslice-controller")
        .index(by_namespace())
        .watches(Source::new(services_of_pod).index(Index::by_namespace()).index(Index::by_node()))
        .watches(Source::new(services_of_slice).index(by_service()))
        .watches(Source::new(services_of_new_node))
        .retry(RetryLimits::new(Duration::from_secs(1), Duration::from_secs(1000)))
        .workers(5)
        .build()
}

fn by_service() -> Index<EndpointSlice> {
    Index::new(SERVICE, |slice: &EndpointSlice| {
        service_of(slice).map(|key| Arc::from(key.to_string())).into_iter().collect()
    })
}

fn service_of(slice: &EndpointSlice) -> Option<ObjectKey> {
    let name = slice.metadata.labels.as_ref()?.get(SERVICE_NAME_LABEL)?;
    Some(ObjectKey::new(slice.namespace(), name.as_str()))
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

/// Pods whose node was not known were left out.
fn services_of_new_node(change: &Change<NodeView>, listers: &Listers) -> Vec<ObjectKey> {
    if change.old.is_some() || change.new.is_none() {
        return Vec::new();
    }
    let mut found = BTreeSet::new();
    for pod in listers.by_index::<PodView>("node", &change.key.name) {
        let services = listers.by_index::<Service>(NAMESPACE, &pod.meta.namespace);
        let selected =
            services.iter().filter(|s| selector(s).is_some_and(|selector| selects(selector, &pod)));
        found.extend(selected.map(|service| service.key()));
    }
    found.into_iter().collect()
}

struct EndpointSlices;

impl Reconciler for EndpointSlices {
    type Resource = Service;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        // Slices of a deleted Service are the garbage collector's.
        let Some(service) = cx.get::<Service>(&request.key) else { return Ok(Outcome::Done) };
        let pods = cx.by_index::<PodView>(NAMESPACE, service.namespace());
        let slices = cx.by_index::<EndpointSlice>(SERVICE, &request.key.to_string());
        let nodes = |name: &str| cx.get::<NodeView>(&ObjectKey::cluster(name));
        let plan = plan(&View { service: &service, pods: &pods, nodes: &nodes, slices: &slices });
        if let Err(error) = execute(cx, &plan).await {
            let note = format!("Error updating Endpoint Slices for Service {}: {error}", request.key);
            cx.event(&*service, EventType::Warning, "FailedToUpdateEndpointSlices", &note);
            return Err(error.into());
        }
        Ok(Outcome::Done)
    }
}

async fn execute(cx: &Context, plan: &SlicePlan) -> Result<(), ApiError> {
    for slice in &plan.create {
        cx.create(slice).await?;
    }
    for slice in &plan.update {
        cx.update(slice).await?;
    }
    for slice in &plan.delete {
        cx.delete(&**slice).await?;
    }
    Ok(())
}
