//! Whether a node has endpoints of a Service: what load balancers ask.
//!
//! Source: `k8s.io/kubernetes/pkg/proxy/healthcheck`.

use super::resolver::ServiceResolver;
use kube_core::resource::ObjectKey;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a node answers at the health check port of a Service with `externalTrafficPolicy: Local`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthCheck {
    /// The Service.
    pub service: ObjectKey,
    /// The port: the Service's `healthCheckNodePort`.
    pub port: u16,
    /// How many endpoints on the node are ready. Those that terminate do not count (KEP-1669).
    pub local_endpoints: usize,
}

impl HealthCheck {
    /// The status over HTTP: 200 where the node has an endpoint, else 503.
    pub fn status(&self) -> u16 {
        if self.local_endpoints == 0 { 503 } else { 200 }
    }

    /// The body over HTTP, as kube-proxy's.
    pub fn body(&self) -> Value {
        json!({
            "service": {"namespace": *self.service.namespace, "name": *self.service.name},
            "localEndpoints": self.local_endpoints,
            "serviceProxyHealthy": true,
        })
    }
}

impl ServiceResolver {
    /// What `node` answers at the health check ports of all Services that have one, in key order.
    pub fn health_checks(&self, node: &str) -> Vec<HealthCheck> {
        let snapshot = self.snapshot();
        let all = snapshot.services.sorted().into_iter().filter_map(|service| {
            let port = service.health_check_port?;
            let local = service.ready().filter(|endpoint| endpoint.node.as_deref() == Some(node));
            let addresses: BTreeSet<_> = local.map(|endpoint| endpoint.address).collect();
            Some(HealthCheck { service: service.key.clone(), port, local_endpoints: addresses.len() })
        });
        all.collect()
    }
}
