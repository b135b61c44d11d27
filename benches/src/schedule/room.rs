//! A full cluster: making room for a pod that is more important than all that are there; and one decision that asks
//! every plugin.

use kube_core::view::{DecodeError, NodeView, PodView, from_value};
use kube_sched::engine::{Decision, Engine};
use kube_sched::framework::PodInfo;
use kube_sched::profile::Profile;
use kube_sched::snapshot::Snapshot;
use serde_json::json;
use std::error::Error;
use std::sync::Arc;

/// Pods on each node: each takes one of its 20 cpus.
const PODS: usize = 20;
const WANTED: i64 = 4;

/// Nodes that are full of pods of different priorities, and a pod that wants four cpus.
#[derive(Debug)]
pub struct Full {
    engine: Engine,
    cluster: Snapshot,
    urgent: PodInfo,
}

impl Full {
    /// So many nodes.
    ///
    /// # Errors
    /// An object does not decode, or the default profile does not resolve.
    pub fn new(nodes: usize) -> Result<Self, Box<dyn Error>> {
        let mut cluster = Snapshot::new();
        for index in 0..nodes {
            let name = format!("node-{index}");
            cluster.upsert_node(&Arc::new(from_value::<NodeView>(json!({
                "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
                "status": {"allocatable": {"cpu": PODS.to_string(), "memory": "64Gi", "pods": "110"}},
            }))?));
            for nth in 0..PODS {
                cluster.upsert_pod(&Arc::new(pod(
                    &format!("pod-{index}-{nth}"),
                    1,
                    priority(index, nth),
                    Some(&name),
                )?));
            }
        }
        let urgent = PodInfo::new(pod("urgent", WANTED, 1_000_000, None)?);
        Ok(Self { engine: Engine::new(&Profile::default())?, cluster, urgent })
    }

    /// Where room is made, and how many pods have to go.
    pub fn make_room(&self) -> Option<(Arc<str>, usize)> {
        match self.engine.schedule_read(&self.cluster, &self.urgent) {
            Decision::Unschedulable(why) => Some((why.nominated?, why.victims.len())),
            _ => None,
        }
    }
}

/// No two nodes are alike, so that one is best.
fn priority(node: usize, nth: usize) -> i64 {
    i64::try_from((node * 7919 + nth * 104_729) % 100_003).unwrap_or(0)
}

fn pod(name: &str, cpu: i64, priority: i64, node: Option<&str>) -> Result<PodView, DecodeError> {
    let requests = json!({"cpu": cpu.to_string(), "memory": "256Mi"});
    let mut spec =
        json!({"priority": priority, "containers": [{"name": "c", "resources": {"requests": requests}}]});
    if let Some(node) = node {
        spec["nodeName"] = node.into();
    }
    from_value(json!({"metadata": {"name": name, "namespace": "default", "uid": name}, "spec": spec}))
}

/// The baseline, what one writes first: on each node drop the least important pods until there is room, and take the node
/// where the most important of them matters least. Nothing but cpu counts, nobody is asked twice, nothing is explained.
#[derive(Clone, Debug)]
pub struct Greedy(Vec<Vec<i64>>);

impl Greedy {
    /// The priorities of the pods of the same nodes.
    pub fn new(nodes: usize) -> Self {
        Self((0..nodes).map(|index| (0..PODS).map(|nth| priority(index, nth)).collect()).collect())
    }

    /// The node, and how many pods have to go.
    pub fn make_room(&self) -> Option<(usize, usize)> {
        let candidates = self.0.iter().enumerate().map(|(index, pods)| {
            let mut pods = pods.clone();
            pods.sort_unstable();
            let gone = usize::try_from(WANTED).unwrap_or(0).min(pods.len());
            (pods[..gone].iter().copied().max(), pods[..gone].iter().sum::<i64>(), gone, index)
        });
        candidates.min().map(|(_, _, gone, index)| (index, gone))
    }
}

/// A pod that gives every plugin something to do: on the nodes of [`Crowd`](super::hard::Crowd).
///
/// # Errors
/// It does not decode.
pub fn demanding() -> Result<PodInfo, DecodeError> {
    let web = json!({"matchLabels": {"app": "web"}});
    let spread = |key: &str, how: &str| json!({"maxSkew": 5, "topologyKey": key, "whenUnsatisfiable": how, "labelSelector": web});
    let zone = "topology.kubernetes.io/zone";
    let term = json!({"topologyKey": zone, "labelSelector": web});
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
    let in_zones = json!({"key": zone, "operator": "In", "values": (0..8).map(|n| format!("zone-{n}")).collect::<Vec<_>>()});
    let pod: PodView = from_value(json!({
        "metadata": {"name": "demanding", "namespace": "default", "labels": {"app": "web"}},
        "spec": {
            "containers": [{"name": "app", "image": "app:1", "ports": [{"containerPort": 80, "hostPort": 8080}],
                "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}],
            "tolerations": [{"key": "dedicated", "operator": "Exists"}],
            "topologySpreadConstraints": [spread(zone, "DoNotSchedule"), spread("kubernetes.io/hostname", "ScheduleAnyway")],
            "affinity": {
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [in_zones]}]},
                    preferred: [{"weight": 10, "preference": {"matchExpressions": [
                        {"key": zone, "operator": "In", "values": ["zone-1"]}]}}],
                },
                "podAffinity": {preferred: [{"weight": 20, "podAffinityTerm": term}]},
                "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                    {"topologyKey": "kubernetes.io/hostname", "labelSelector": web}]},
            },
        },
    }))?;
    Ok(PodInfo::new(pod))
}
