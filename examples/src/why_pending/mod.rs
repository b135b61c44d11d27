//! Why a pod is pending: every node as every plugin sees it, and what would have to change. No store, no runtime.

use crate::screen::Screen;
use kube_core::view::{NodeView, PodView, from_value};
use kube_sched::framework::PodInfo;
use kube_sched::{Decision, Engine, Profile, Snapshot};
use serde_json::{Value, json};
use std::error::Error;
use std::sync::Arc;

/// Shows it for a pod that no node of five takes, and for one that some do; gives the line of the first in
/// Kubernetes' words.
///
/// # Errors
/// An object that does not decode, or a plugin that broke.
pub fn run(screen: &mut Screen) -> Result<String, Box<dyn Error + Send + Sync>> {
    let taint = json!([{"key": "dedicated", "value": "db", "effect": "NoSchedule"}]);
    let nodes = [
        ("small-1", "2", json!({})),
        ("small-2", "2", json!({})),
        ("small-3", "2", json!({})),
        ("database", "16", json!({"taints": taint})),
        ("cordoned", "16", json!({"unschedulable": true})),
    ];
    let mut cluster = Snapshot::new();
    for (name, cpu, spec) in nodes {
        let allocatable = json!({"cpu": cpu, "memory": "32Gi", "pods": "110"});
        let node = json!({"metadata": {"name": name}, "spec": spec, "status": {"allocatable": allocatable}});
        cluster.upsert_node(&Arc::new(from_value::<NodeView>(node)?));
    }
    let engine = Engine::new(&Profile::default())?;

    let big = pod("big", "3")?;
    let Decision::Unschedulable(why) = engine.explain(&cluster, &big) else { return Err("it fits".into()) };
    screen.headline("why, and what would have to change");
    screen.line(why.report());
    screen.headline("every node, as every plugin sees it");
    screen.line(engine.report(&cluster, &big)?);
    screen.headline("a pod that fits");
    screen.line(engine.report(&cluster, &pod("small", "500m")?)?);
    Ok(why.to_string())
}

fn pod(name: &str, cpu: &str) -> Result<PodInfo, kube_core::view::DecodeError> {
    let container = json!({"name": "main", "resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}});
    let value: Value =
        json!({"metadata": {"name": name, "namespace": "default"}, "spec": {"containers": [container]}});
    Ok(PodInfo::new(from_value::<PodView>(value)?))
}
