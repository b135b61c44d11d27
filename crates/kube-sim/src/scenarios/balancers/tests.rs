//! That the oracle sees: clouds that say they did what they did not.

use super::{StoredCloud, over};
use crate::faults::Faults;
use async_trait::async_trait;
use kube_core::kinds::core::v1::{LoadBalancerStatus, Service};
use kube_core::view::NodeView;
use kube_net::cloud::{CloudError, CloudProvider};
use std::sync::Arc;

/// What a cloud says that it did, and did not.
#[derive(Debug, PartialEq, Eq)]
enum Lie {
    Removed,
    ChangedNodes,
}

#[derive(Debug)]
struct LyingCloud(StoredCloud, Lie);

#[async_trait]
impl CloudProvider for LyingCloud {
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
        if self.1 == Lie::ChangedNodes {
            return Ok(());
        }
        self.0.update_nodes(service, nodes).await
    }

    async fn remove(&self, service: &Service) -> Result<(), CloudError> {
        if self.1 == Lie::Removed {
            return Ok(());
        }
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
    assert_eq!(noticed_by(|cloud| Arc::new(LyingCloud(cloud, Lie::Removed))).as_deref(), Some("balancers"));
    assert_eq!(
        noticed_by(|cloud| Arc::new(LyingCloud(cloud, Lie::ChangedNodes))).as_deref(),
        Some("balancers")
    );
}
