//! Nodes and pods as clusters have them.

use kube_core::env::Rng;
use kube_core::view::{DecodeError, NodeView, PodView, from_value};
use serde_json::{Value, json};
use std::sync::Arc;

/// Nodes, the pods on them, and pods that wait for a node.
#[derive(Debug, Default)]
pub struct World {
    /// Nodes of three sizes; one in five has no `ssd`, one in twenty is tainted, one in a hundred is cordoned.
    pub nodes: Vec<Arc<NodeView>>,
    /// Three pods on each node.
    pub bound: Vec<Arc<PodView>>,
    /// Pods of 20 templates, of which some select nodes with `ssd` and some tolerate the taint.
    pub pending: Vec<Arc<PodView>>,
}

impl World {
    /// A cluster of `nodes` nodes, and `pods` pods that wait.
    ///
    /// # Errors
    /// An object does not decode.
    pub fn new(nodes: usize, pods: usize) -> Result<Self, DecodeError> {
        let mut rng = Rng::forked(1, "schedule");
        let templates: Vec<Value> = (0..20).map(|_| template(&mut rng)).collect();
        let mut world = Self::default();
        for index in 0..nodes {
            world.nodes.push(Arc::new(from_value(node(&mut rng, index))?));
            for nth in 0..3 {
                let mut spec = rng.pick(&templates).cloned().unwrap_or_default();
                spec["nodeName"] = json!(format!("node-{index}"));
                world.bound.push(Arc::new(from_value(pod(&format!("bound-{index}-{nth}"), &spec))?));
            }
        }
        for index in 0..pods {
            let spec = rng.pick(&templates).cloned().unwrap_or_default();
            world.pending.push(Arc::new(from_value(pod(&format!("pending-{index}"), &spec))?));
        }
        Ok(world)
    }
}

fn node(rng: &mut Rng, index: usize) -> Value {
    let cpus = [8, 16, 32].get(rng.below(3)).copied().unwrap_or(8);
    let disk = if rng.chance(0.2) { "hdd" } else { "ssd" };
    let taints = if rng.chance(0.05) {
        json!([{"key": "dedicated", "value": "batch", "effect": "NoSchedule"}])
    } else {
        json!([])
    };
    json!({
        "metadata": {
            "name": format!("node-{index}"),
            "labels": {"topology.kubernetes.io/zone": format!("zone-{}", index % 3), "disk": disk},
        },
        "spec": {"unschedulable": rng.chance(0.01), "taints": taints},
        "status": {"allocatable": {
            "cpu": cpus.to_string(), "memory": format!("{}Gi", cpus * 4), "pods": "110",
        }},
    })
}

/// The spec of one kind of pod.
fn template(rng: &mut Rng) -> Value {
    let mut pick = |values: &[&str]| rng.pick(values).copied().unwrap_or("1").to_owned();
    let cpu = pick(&["50m", "100m", "250m", "500m", "1"]);
    let memory = pick(&["64Mi", "128Mi", "512Mi", "1Gi", "3Gi"]);
    let mut spec = json!({
        "containers": [{"name": "app", "resources": {"requests": {"cpu": cpu, "memory": memory}}}],
    });
    if rng.chance(0.2) {
        spec["nodeSelector"] = json!({"disk": "ssd"});
    }
    if rng.chance(0.1) {
        spec["tolerations"] = json!([{"key": "dedicated", "operator": "Exists"}]);
    }
    spec
}

fn pod(name: &str, spec: &Value) -> Value {
    json!({"metadata": {"name": name, "namespace": "default", "uid": name}, "spec": spec})
}
