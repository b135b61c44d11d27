//! How long a scheduler that starts takes to know a cluster, and what that takes in memory.
//!
//! ```text
//! cargo run --release -p kube-sched --example cold_start -- [NODES [PODS]]
//! ```
//!
//! Makes so many nodes and pods on them (100,000 and 1,000,000 where nothing is said) as informers hold them, decoded;
//! then builds the snapshot from them, forks it, and decides one pod. What is printed is measured from the decoded
//! objects on.

use kube_core::env::Env;
use kube_core::view::{DecodeError, NodeView, PodView, from_value};
use kube_sched::{Decision, Engine, Profile, Snapshot};
use serde_json::json;
use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let nodes = numbers.next().transpose()?.unwrap_or(100_000);
    let pods = numbers.next().transpose()?.unwrap_or(nodes * 10);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let env = kube_store::rt::env_on(runtime.handle().clone());
    let mut out = std::io::stdout();

    let before = resident()?;
    let node_views = (0..nodes).map(node).collect::<Result<Vec<_>, _>>()?;
    let pod_views = (0..pods).map(|index| pod(index, nodes)).collect::<Result<Vec<_>, _>>()?;
    let decoded = resident()?;
    writeln!(out, "{nodes} nodes, {pods} pods: {} MB decoded", megabytes(decoded, before))?;

    let (cluster, time) = timed(&env, || {
        let mut cluster = Snapshot::new();
        for node in &node_views {
            cluster.upsert_node(node);
        }
        for pod in &pod_views {
            cluster.upsert_pod(pod);
        }
        cluster
    });
    let built = resident()?;
    let state = megabytes(built, decoded);
    writeln!(out, "state built in {:.2} s, {state} MB more", time.as_secs_f64())?;

    let (fork, time) = timed(&env, || cluster.clone());
    writeln!(out, "forked in {:.0} us", time.as_secs_f64() * 1e6)?;
    let engine = Engine::new(&Profile::default())?;
    let wanted = pod(pods, usize::MAX)?;
    let (decision, time) = timed(&env, || engine.schedule(&fork, &wanted));
    let Decision::Place { node, .. } = decision else { return Err("every node has room".into()) };
    writeln!(out, "the first decision, all nodes scored, takes {:.1} ms: {node}", time.as_secs_f64() * 1e3)?;
    Ok(())
}

fn timed<T>(env: &Env, what: impl FnOnce() -> T) -> (T, Duration) {
    let begin = env.now();
    let made = what();
    (made, env.now().since(begin))
}

/// Nodes in ten zones, each with an image and the labels that clouds set.
fn node(index: usize) -> Result<Arc<NodeView>, DecodeError> {
    let name = format!("node-{index}");
    let node = from_value(json!({
        "metadata": {"name": name, "labels": {
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
            "topology.kubernetes.io/zone": format!("zone-{}", index % 10),
            "node.kubernetes.io/instance-type": format!("size-{}", index % 4),
        }},
        "status": {
            "allocatable": {"cpu": "32", "memory": "128Gi", "ephemeral-storage": "100Gi", "pods": "110"},
            "images": [{"names": [format!("app:{}", index % 50)], "sizeBytes": 200_000_000}],
        },
    }));
    node.map(Arc::new)
}

/// Pods of 1,000 workloads, one after the other on the nodes; without a node behind the last one.
fn pod(index: usize, nodes: usize) -> Result<Arc<PodView>, DecodeError> {
    let requests = json!({"cpu": "250m", "memory": "512Mi"});
    let container =
        json!({"name": "app", "image": format!("app:{}", index % 50), "resources": {"requests": requests}});
    let mut spec = json!({"containers": [container]});
    if nodes != usize::MAX {
        spec["nodeName"] = format!("node-{}", index % nodes).into();
    }
    let pod = from_value(json!({
        "metadata": {
            "name": format!("pod-{index}"), "namespace": format!("team-{}", index % 20), "uid": format!("uid-{index}"),
            "labels": {"app": format!("app-{}", index % 1000), "version": "1"},
        },
        "spec": spec,
        "status": {"phase": "Running"},
    }));
    pod.map(Arc::new)
}

/// Bytes of memory that the process holds.
fn resident() -> Result<u64, Box<dyn Error>> {
    let pages = std::fs::read_to_string("/proc/self/statm")?;
    let pages = pages.split_whitespace().nth(1).ok_or("no resident pages")?.parse::<u64>()?;
    Ok(pages * 4096)
}

fn megabytes(after: u64, before: u64) -> u64 {
    after.saturating_sub(before) / 1_000_000
}
