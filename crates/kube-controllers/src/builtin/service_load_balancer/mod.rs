//! Load balancers of Services of type `LoadBalancer`, made by a [`CloudProvider`].

pub mod plan;
#[cfg(test)]
mod tests;

use crate::runtime::queue::RetryLimits;
use crate::runtime::{Context, Controller, Error, Finalizer, Listers, Outcome, Reconciler, Request, Source};
use kube_core::kinds::core::v1::{LoadBalancerStatus, Service};
use kube_core::resource::{ObjectKey, ResourceExt};
use kube_core::view::NodeView;
use kube_net::cloud::{CloudError, CloudProvider, FINALIZER, balancer_nodes, is_excluded, needs_balancer};
use kube_store::client::events::EventType::{Normal, Warning};
use kube_store::informer::{Change, Index};
use plan::{Made, Plan, View, former, plan, says};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Services that are to have a balancer, all under one value.
const BALANCED: &str = "balanced";
const YES: &str = "yes";

/// The controller of load balancers.
///
/// Source: `k8s.io/cloud-provider/controllers/service`.
pub fn controller(cloud: Arc<dyn CloudProvider>) -> Controller {
    Controller::builder(LoadBalancers { cloud, made: Mutex::default() })
        .named("service-lb-controller")
        .index(Index::new(BALANCED, |service: &Service| {
            needs_balancer(service).then(|| Arc::from(YES)).into_iter().collect()
        }))
        .watches(Source::new(all_balanced).predicate(concerns_balancers))
        .retry(RetryLimits::new(Duration::from_secs(5), Duration::from_mins(5)))
        .workers(5)
        .build()
}

fn all_balanced(_: &Change<NodeView>, listers: &Listers) -> Vec<ObjectKey> {
    listers.by_index::<Service>(BALANCED, YES).iter().map(|service| service.key()).collect()
}

/// Nodes that come, go, or are excluded. One that leaves for the autoscaler stays until then, so that connections drain.
/// What is there at the beginning is seen by the first reconciles.
fn concerns_balancers(change: &Change<NodeView>) -> bool {
    let excluded = |node: &Option<Arc<NodeView>>| node.as_deref().map(is_excluded);
    !change.initial && excluded(&change.old) != excluded(&change.new)
}

struct LoadBalancers {
    cloud: Arc<dyn CloudProvider>,
    /// By the Service's key. What is lost with the process is ensured anew.
    made: Mutex<BTreeMap<ObjectKey, Made>>,
}

impl Reconciler for LoadBalancers {
    type Resource = Service;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let service = cx.get::<Service>(&request.key);
        let nodes = balancer_nodes(&cx.list::<NodeView>());
        let made = self.made().get(&request.key).cloned();
        let view = View { service: service.as_deref(), made: made.as_ref(), nodes: &nodes };
        if let Some(former) = former(&view) {
            self.remove_former(cx, &former.service).await?;
            self.made().remove(&request.key);
        }
        let Some(service) = &service else { return Ok(Outcome::Done) };
        let made = self.made().get(&request.key).cloned();
        match plan(&View { service: Some(service), made: made.as_ref(), nodes: &nodes }) {
            Plan::Nothing => {}
            Plan::Hold => {
                // The change leads to the next reconcile.
                let held = cx.finalizer(&**service, FINALIZER).await?;
                debug_assert_eq!(held, Finalizer::Added);
            }
            Plan::Ensure => self.ensure(cx, service, &nodes).await?,
            Plan::UpdateNodes => self.update_nodes(cx, service, &nodes).await?,
            Plan::Report => {
                let status = made.and_then(|made| made.status).unwrap_or_default();
                report(cx, service, &status).await?;
            }
            Plan::Remove => self.remove(cx, service, true).await?,
            Plan::RemoveIfThere => self.remove(cx, service, false).await?,
        }
        Ok(Outcome::Done)
    }
}

impl LoadBalancers {
    fn made(&self) -> MutexGuard<'_, BTreeMap<ObjectKey, Made>> {
        // Every section leaves the map whole.
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ensure(
        &self,
        cx: &Context,
        service: &Arc<Service>,
        nodes: &[Arc<NodeView>],
    ) -> Result<(), Error> {
        cx.event(&**service, Normal, "EnsuringLoadBalancer", "Ensuring load balancer");
        if nodes.is_empty() {
            tell_no_nodes(cx, service);
        }
        // From here on there may be one, whatever is answered.
        let names = nodes.iter().map(|node| node.meta.name.clone()).collect();
        let mut made = Made { service: service.clone(), nodes: names, status: None };
        self.made().insert(service.key(), made.clone());
        let ensured = self.cloud.ensure(service, nodes).await;
        let status =
            ensured.map_err(|error| sync_failed(cx, service, "failed to ensure load balancer", error))?;
        made.status = Some(status.clone());
        self.made().insert(service.key(), made);
        cx.event(&**service, Normal, "EnsuredLoadBalancer", "Ensured load balancer");
        report(cx, service, &status).await
    }

    async fn update_nodes(
        &self,
        cx: &Context,
        service: &Arc<Service>,
        nodes: &[Arc<NodeView>],
    ) -> Result<(), Error> {
        match self.cloud.update_nodes(service, nodes).await {
            Ok(()) => {
                let names = nodes.iter().map(|node| node.meta.name.clone()).collect();
                if let Some(made) = self.made().get_mut(&service.key()) {
                    made.nodes = names;
                }
                if nodes.is_empty() {
                    tell_no_nodes(cx, service);
                } else {
                    let note = "Updated load balancer with new hosts";
                    cx.event(&**service, Normal, "UpdatedLoadBalancer", note);
                }
                Ok(())
            }
            // Somebody removed it.
            Err(CloudError::Missing { .. }) => self.ensure(cx, service, nodes).await,
            Err(error) => {
                let names: Vec<&str> = nodes.iter().map(|node| &*node.meta.name).collect();
                let note = format!(
                    "Error updating load balancer with new hosts {} [node names limited, total number of nodes: {}], \
                     error: {error}",
                    some_of(&names),
                    names.len()
                );
                cx.event(&**service, Warning, "UpdateLoadBalancerFailed", &note);
                Err(Error::failed(error))
            }
        }
    }

    /// Removes the balancer, takes its addresses out of the status, and lets the Service go: each is a write of its own,
    /// and the change leads to the next. `ours` tells that the finalizer is this controller's, whatever the provider has.
    async fn remove(&self, cx: &Context, service: &Service, ours: bool) -> Result<(), Error> {
        let failed = |what: &str, error| sync_failed(cx, service, what, error);
        let there = self.cloud.status(service).await;
        let there = there
            .map_err(|error| failed("failed to check if load balancer exists before cleanup", error))?
            .is_some();
        if !there && !ours {
            return Ok(());
        }
        if there {
            cx.event(service, Normal, "DeletingLoadBalancer", "Deleting load balancer");
            let removed = self.cloud.remove(service).await;
            removed.map_err(|error| failed("failed to delete load balancer", error))?;
        }
        self.made().remove(&service.key());
        let nothing = LoadBalancerStatus::default();
        if !service.is_terminating() && !says(service, &nothing) {
            return report(cx, service, &nothing).await;
        }
        cx.finalized(service, FINALIZER).await?;
        cx.event(service, Normal, "DeletedLoadBalancer", "Deleted load balancer");
        Ok(())
    }

    async fn remove_former(&self, cx: &Context, service: &Service) -> Result<(), Error> {
        cx.event(service, Normal, "DeletingLoadBalancer", "Deleting load balancer");
        if let Err(error) = self.cloud.remove(service).await {
            let note = format!("Error deleting load balancer: {error}");
            cx.event(service, Warning, "DeleteLoadBalancerFailed", &note);
            return Err(Error::failed(error));
        }
        cx.event(service, Normal, "DeletedLoadBalancer", "Deleted load balancer");
        Ok(())
    }
}

async fn report(cx: &Context, service: &Service, told: &LoadBalancerStatus) -> Result<(), Error> {
    if says(service, told) {
        return Ok(());
    }
    cx.patch_status(service, |status| status.load_balancer = Some(told.clone())).await?;
    Ok(())
}

fn sync_failed(cx: &Context, service: &Service, what: &str, error: CloudError) -> Error {
    let note = format!("Error syncing load balancer: {what}: {error}");
    cx.event(service, Warning, "SyncLoadBalancerFailed", &note);
    Error::failed(error)
}

fn tell_no_nodes(cx: &Context, service: &Service) {
    let note = "There are no available nodes for LoadBalancer";
    cx.event(service, Warning, "UnAvailableLoadBalancer", note);
}

/// The first names, as Kubernetes prints them: a note has room for so many.
fn some_of(names: &[&str]) -> String {
    const MOST: usize = 20;
    let mut text = names.iter().take(MOST).copied().collect::<Vec<_>>().join(" ");
    if names.len() > MOST {
        text = format!("{text} <{} more>", names.len() - MOST);
    }
    format!("[{text}]")
}
