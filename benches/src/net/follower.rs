//! Ready addresses of Services, followed as one does first.

use super::world::service_key;
use futures::StreamExt;
use kube_core::env::{Env, TaskHandle};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{Pod, Service};
use kube_core::resource::ObjectKey;
use kube_core::selector::Selector;
use kube_store::api::{Api, Event};
use kube_store::objects::Objects;
use kube_store::service::{ListQuery, WatchQuery};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// The addresses of ready pods by Service, in a map behind a lock: for each change of a pod the Services of its namespace
/// are listed and each selector is tried, and where one selects the pod its pods are listed and their addresses written
/// down.
///
/// It is the loop that one writes first over a client of Kubernetes, and what Kubernetes' own controllers did per pod for
/// years. It makes no slices, so that others would see nothing, and knows no ports, families, nodes, hints or policies.
#[derive(Debug)]
pub(super) struct Follower {
    objects: Arc<Objects>,
    ready: RwLock<BTreeMap<ObjectKey, Vec<IpAddr>>>,
    version: watch::Sender<u64>,
}

impl Follower {
    /// Follows pods until the task is aborted.
    pub(super) fn start(objects: &Arc<Objects>, env: &Env) -> (Arc<Self>, TaskHandle) {
        let follower = Arc::new(Self {
            objects: objects.clone(),
            ready: RwLock::default(),
            version: watch::Sender::new(0),
        });
        let following = follower.clone();
        // An error ends it, and nothing is seen any more.
        let task = env.spawn("follower", async move { following.run().await.unwrap_or_default() });
        (follower, task)
    }

    /// The addresses of Service number `n`.
    pub(super) fn endpoints(&self, n: usize) -> Vec<IpAddr> {
        let ready = self.ready.read().unwrap_or_else(PoisonError::into_inner);
        ready.get(&service_key(n)).cloned().unwrap_or_default()
    }

    /// Waits for a change after that of number `seen`.
    pub(super) async fn changed(&self, seen: u64) -> u64 {
        let mut versions = self.version.subscribe();
        versions.wait_for(|version| *version > seen).await.map_or(seen, |version| *version)
    }

    async fn run(&self) -> Result<(), ApiError> {
        let mut events = Api::<Pod>::all(self.objects.clone()).watch(&WatchQuery::all()).await?;
        let mut is_complete = false;
        while let Some(event) = events.next().await {
            match event? {
                Event::Added(pod) | Event::Modified(pod) | Event::Deleted(pod) if is_complete => {
                    let home = pod.metadata.namespace.unwrap_or_default();
                    let services = Api::<Service>::namespaced(self.objects.clone(), &home);
                    let labels = pod.metadata.labels.unwrap_or_default();
                    for service in services.list(&ListQuery::all()).await?.items {
                        if selector(&service).matches(&labels) {
                            self.write(&service).await?;
                        }
                    }
                    self.version.send_modify(|version| *version += 1);
                }
                Event::Bookmark(_) if !is_complete => {
                    for service in
                        Api::<Service>::all(self.objects.clone()).list(&ListQuery::all()).await?.items
                    {
                        self.write(&service).await?;
                    }
                    is_complete = true;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes down the addresses of a Service.
    async fn write(&self, service: &Service) -> Result<(), ApiError> {
        let home = service.metadata.namespace.clone().unwrap_or_default();
        let name = service.metadata.name.clone().unwrap_or_default();
        let pods = Api::<Pod>::namespaced(self.objects.clone(), &home);
        let selected = pods.list(&ListQuery::all().labels(selector(service))).await?.items;
        let addresses = selected.iter().filter(|pod| is_ready(pod)).filter_map(address).collect();
        let mut ready = self.ready.write().unwrap_or_else(PoisonError::into_inner);
        ready.insert(ObjectKey::new(home, name), addresses);
        Ok(())
    }
}

fn selector(service: &Service) -> Selector {
    let labels = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    labels.map_or_else(Selector::nothing, Selector::from_labels)
}

fn is_ready(pod: &Pod) -> bool {
    let mut conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

fn address(pod: &Pod) -> Option<IpAddr> {
    pod.status.as_ref()?.pod_ip.as_ref()?.parse().ok()
}
