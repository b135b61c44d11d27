//! Allocation in the transactions of Services, over a store in memory.

mod concurrent;
mod repair;
mod services;

use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::networking::v1::IPAddress;
use kube_net::alloc::{ServiceAllocation, ServiceRanges};
use kube_store::api::Api;
use kube_store::objects::Objects;
use kube_store::service::ListQuery;
use kube_store::storage::{KeyRange, ListOptions, MemoryStorage};
use serde_json::{Value, json};
use std::sync::Arc;

struct World {
    objects: Arc<Objects>,
    services: Api<Service>,
}

fn objects(env: Env, ranges: ServiceRanges) -> Arc<Objects> {
    Objects::builder(Arc::new(MemoryStorage::new()), env)
        .contributor("", "Service", Arc::new(ServiceAllocation::new(ranges)))
        .build()
}

fn world(ranges: ServiceRanges) -> World {
    let objects = objects(Env::manual(7).0, ranges);
    World { services: Api::namespaced(objects.clone(), "prod"), objects }
}

fn ranges(networks: &[&str]) -> ServiceRanges {
    ServiceRanges::new(networks.iter().map(|network| network.parse().unwrap())).unwrap()
}

fn service(name: &str, spec: &Value) -> Service {
    serde_json::from_value(json!({"metadata": {"name": name}, "spec": spec})).unwrap()
}

impl World {
    fn create(&self, name: &str, spec: &Value) -> Result<Value, ApiError> {
        run(self.services.create(&service(name, spec))).map(|stored| json!(stored.spec))
    }

    fn update(&self, name: &str, spec: &Value) -> Result<Value, ApiError> {
        run(self.services.update(&service(name, spec))).map(|stored| json!(stored.spec))
    }

    /// Names of the `IPAddress` objects, each with the Service that it belongs to.
    fn addresses(&self) -> Vec<(String, String)> {
        let all = Api::<IPAddress>::all(self.objects.clone());
        let list = run(all.list(&ListQuery::default())).unwrap();
        let pair = |ip: IPAddress| (ip.metadata.name.unwrap(), ip.spec.parent_ref.name);
        list.items.into_iter().map(pair).collect()
    }

    fn node_ports(&self) -> Vec<String> {
        let prefix = "/registry/ranges/nodeports/";
        let range = KeyRange::prefix(prefix);
        let page = run(self.objects.storage().list(&range, &ListOptions::default())).unwrap();
        page.items.iter().map(|kv| kv.key.as_str().trim_start_matches(prefix).to_owned()).collect()
    }
}

/// Drives a future that never waits for anything but memory.
fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
