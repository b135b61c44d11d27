//! A scheduler plugin of one's own: pods that name a data set go where it can be reached, best where it lies. What lies
//! where is a custom resource.

mod near_data;

pub use near_data::{DataLocality, DataLocalitySpec, NearData};

use crate::screen::Screen;
use kube_core::kinds::core::v1::{Namespace, Node, Pod};
use kube_core::resource::Resource;
use kube_sched::{Profile, Scheduler};
use kube_store::api::Api;
use kube_store::client::Running;
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::rt;
use kube_store::storage::MemoryStorage;
use serde_json::{Value, json};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// What can go wrong in an example.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Three nodes, a data set on two of them, and a pod that wants it: gives the pod's node.
///
/// # Errors
/// A step that does not come to its end.
pub async fn run(screen: &mut Screen) -> Result<String, Failure> {
    let env = rt::env();
    let objects = Objects::new(Arc::new(MemoryStorage::with_env(&env)), env.clone());
    objects.register_kind::<DataLocality>();
    let informers = Informers::new(objects.clone());

    let near = NearData { locality: informers.informer() };
    let scheduler =
        Scheduler::builder(&informers).profile(Profile::default().with(near).weight(5)).build()?;
    let handle = scheduler.handle();
    let running = Running::start(&env, Box::new(scheduler));

    let localities: Api<DataLocality> = Api::all(objects.clone());
    let pods: Api<Pod> = Api::namespaced(objects.clone(), "default");
    Api::all(objects.clone()).create(&made::<Namespace>(json!({"metadata": {"name": "default"}}))?).await?;
    for name in ["near", "far", "elsewhere"] {
        let node: Node = made(json!({
            "metadata": {"name": name},
            "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}}
        }))?;
        let nodes: Api<Node> = Api::all(objects.clone());
        nodes.create(&node).await?;
        nodes.edit_status(name, |stored| stored.status.clone_from(&node.status)).await?;
    }
    let wants = json!({"name": "analysis", "labels": {"data": "genome"}});
    let spec = json!({"containers": [{"name": "main", "image": "example.org/analysis"}]});
    pods.create(&made::<Pod>(json!({"metadata": wants, "spec": spec}))?).await?;

    let pod = "default/analysis".into();
    for _ in 0..LIMIT {
        if let Some(why) = handle.why(&pod) {
            screen.line(format_args!("before anybody says where the data lies: {why}"));
            break;
        }
        env.sleep(STEP).await;
    }
    let spec = DataLocalitySpec { distances: [("near".into(), 1), ("far".into(), 60)].into() };
    localities.create(&DataLocality::new("genome", spec)).await?;

    for _ in 0..LIMIT {
        let node = pods.get("analysis").await?.spec.and_then(|spec| spec.node_name);
        if let Some(node) = node {
            screen.line(format_args!("once the resource is there: the pod goes to {node}"));
            running.stop();
            running.ended().await?;
            return Ok(node);
        }
        env.sleep(STEP).await;
    }
    Err("the pod got no node in time".into())
}

fn made<K: Resource>(value: Value) -> Result<K, serde_json::Error> {
    serde_json::from_value(value)
}

const STEP: Duration = Duration::from_millis(10);
/// In steps.
const LIMIT: usize = 1_000;
