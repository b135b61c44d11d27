//! Pods that look at other pods: spreading, anti-affinity, preferred affinity; and pods that do not, on the same cluster.

use super::Ours;
use kube_core::view::{DecodeError, NodeView, PodView, from_value};
use kube_sched::engine::Engine;
use kube_sched::profile::{Profile, ProfileError};
use kube_sched::snapshot::Snapshot;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the pending pods want of other pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    Nothing,
    /// To be spread: hard over zones, softly over hosts.
    Spread,
    /// No other of their kind on their host.
    Apart,
    /// Others of their kind in their zone, if that can be.
    Together,
}

impl Wish {
    /// All of them, with names.
    pub const ALL: [(&'static str, Self); 4] = [
        ("basic", Self::Nothing),
        ("spread", Self::Spread),
        ("anti-affinity", Self::Apart),
        ("preferred-affinity", Self::Together),
    ];

    fn spec(self) -> Value {
        let selector = json!({"matchLabels": {"app": "web"}});
        let spread = |key: &str, skew: i32, how: &str| json!({"maxSkew": skew, "topologyKey": key, "whenUnsatisfiable": how, "labelSelector": selector});
        let required = "requiredDuringSchedulingIgnoredDuringExecution";
        let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
        match self {
            Self::Nothing => json!({}),
            Self::Spread => json!({"topologySpreadConstraints": [
                spread(ZONE, 5, "DoNotSchedule"), spread(HOST, 1, "ScheduleAnyway")]}),
            Self::Apart => {
                json!({"affinity": {"podAntiAffinity": {required: [{"topologyKey": HOST, "labelSelector": selector}]}}})
            }
            Self::Together => json!({"affinity": {"podAffinity": {preferred: [
                {"weight": 10, "podAffinityTerm": {"topologyKey": ZONE, "labelSelector": selector}}]}}}),
        }
    }
}

/// Nodes in 10 zones, a pod on each (one in five of the kind `web`), and pending pods of that kind.
#[derive(Debug)]
pub struct Crowd {
    /// What the pending pods want.
    pub wish: Wish,
    /// The nodes.
    pub nodes: Vec<Arc<NodeView>>,
    /// The pods on them.
    pub bound: Vec<Arc<PodView>>,
    /// The pods that wait.
    pub pending: Vec<Arc<PodView>>,
}

impl Crowd {
    /// `pods` pods wait.
    ///
    /// # Errors
    /// An object does not decode.
    pub fn new(wish: Wish, nodes: usize, pods: usize) -> Result<Self, DecodeError> {
        let mut crowd = Self { wish, nodes: Vec::new(), bound: Vec::new(), pending: Vec::new() };
        for index in 0..nodes {
            let name = format!("node-{index}");
            crowd.nodes.push(Arc::new(from_value(json!({
                "metadata": {"name": name, "labels": {HOST: name, ZONE: format!("zone-{}", index % ZONES)}},
                "status": {"allocatable": {"cpu": "32", "memory": "128Gi", "pods": "110"}},
            }))?));
            let (app, own) = if index % 5 == 0 { ("web", wish.spec()) } else { ("other", json!({})) };
            crowd.bound.push(Arc::new(pod(&format!("bound-{index}"), app, own, Some(&name))?));
        }
        for index in 0..pods {
            crowd.pending.push(Arc::new(pod(&format!("pending-{index}"), "web", wish.spec(), None)?));
        }
        Ok(crowd)
    }

    /// Our engine on this cluster.
    ///
    /// # Errors
    /// The default profile does not resolve.
    pub fn ours(&self) -> Result<Ours, ProfileError> {
        let mut cluster = Snapshot::new();
        self.nodes.iter().for_each(|node| cluster.upsert_node(node));
        self.bound.iter().for_each(|pod| cluster.upsert_pod(pod));
        Ok(Ours { engine: Engine::new(&Profile::default())?, cluster })
    }
}

fn pod(name: &str, app: &str, more: Value, node: Option<&str>) -> Result<PodView, DecodeError> {
    let requests = json!({"cpu": "100m", "memory": "200Mi"});
    let mut spec =
        json!({"containers": [{"name": "app", "image": "app:1", "resources": {"requests": requests}}]});
    if let (Some(spec), Value::Object(more)) = (spec.as_object_mut(), more) {
        spec.extend(more);
        spec.extend(node.map(|node| ("nodeName".to_owned(), json!(node))));
    }
    from_value(
        json!({"metadata": {"name": name, "namespace": "default", "labels": {"app": app}}, "spec": spec}),
    )
}

/// The baseline: node by node, and for each the pods one by one. What one writes first: sums of requests are kept, counts of
/// pods are not, since which counts matter depends on the pod. It knows only what these pods ask for: no taints, no
/// affinity to nodes, no images, no volumes.
#[derive(Clone, Debug)]
pub struct PerNode {
    nodes: Vec<Simple>,
}

#[derive(Clone, Debug)]
struct Simple {
    zone: String,
    cpu: i64,
    memory: i64,
    used_cpu: i64,
    used_memory: i64,
    pods: Vec<BTreeMap<String, String>>,
}

impl PerNode {
    /// The same cluster.
    pub fn new(crowd: &Crowd) -> Self {
        let nodes = (0..crowd.nodes.len()).map(|index| Simple {
            zone: format!("zone-{}", index % ZONES),
            cpu: 32_000,
            memory: 128 << 30,
            used_cpu: CPU,
            used_memory: MEMORY,
            pods: vec![labels(if index % 5 == 0 { "web" } else { "other" })],
        });
        Self { nodes: nodes.collect() }
    }

    /// The node of each of `count` pods that wish for this.
    pub fn place(&self, wish: Wish, count: usize) -> Vec<Option<usize>> {
        let mut nodes = self.nodes.clone();
        (0..count).map(|_| place(&mut nodes, wish)).collect()
    }
}

fn place(nodes: &mut [Simple], wish: Wish) -> Option<usize> {
    let mut zones: BTreeMap<&str, i64> = BTreeMap::new();
    if wish == Wish::Spread || wish == Wish::Together {
        for node in nodes.iter() {
            *zones.entry(&node.zone).or_default() += node.like();
        }
    }
    let least = zones.values().min().copied().unwrap_or(0);
    let score = |node: &Simple| {
        let (cpu, memory) = (node.used_cpu + CPU, node.used_memory + MEMORY);
        let skewed = wish == Wish::Spread && zones[node.zone.as_str()] + 1 - least > 5;
        if cpu > node.cpu || memory > node.memory || skewed || (wish == Wish::Apart && node.like() > 0) {
            return None;
        }
        let free = (node.cpu - cpu) * 100 / node.cpu + (node.memory - memory) * 100 / node.memory;
        let wished = match wish {
            Wish::Spread => -node.like(),
            Wish::Together => zones[node.zone.as_str()],
            _ => 0,
        };
        Some(free / 2 + 2 * wished)
    };
    let scored = nodes.iter().enumerate().filter_map(|(index, node)| Some((score(node)?, index)));
    let best = scored.max_by_key(|(score, index)| (*score, std::cmp::Reverse(*index)))?.1;
    let node = &mut nodes[best];
    node.used_cpu += CPU;
    node.used_memory += MEMORY;
    node.pods.push(labels("web"));
    Some(best)
}

impl Simple {
    /// How many pods like the pending ones it has.
    fn like(&self) -> i64 {
        let like = self.pods.iter().filter(|pod| pod.get("app").is_some_and(|app| app == "web"));
        i64::try_from(like.count()).unwrap_or(i64::MAX)
    }
}

fn labels(app: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("app".to_owned(), app.to_owned())])
}

const ZONES: usize = 10;
const CPU: i64 = 100;
const MEMORY: i64 = 200 << 20;
const ZONE: &str = "topology.kubernetes.io/zone";
const HOST: &str = "kubernetes.io/hostname";
