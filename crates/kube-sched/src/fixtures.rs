//! Nodes and pods for tests, from as little as each test needs to say.

use crate::framework::PodInfo;
use crate::snapshot::Snapshot;
use kube_core::view::{NodeView, PodView, from_value};
use serde_json::{Value, json};
use std::sync::Arc;

/// A node with 4 cpus, 8 GiB and room for 110 pods; `more` is merged over it.
pub(crate) fn node(name: &str, more: Value) -> Arc<NodeView> {
    let mut value = json!({
        "metadata": {"name": name, "uid": name},
        "spec": {},
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}}
    });
    merge(&mut value, more);
    Arc::new(from_value(value).unwrap())
}

/// A pod of the namespace `default` with one container; `spec` is merged over its spec.
pub(crate) fn pod(name: &str, spec: Value) -> Arc<PodView> {
    let mut value = json!({
        "metadata": {"name": name, "namespace": "default", "uid": name},
        "spec": {"containers": [{"name": "main"}]}
    });
    merge(&mut value["spec"], spec);
    Arc::new(from_value(value).unwrap())
}

/// A pod that requests so much.
pub(crate) fn requesting(name: &str, cpu: &str, memory: &str) -> Arc<PodView> {
    let requests = json!({"cpu": cpu, "memory": memory});
    pod(name, json!({"containers": [{"name": "main", "resources": {"requests": requests}}]}))
}

/// The same pod on `node`.
pub(crate) fn on(node: &str, pod: &PodView) -> Arc<PodView> {
    let mut bound = pod.clone();
    bound.spec.node_name = Some(node.into());
    Arc::new(bound)
}

/// The pod, read.
pub(crate) fn info(pod: &Arc<PodView>) -> PodInfo {
    PodInfo::new(pod.clone())
}

/// A cluster of these nodes.
pub(crate) fn cluster(nodes: &[Arc<NodeView>]) -> Snapshot {
    let mut cluster = Snapshot::new();
    for node in nodes {
        cluster.upsert_node(node);
    }
    cluster
}

fn merge(value: &mut Value, more: Value) {
    match (value, more) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in new {
                merge(old.entry(key).or_insert(Value::Null), value);
            }
        }
        (value, more) => *value = more,
    }
}
