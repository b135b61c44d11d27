//! What one writes first: loops that poll. Each looks at everything there is, does the next thing, and looks again; no
//! watch, no cache, no queue. The loops of many first controllers are like this, since each step is so easy to get right:
//! the list is the truth, and there is nothing to keep up to date.
//!
//! It runs on the same store with the same API semantics and one loop after the other, without any waiting, which a
//! real poller would do between its looks. It does less: no ReplicaSet, no status of the Deployment, a scheduler that
//! counts pods, and slices that are written once at the end. Every step reads all pods, so its cost grows with the
//! square of their number; it is run at sizes that end, and the figures for 5,000 pods follow from the growth.

use super::manifests;
use super::report::{Report, Stage};
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{Node, Pod, PodCondition, PodStatus};
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::resource::Resource;
use kube_store::api::Api;
use kube_store::objects::Objects;
use kube_store::service::ListQuery;
use kube_store::storage::Storage;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Brings `replicas` pods to life on `nodes` nodes in `storage`.
///
/// # Errors
/// What the store answers.
pub async fn polling(
    storage: Arc<dyn Storage>,
    env: Env,
    nodes: usize,
    replicas: usize,
) -> Result<Report, ApiError> {
    let objects = Objects::new(storage, env.clone());
    objects.ensure_system_namespaces().await?;
    let loops = Loops {
        pods: Api::namespaced(objects.clone(), "default"),
        nodes: Api::all(objects.clone()),
        slices: Api::namespaced(objects, "default"),
    };
    for index in 0..nodes {
        loops.nodes.create(&decode(manifests::node(&format!("node-{index}")))?).await?;
    }
    let begin = env.now();
    let mut stages = Vec::new();
    let mut first = env.now() - begin;
    let mut done = |name, pods| {
        let last = env.now() - begin;
        stages.push(Stage { name, pods, first, last });
        first = last;
    };
    done("create", loops.create(replicas).await?);
    done("schedule", loops.schedule().await?);
    done("run", loops.run().await?);
    done("slices", loops.publish().await?);
    Ok(Report { stages })
}

struct Loops {
    pods: Api<Pod>,
    nodes: Api<Node>,
    slices: Api<EndpointSlice>,
}

impl Loops {
    /// While there are too few pods, makes one.
    async fn create(&self, replicas: usize) -> Result<usize, ApiError> {
        loop {
            let have = self.list().await?.len();
            if have >= replicas {
                return Ok(have);
            }
            self.pods.create(&decode(manifests::pod(&format!("web-{have}")))?).await?;
        }
    }

    /// While a pod has no node, gives it the one with the fewest pods.
    async fn schedule(&self) -> Result<usize, ApiError> {
        loop {
            let pods = self.list().await?;
            let Some(pod) = pods.iter().find(|pod| node_of(pod).is_none()) else { return Ok(pods.len()) };
            let nodes = self.nodes.list(&ListQuery::all()).await?.items;
            let mut load: BTreeMap<&str, usize> = nodes.iter().map(|node| (node.meta_name(), 0)).collect();
            for node in pods.iter().filter_map(node_of) {
                *load.entry(node).or_default() += 1;
            }
            let Some((node, _)) = load.iter().min_by_key(|(_, pods)| **pods) else { return Ok(0) };
            self.pods.bind(pod.meta_name(), node).await?;
        }
    }

    /// Each node in turn looks for its pods and says that they run.
    async fn run(&self) -> Result<usize, ApiError> {
        let mut running = 0;
        for node in self.nodes.list(&ListQuery::all()).await?.items {
            for mut pod in self.list().await?.into_iter().filter(|pod| node_of(pod) == Some(node.meta_name()))
            {
                pod.status = Some(ready());
                self.pods.update_status(&pod).await?;
                running += 1;
            }
        }
        Ok(running)
    }

    /// Writes the ready pods into slices of 100.
    async fn publish(&self) -> Result<usize, ApiError> {
        let pods = self.list().await?;
        for (index, chunk) in pods.chunks(100).enumerate() {
            let endpoint = |pod: &Pod| {
                serde_json::json!({
                    "addresses": ["10.0.0.1"], "conditions": {"ready": true},
                    "targetRef": {"kind": "Pod", "namespace": "default", "name": pod.meta_name()},
                })
            };
            let slice = serde_json::json!({
                "metadata": {"name": format!("web-{index}"), "namespace": "default"},
                "addressType": "IPv4", "ports": [{"port": 8080}],
                "endpoints": chunk.iter().map(endpoint).collect::<Vec<_>>(),
            });
            self.slices.create(&decode(slice)?).await?;
        }
        Ok(pods.len())
    }

    async fn list(&self) -> Result<Vec<Pod>, ApiError> {
        Ok(self.pods.list(&ListQuery::namespaced("default")).await?.items)
    }
}

/// The name of an object that was read from the store.
trait Named {
    fn meta_name(&self) -> &str;
}

impl<K: Resource> Named for K {
    fn meta_name(&self) -> &str {
        self.metadata().name.as_deref().unwrap_or_default()
    }
}

fn node_of(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref()
}

fn ready() -> PodStatus {
    let condition = PodCondition { type_: "Ready".into(), status: "True".into(), ..PodCondition::default() };
    PodStatus { phase: Some("Running".into()), conditions: Some(vec![condition]), ..PodStatus::default() }
}

fn decode<K: DeserializeOwned>(value: serde_json::Value) -> Result<K, ApiError> {
    serde_json::from_value(value).map_err(ApiError::internal)
}
