//! Services of type `LoadBalancer` that change, go and come again, and nodes behind them, under all faults.

#[cfg(test)]
mod tests;

use super::acts::acting;
use crate::campaign::Sim;
use crate::cluster::Cluster;
use crate::oracle::{Commit, Oracle, State, Verdict};
use async_trait::async_trait;
use kube_controllers::builtin::service_load_balancer;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{
    ConfigMap, LoadBalancerIngress, LoadBalancerStatus, Node, Service, ServicePort, ServiceSpec,
};
use kube_core::resource::{ObjectKey, ResourceExt, Uid};
use kube_core::view::NodeView;
use kube_net::cloud::{
    CloudError, CloudProvider, EXCLUDE_LABEL, FINALIZER, balancer_name, balancer_nodes, needs_balancer,
};
use kube_store::api::Api;
use kube_store::service::{DeleteOptions, ObjectService};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

const BALANCERS: &str = include_str!("balancers.yaml");

const CONTROLLERS: [&str; 2] = ["endpointslice-controller", "garbage-collector"];

/// Balancers are made, change with their Services and nodes, and go with the type, the Service, or both.
pub fn balancers(seeds: Range<u64>) -> Sim {
    over(seeds, |cloud| Arc::new(cloud))
}

/// The same over what `make` makes of the cloud.
fn over(seeds: Range<u64>, make: fn(StoredCloud) -> Arc<dyn CloudProvider>) -> Sim {
    let sim = acting(seeds, 3, &CONTROLLERS).oracle(|| Box::new(Balancers));
    let sim = sim.component("service-lb-controller", move |informers| {
        let cloud = make(StoredCloud { service: informers.service().clone() });
        Box::new(service_load_balancer::controller(cloud).bind(informers))
    });
    sim.scenario(|c| async move {
        c.apply(BALANCERS).await;
        c.sleep(Duration::from_secs(6)).await;
        edit(&c, "front", |spec| spec.load_balancer_source_ranges = Some(vec!["10.0.0.0/8".to_owned()]))
            .await;
        exclude(&c, "node-1").await;
        c.sleep(Duration::from_secs(5)).await;
        edit(&c, "side", be_cluster_ip).await;
        c.sleep(Duration::from_secs(2)).await;
        edit(&c, "front", |spec| {
            let port = ServicePort { name: Some("more".to_owned()), port: 81, ..ServicePort::default() };
            let ports = spec.ports.get_or_insert_default();
            for port in ports.iter_mut() {
                port.name = Some("web".to_owned());
            }
            ports.push(port);
        })
        .await;
        edit(&c, "side", |spec| spec.type_ = Some("LoadBalancer".to_owned())).await;
        c.edit::<Node>("node-1", |node| {
            node.metadata.labels.get_or_insert_default().remove(EXCLUDE_LABEL);
        })
        .await;
        c.sleep(Duration::from_secs(4)).await;
        c.delete::<Service>("default/front").await;
        let gone = |state: &State| state.get::<Service>(&ObjectKey::from("default/front")).is_none();
        c.until("front is gone", gone).await;
        c.apply(BALANCERS).await;
        c.sleep(Duration::from_secs(3)).await;
        edit(&c, "side", be_cluster_ip).await;
        c.delete::<Service>("default/elsewhere").await;
        // The last balancer was made before this.
        exclude(&c, "node-2").await;
    })
}

async fn exclude(c: &Cluster, node: &str) {
    c.edit::<Node>(node, |node| {
        node.metadata.labels.get_or_insert_default().insert(EXCLUDE_LABEL.to_owned(), String::new());
    })
    .await;
}

async fn edit(c: &Cluster, name: &str, change: impl Fn(&mut ServiceSpec) + Send + Sync) {
    c.edit::<Service>(&format!("default/{name}"), |service| {
        change(service.spec.get_or_insert_default());
    })
    .await;
}

fn be_cluster_ip(spec: &mut ServiceSpec) {
    spec.type_ = Some("ClusterIP".to_owned());
    spec.external_traffic_policy = None;
    spec.health_check_node_port = None;
    for port in spec.ports.iter_mut().flatten() {
        port.node_port = None;
    }
}

/// Label of what stands for a balancer.
const BALANCER: &str = "example.org/balancer";
const NODES: &str = "nodes";
const PORTS: &str = "ports";
const SOURCES: &str = "sources";

/// A cloud whose balancers are ConfigMaps: it is as far away as the store is, fails as it does, and oracles see it.
struct StoredCloud {
    service: Arc<dyn ObjectService>,
}

impl fmt::Debug for StoredCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredCloud").finish_non_exhaustive()
    }
}

impl StoredCloud {
    fn balancers(&self) -> Api<ConfigMap> {
        Api::namespaced(self.service.clone(), "default")
    }

    async fn find(&self, name: &str) -> Result<Option<ConfigMap>, CloudError> {
        self.balancers().find(name).await.map_err(|error| lost(&error))
    }
}

#[async_trait]
impl CloudProvider for StoredCloud {
    async fn status(&self, service: &Service) -> Result<Option<LoadBalancerStatus>, CloudError> {
        let name = balancer_name(service);
        Ok(self.find(&name).await?.map(|_| status(&name)))
    }

    async fn ensure(
        &self,
        service: &Service,
        nodes: &[Arc<NodeView>],
    ) -> Result<LoadBalancerStatus, CloudError> {
        let name = balancer_name(service);
        let wanted = data(service, nodes);
        let done = if let Some(mut there) = self.find(&name).await? {
            there.data = Some(wanted);
            self.balancers().update(&there).await
        } else {
            let mut made = ConfigMap { data: Some(wanted), ..ConfigMap::default() };
            made.metadata.name = Some(name.clone());
            made.metadata.labels = Some([(BALANCER.to_owned(), service.uid().to_string())].into());
            self.balancers().create(&made).await
        };
        done.map_err(|error| lost(&error))?;
        Ok(status(&name))
    }

    async fn update_nodes(&self, service: &Service, nodes: &[Arc<NodeView>]) -> Result<(), CloudError> {
        let name = balancer_name(service);
        let Some(mut there) = self.find(&name).await? else { return Err(CloudError::Missing { name }) };
        there.data.get_or_insert_default().insert(NODES.to_owned(), names(nodes));
        self.balancers().update(&there).await.map_err(|error| lost(&error))?;
        Ok(())
    }

    async fn remove(&self, service: &Service) -> Result<(), CloudError> {
        match self.balancers().delete(&balancer_name(service), &DeleteOptions::default()).await {
            Err(error) if !error.is_not_found() => Err(lost(&error)),
            _ => Ok(()),
        }
    }
}

fn lost(error: &ApiError) -> CloudError {
    CloudError::Temporary { message: error.to_string() }
}

fn status(name: &str) -> LoadBalancerStatus {
    let hostname = Some(format!("{name}.example.org"));
    LoadBalancerStatus {
        ingress: Some(vec![LoadBalancerIngress { hostname, ..LoadBalancerIngress::default() }]),
    }
}

fn names(nodes: &[Arc<NodeView>]) -> String {
    nodes.iter().map(|node| &*node.meta.name).collect::<Vec<_>>().join(" ")
}

/// What a balancer of that Service is made of.
fn data(service: &Service, nodes: &[Arc<NodeView>]) -> BTreeMap<String, String> {
    let spec = service.spec.clone().unwrap_or_default();
    let ports = spec.ports.iter().flatten().map(|port| format!("{}:{:?}", port.port, port.node_port));
    [
        (NODES.to_owned(), names(nodes)),
        (PORTS.to_owned(), ports.collect::<Vec<_>>().join(" ")),
        (SOURCES.to_owned(), spec.load_balancer_source_ranges.unwrap_or_default().join(" ")),
    ]
    .into()
}

/// Balancers stand for Services that are there and held, always; at rest for exactly those that want one, as they want it.
#[derive(Debug)]
struct Balancers;

impl Oracle for Balancers {
    fn name(&self) -> &'static str {
        "balancers"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        if commit.changes.iter().all(crate::oracle::Change::is_chatter) {
            return Ok(());
        }
        let held: BTreeSet<Uid> = state
            .all::<Service>()
            .iter()
            .filter(|service| service.metadata.finalizers.iter().flatten().any(|name| name == FINALIZER))
            .map(|service| service.uid())
            .collect();
        for (of, balancer) in made(state) {
            if !held.iter().any(|uid| uid.as_str() == of) {
                return Err(format!("balancer {} is of {of}, which may go or is gone", balancer.name()));
            }
        }
        Ok(())
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        let nodes = balancer_nodes(&state.nodes());
        let mut made = made(state);
        for service in state.all::<Service>() {
            let told = service.status.as_ref().and_then(|status| status.load_balancer.clone());
            let told = told.unwrap_or_default().ingress.unwrap_or_default();
            let told: Vec<&str> = told.iter().filter_map(|ingress| ingress.hostname.as_deref()).collect();
            let balancer = made.remove(service.uid().as_str());
            let name = service.key();
            if !needs_balancer(&service) {
                let held = service.metadata.finalizers.iter().flatten().any(|name| name == FINALIZER);
                if held || !told.is_empty() || balancer.is_some() {
                    return Err(format!(
                        "{name} wants no balancer: held {held}, tells of {told:?}, has {balancer:?}"
                    ));
                }
                continue;
            }
            let Some(balancer) = balancer else { return Err(format!("{name} has no balancer")) };
            if told != [format!("{}.example.org", balancer.name())] {
                return Err(format!("{name} tells of {told:?}, its balancer is {}", balancer.name()));
            }
            let wanted = data(&service, &nodes);
            if balancer.data.as_ref() != Some(&wanted) {
                return Err(format!("{name} wants {wanted:?}, its balancer has {:?}", balancer.data));
            }
        }
        match made.keys().next() {
            Some(uid) => Err(format!("a balancer of {uid} is left over")),
            None => Ok(()),
        }
    }
}

/// The balancers, by the uid of their Service.
fn made(state: &State) -> BTreeMap<String, Arc<ConfigMap>> {
    let label = |map: &ConfigMap| map.metadata.labels.as_ref()?.get(BALANCER).cloned();
    state.all::<ConfigMap>().into_iter().filter_map(|map| Some((label(&map)?, map))).collect()
}
