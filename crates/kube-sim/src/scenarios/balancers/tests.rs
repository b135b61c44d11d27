//! That the oracle sees: clouds that say they did what they did not.

use super::{StoredCloud, over};
use crate::faults::Faults;
use async_trait::async_trait;
use kube_core::kinds::core::v1::{LoadBalancerStatus, Service};
use kube_core::view::NodeView;
use kube_net::cloud::{CloudError, CloudProvider};
use std::sync::Arc;

/// Answers as if it had removed a balancer.
#[derive(Debug)]
struct KeepsBalancers(StoredCloud);

/// Answers as if it had changed the nodes behind one.
#[derive(Debug)]
struct KeepsNodes(StoredCloud);

#[async_trait]
impl CloudProvider for KeepsBalancers {
    async fn status(&self, service: &Service) -> Result<Option<LoadBalancerStatus>, CloudError> {
        self.0.status(service).await
    }

    async fn ensure(
        &self,
        service: &Service,
        nodes: &[Arc<NodeView>],
    ) -> Result<LoadBalancerStatus, CloudError> {
        self.0.ensure(service, nodes).await
    }

    async fn update_nodes(&self, service: &Service, nodes: &[Arc<NodeView>]) -> Result<(), CloudError> {
        self.0.update_nodes(service, nodes).await
    }

    async fn remove(&self, _: &Service) -> Result<(), CloudError> {
        Ok(())
    }
}

#[async_trait]
impl CloudProvider for KeepsNodes {
    async fn status(&self, service: &Service) -> Result<Option<LoadBalancerStatus>, CloudError> {
        self.0.status(service).await
    }

    async fn ensure(
        &self,
        service: &Service,
        nodes: &[Arc<NodeView>],
    ) -> Result<LoadBalancerStatus, CloudError> {
        self.0.ensure(service, nodes).await
    }

    async fn update_nodes(&self, _: &Service, _: &[Arc<NodeView>]) -> Result<(), CloudError> {
        Ok(())
    }

    async fn remove(&self, service: &Service) -> Result<(), CloudError> {
        self.0.remove(service).await
    }
}

fn noticed_by(make: fn(StoredCloud) -> Arc<dyn CloudProvider>) -> Option<String> {
    let trouble = over(0..1, make).faults(Faults::none()).observe(0).trouble;
    trouble.map(|trouble| trouble.noticed_by().to_owned())
}

#[test]
fn a_balancer_that_is_left_and_one_of_old_nodes_are_noticed() {
    assert_eq!(noticed_by(|cloud| Arc::new(cloud)), None);
    assert_eq!(noticed_by(|cloud| Arc::new(KeepsBalancers(cloud))).as_deref(), Some("balancers"));
    assert_eq!(noticed_by(|cloud| Arc::new(KeepsNodes(cloud))).as_deref(), Some("balancers"));
}
