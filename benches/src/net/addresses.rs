//! A range of cluster IPs that is nearly full.

use super::world::{address, read};
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::networking::v1::IPAddress;
use kube_net::alloc::{ServiceAllocation, ServiceRanges};
use kube_store::api::Api;
use kube_store::objects::Objects;
use kube_store::service::DeleteOptions;
use kube_store::storage::MemoryStorage;
use serde_json::json;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Services over a store in memory, whose cluster IPs come from one range.
#[derive(Clone, Debug)]
pub struct Addresses(Api<Service>);

impl Addresses {
    /// A range of 2^`bits` addresses of which all are taken but `free`, spread evenly.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn new(env: &Env, bits: u8, free: usize) -> Result<Self, ApiError> {
        let network = format!("12.0.0.0/{}", 32 - bits).parse().map_err(ApiError::internal)?;
        let ranges = ServiceRanges::new([network]).map_err(ApiError::internal)?;
        let allocation = Arc::new(ServiceAllocation::new(ranges));
        let storage = Arc::new(MemoryStorage::with_env(env));
        let objects = Objects::builder(storage, env.clone()).contributor("", "Service", allocation).build();
        let taken = Api::<IPAddress>::all(objects.clone());
        // The first address and the last are nobody's.
        let (first, last) = (1, (1_usize << bits) - 2);
        let apart = (last / free.max(1)).max(1);
        for n in (first..=last).filter(|n| n % apart != apart / 2) {
            let parent = json!({"resource": "services", "namespace": "others", "name": format!("s{n}")});
            let ip = json!({"metadata": {"name": address(12, n)}, "spec": {"parentRef": parent}});
            taken.create(&read(ip)).await?;
        }
        Ok(Self(Api::namespaced(objects, "default")))
    }

    /// Creates a Service of this name; tells its address.
    ///
    /// # Errors
    /// What the store answers: the range is full.
    pub async fn take(&self, name: &str) -> Result<Ipv4Addr, ApiError> {
        let service = json!({"metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}});
        let stored = self.0.create(&read(service)).await?;
        let ip = stored.spec.and_then(|spec| spec.cluster_ip).unwrap_or_default();
        ip.parse().map_err(ApiError::internal)
    }

    /// Deletes it.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn release(&self, name: &str) -> Result<(), ApiError> {
        self.0.delete(name, &DeleteOptions::default()).await.map(drop)
    }
}
