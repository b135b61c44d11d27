//! Policies at work in a resolver.

mod allocations;
mod conforms;
mod ejection;
mod prop_balance;
mod released;
mod rollout;
mod sessions;
mod slow_replica;
mod topology;

use crate::resolve::{service, slice};
use kube_net::balance::Balancing;
use kube_net::resolve::ServiceHandle;
use kube_net::{EndpointTable, ServiceResolver};
use serde_json::json;
use std::sync::Arc;

struct World {
    table: EndpointTable,
    resolver: ServiceResolver,
}

impl World {
    /// Service `prod/web` with endpoints 10.0.0.1 to 10.0.0.`count`, balanced so.
    fn new(balancing: Balancing, count: u8) -> Self {
        let mut table = EndpointTable::balanced(balancing);
        let spec = json!({"clusterIP": "10.96.0.10", "ports": [{"port": 80}]});
        table.upsert_service(&Arc::new(service("prod/web", &spec)));
        let resolver = ServiceResolver::from(table.clone());
        let mut world = Self { table, resolver };
        world.endpoints(1..=count);
        world
    }

    fn endpoints(&mut self, ids: impl IntoIterator<Item = u8>) {
        let ready: Vec<(u8, bool)> = ids.into_iter().map(|id| (id, true)).collect();
        self.table.upsert_slice(&Arc::new(slice("prod/web-1", ("", 80), &ready)));
        self.resolver.publish(&self.table);
    }

    fn web(&self) -> ServiceHandle {
        self.resolver.service("web.prod").unwrap()
    }
}

/// The last byte of the address.
fn id(endpoint: &kube_net::resolve::Endpoint) -> u8 {
    let std::net::IpAddr::V4(ip) = endpoint.address else { panic!("an IPv4 address") };
    ip.octets()[3]
}
