//! Load balancers of Services of type `LoadBalancer`: what a provider of them must do, and one in memory.
//!
//! [`needs_balancer`], [`balancer_name`] and [`balancer_nodes`] are the decisions of Kubernetes' service controller, as
//! pure functions; a controller joins them with a [`CloudProvider`].
//!
//! ```
//! use kube_core::kinds::core::v1::Service;
//! use kube_net::cloud::{CloudProvider, MemoryCloud};
//! use serde_json::json;
//!
//! # async fn balance() -> Result<(), Box<dyn std::error::Error>> {
//! let cloud = MemoryCloud::new("203.0.113.0/29".parse()?);
//! let web: Service = serde_json::from_value(json!({
//!     "metadata": {"name": "web", "namespace": "prod", "uid": "5f0c"},
//!     "spec": {"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30080}]},
//! }))?;
//! let status = cloud.ensure(&web, &[]).await?;
//! let ip = status.ingress.and_then(|all| all.into_iter().next()).and_then(|first| first.ip);
//! assert_eq!(ip.as_deref(), Some("203.0.113.1"));
//! # Ok(())
//! # }
//! ```
//!
//! Source: `k8s.io/cloud-provider` (`LoadBalancer`, `controllers/service`).

mod memory;

#[cfg(test)]
mod tests;

pub use memory::{Balancer, MemoryCloud};

use async_trait::async_trait;
use kube_core::kinds::core::v1::{LoadBalancerStatus, Service};
use kube_core::view::NodeView;
use std::fmt;
use std::sync::Arc;

/// Who makes load balancers. A balancer is known by [`balancer_name`], which no two Services share.
///
/// Every method can be called again, after success as after failure, and leads to the same state.
#[async_trait]
pub trait CloudProvider: Send + Sync + fmt::Debug + 'static {
    /// The status of the Service's balancer; `None` where it has none.
    ///
    /// # Errors
    /// What was in the way.
    async fn status(&self, service: &Service) -> Result<Option<LoadBalancerStatus>, CloudError>;

    /// Makes the Service's balancer, or brings it up to date: addresses, ports, nodes. Returns what
    /// `status.loadBalancer` should say.
    ///
    /// # Errors
    /// [`CloudError::Unsupported`] for what the Service asks in vain, else what was in the way.
    async fn ensure(
        &self,
        service: &Service,
        nodes: &[Arc<NodeView>],
    ) -> Result<LoadBalancerStatus, CloudError>;

    /// Brings the nodes behind the Service's balancer up to date, and nothing else.
    ///
    /// # Errors
    /// [`CloudError::Missing`] where there is no balancer, else what was in the way.
    async fn update_nodes(&self, service: &Service, nodes: &[Arc<NodeView>]) -> Result<(), CloudError>;

    /// Removes the Service's balancer; that there is none is success.
    ///
    /// # Errors
    /// What was in the way.
    async fn remove(&self, service: &Service) -> Result<(), CloudError>;
}

/// Why a provider could not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloudError {
    /// Trying again later can help.
    #[error("{message}")]
    Temporary {
        /// What was in the way.
        message: String,
    },
    /// The Service must change first.
    #[error("{field}: {message}")]
    Unsupported {
        /// The field of the Service.
        field: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// There is no balancer to change.
    #[error("there is no load balancer {name:?}")]
    Missing {
        /// Its name.
        name: String,
    },
}

/// Label of nodes that load balancers leave out: see [`is_excluded`].
pub const EXCLUDE_LABEL: &str = "node.kubernetes.io/exclude-from-external-load-balancers";
/// The finalizer that keeps a Service until its balancer is gone.
pub const FINALIZER: &str = "service.kubernetes.io/load-balancer-cleanup";

const SCALED_DOWN: &str = "ToBeDeletedByClusterAutoscaler";

/// Whether the Service is to have a balancer of ours: one with a class is another's.
pub fn needs_balancer(service: &Service) -> bool {
    let Some(spec) = &service.spec else { return false };
    spec.type_.as_deref() == Some("LoadBalancer")
        && spec.load_balancer_class.is_none()
        && service.metadata.deletion_timestamp.is_none()
}

/// The name of a Service's balancer: `a` and its uid without dashes, 32 characters at most.
pub fn balancer_name(service: &Service) -> String {
    let uid = service.metadata.uid.as_deref().unwrap_or_default();
    let name = std::iter::once('a').chain(uid.chars().filter(|char| *char != '-'));
    name.take(32).collect()
}

/// Which of `nodes` stand behind balancers, by name: those that are not being deleted, are not excluded
/// ([`is_excluded`]), and do not leave for the cluster autoscaler. Whether they are ready does not count: health checks
/// find that out sooner, and connections are not cut.
///
/// Source: `k8s.io/cloud-provider/controllers/service` (`stableNodeSetPredicates`), KEP-3458.
pub fn balancer_nodes(nodes: &[Arc<NodeView>]) -> Vec<Arc<NodeView>> {
    let stands = |node: &NodeView| {
        let leaving = node.spec.taints.iter().any(|taint| *taint.key == *SCALED_DOWN);
        !leaving && node.meta.deletion_timestamp.is_none() && !is_excluded(node)
    };
    let mut chosen: Vec<Arc<NodeView>> = nodes.iter().filter(|node| stands(node)).cloned().collect();
    chosen.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
    chosen
}

/// Whether balancers leave the node out for its label [`EXCLUDE_LABEL`]: with any value but one that means false.
pub fn is_excluded(node: &NodeView) -> bool {
    let label = node.meta.labels.get(EXCLUDE_LABEL);
    label.is_some_and(|value| !["0", "f", "F", "false", "FALSE", "False"].contains(&&**value))
}
