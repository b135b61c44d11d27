//! EndpointSlices for `Endpoints` that somebody keeps up by hand: those of Services without a selector.

pub mod plan;
#[cfg(test)]
mod tests;

use super::indexes::{SERVICE, service_of, slices_by_service};
use super::slice_writes::carry_out;
use crate::runtime::queue::RetryLimits;
use crate::runtime::{Context, Controller, Error, Listers, Outcome, Reconciler, Request, Source};
use kube_core::kinds::core::v1::{Endpoints, Service};
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::resource::ObjectKey;
use kube_net::slices::{MANAGED_BY_LABEL, MIRRORED_BY};
use kube_store::client::events::EventType;
use kube_store::informer::Change;
use plan::{View, left_out, plan};
use std::collections::BTreeSet;
use std::time::Duration;

/// The controller that mirrors `Endpoints`.
///
/// Source: `k8s.io/kubernetes/pkg/controller/endpointslicemirroring`.
pub fn controller() -> Controller {
    Controller::builder(Mirroring)
        .named("endpointslice-mirroring-controller")
        .watches(Source::new(endpoints_of_service).predicate(selector_appeared_or_went))
        .watches(Source::new(endpoints_of_slice).index(slices_by_service()))
        .retry(RetryLimits::new(Duration::from_secs(1), Duration::from_secs(100)))
        .workers(5)
        .build()
}

/// Those of its name.
fn endpoints_of_service(change: &Change<Service>, _: &Listers) -> Vec<ObjectKey> {
    vec![change.key.clone()]
}

/// Nothing else of a Service decides whether its `Endpoints` are mirrored.
fn selector_appeared_or_went(change: &Change<Service>) -> bool {
    let selects = |service: &Service| {
        let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        selector.is_some_and(|selector| !selector.is_empty())
    };
    change.old.as_deref().map(selects) != change.new.as_deref().map(selects)
}

/// The name on a mirrored slice, before and after.
fn endpoints_of_slice(change: &Change<EndpointSlice>, _: &Listers) -> Vec<ObjectKey> {
    let mirrored = |slice: &EndpointSlice| {
        let labels = slice.metadata.labels.as_ref();
        labels.and_then(|labels| labels.get(MANAGED_BY_LABEL)).is_some_and(|by| by == MIRRORED_BY)
    };
    let slices = [&change.old, &change.new].into_iter().flatten().filter(|slice| mirrored(slice));
    slices.filter_map(|slice| service_of(slice)).collect::<BTreeSet<_>>().into_iter().collect()
}

struct Mirroring;

impl Reconciler for Mirroring {
    type Resource = Endpoints;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let endpoints = cx.get::<Endpoints>(&request.key);
        let service = cx.get::<Service>(&request.key);
        let slices = cx.by_index::<EndpointSlice>(SERVICE, &request.key.to_string());
        let view = View { endpoints: endpoints.as_deref(), service: service.as_deref(), slices: &slices };
        let plan = plan(&view);
        if let Some(endpoints) = &endpoints {
            for (reason, note) in left_out(&plan) {
                cx.event(&**endpoints, EventType::Warning, reason, &note);
            }
        }
        carry_out(cx, endpoints.as_deref(), &plan.slices).await?;
        Ok(Outcome::Done)
    }
}
