//! Services lead to their ready pods.

use super::{Oracle, State, Verdict};
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::{Endpoint, EndpointSlice};
use kube_core::resource::ResourceExt;
use kube_core::view::PodView;
use kube_net::slices::SERVICE_NAME_LABEL;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// At rest the ready endpoints of a Service are the addresses of the ready pods that it selects, and none
/// leads to a pod that is gone.
#[derive(Debug)]
pub(super) struct Endpoints;

impl Oracle for Endpoints {
    fn name(&self) -> &'static str {
        "endpoints"
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        let pods = state.pods();
        for service in state.all::<Service>() {
            let Some(selector) = service.spec.as_ref().and_then(|spec| spec.selector.as_ref()) else {
                continue;
            };
            if selector.is_empty() {
                continue;
            }
            let wanted: BTreeSet<String> = pods
                .iter()
                .filter(|pod| &*pod.meta.namespace == service.namespace() && selects(selector, pod))
                .filter(|pod| pod.is_ready() && pod.is_active())
                .filter_map(|pod| pod.status.pod_ip.as_deref().map(str::to_owned))
                .collect();
            let slices = slices_of(state, &service);
            let endpoints = || slices.iter().flat_map(|slice| slice.endpoints.iter().flatten());
            let name = service.key();
            if let Some(uid) = endpoints().filter_map(pod_uid).find(|uid| !is_there(&pods, uid)) {
                return Err(format!("Service {name} leads to pod {uid}, which is gone"));
            }
            let there: BTreeSet<String> =
                endpoints().filter(|e| is_ready(e)).flat_map(|e| e.addresses.iter().cloned()).collect();
            if wanted != there {
                return Err(format!("Service {name} leads to {there:?}, its ready pods are {wanted:?}"));
            }
        }
        Ok(())
    }
}

fn is_there(pods: &[Arc<PodView>], uid: &str) -> bool {
    pods.iter().any(|pod| pod.meta.uid.as_str() == uid)
}

fn pod_uid(endpoint: &Endpoint) -> Option<&str> {
    endpoint.target_ref.as_ref()?.uid.as_deref()
}

fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or(false)
}

fn selects(selector: &BTreeMap<String, String>, pod: &PodView) -> bool {
    selector.iter().all(|(key, value)| pod.meta.labels.get(key).is_some_and(|label| **label == **value))
}

fn slices_of(state: &State, service: &Service) -> Vec<Arc<EndpointSlice>> {
    let of_service = |slice: &EndpointSlice| {
        let name = slice.metadata.labels.as_ref().and_then(|labels| labels.get(SERVICE_NAME_LABEL));
        slice.namespace() == service.namespace() && name.is_some_and(|name| name == service.name())
    };
    state.all::<EndpointSlice>().into_iter().filter(|slice| of_service(slice)).collect()
}
