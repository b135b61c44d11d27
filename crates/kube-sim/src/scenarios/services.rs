//! Services whose selectors and pods change, one of them over pods of a ReplicationController, under all faults.

use super::acts::acting;
use super::lose_a_pod;
use crate::campaign::Sim;
use crate::oracle::{Oracle, State, Verdict};
use kube_core::kinds::apps::v1::Deployment;
use kube_core::kinds::core::v1::{Pod, ReplicationController, Service};
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::resource::{ObjectKey, ResourceExt};
use kube_net::slices::SERVICE_NAME_LABEL;
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

const SERVICES: &str = include_str!("services.yaml");

const CONTROLLERS: [&str; 5] = [
    "deployment-controller",
    "replicaset-controller",
    "replication-controller",
    "endpointslice-controller",
    "garbage-collector",
];

/// Selectors change, pods leave and come, one Service goes.
pub fn services(seeds: Range<u64>) -> Sim {
    let sim = acting(seeds, 3, &CONTROLLERS).oracle(|| Box::new(Slices));
    sim.scenario(|c| async move {
        c.apply(SERVICES).await;
        c.sleep(Duration::from_secs(8)).await;
        select(&c, "default/web", "app", "old").await;
        c.sleep(Duration::from_secs(3)).await;
        let pod = c.state(|state| state.pods().first().map(|pod| pod.meta.key().to_string()));
        if let Some(pod) = pod {
            // It leaves its owner and one of the Services.
            c.edit::<Pod>(&pod, |pod| {
                pod.metadata.labels.get_or_insert_default().insert("app".to_owned(), "none".to_owned());
            })
            .await;
        }
        c.scale::<ReplicationController>("default/old", 4).await;
        c.sleep(Duration::from_secs(4)).await;
        c.delete::<Service>("default/web").await;
        c.apply(SERVICES).await;
        select(&c, "default/both", "app", "web").await;
        lose_a_pod(&c).await;
        c.sleep(Duration::from_secs(3)).await;
        c.scale::<Deployment>("default/web", 0).await;
        c.scale::<ReplicationController>("default/old", 1).await;
        select(&c, "default/both", "tier", "front").await;
    })
}

async fn select(c: &crate::cluster::Cluster, service: &str, label: &str, value: &str) {
    c.edit::<Service>(service, |service| {
        let selector = [(label.to_owned(), value.to_owned())].into();
        service.spec.get_or_insert_default().selector = Some(selector);
    })
    .await;
}

/// At rest a pod is in one slice of a Service, slices are of Services that are there, and the ReplicationController has
/// its pods.
#[derive(Debug)]
struct Slices;

impl Oracle for Slices {
    fn name(&self) -> &'static str {
        "slices"
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        let mut seen = BTreeSet::new();
        for slice in state.all::<EndpointSlice>() {
            let service = slice.metadata.labels.as_ref().and_then(|labels| labels.get(SERVICE_NAME_LABEL));
            let service = service.cloned().unwrap_or_default();
            let key = ObjectKey::new(slice.namespace(), service.as_str());
            if state.get::<Service>(&key).is_none() {
                return Err(format!("slice {} is of {key}, which is gone", slice.key()));
            }
            for endpoint in slice.endpoints.iter().flatten() {
                if !seen.insert((key.clone(), endpoint.addresses.clone())) {
                    return Err(format!("{:?} is in two slices of {key}", endpoint.addresses));
                }
            }
        }
        let old = state.get::<ReplicationController>(&ObjectKey::from("default/old"));
        let status = old.and_then(|old| old.status.clone()).unwrap_or_default();
        match (status.replicas, status.ready_replicas, status.available_replicas) {
            (1, Some(1), Some(1)) => Ok(()),
            other => Err(format!("the ReplicationController wants 1 pod and tells of {other:?}")),
        }
    }
}
