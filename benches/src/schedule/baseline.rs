//! What one writes first: for each pod look at each node, add up what the pods on it request, leave out the nodes
//! that do not do, and take the one with the highest score.
//!
//! It works on the same decoded objects as ours and knows by heart the plugins that matter here: cordons, taints, the
//! node selector, resources, `LeastAllocated` and the balance of cpu and memory. [`Sums::Kept`] is the second thing one
//! writes: the sums stay with the nodes. No plugins, no reasons, no ties by chance: nearly a floor for what any engine
//! that looks at every node can reach.

use super::World;
use kube_core::taint::{Effect, Toleration};
use kube_core::view::{NodeView, PodView};
use std::sync::Arc;

/// How the requests of a node are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sums {
    /// Added up from the node's pods whenever they are asked for.
    Recomputed,
    /// Kept and changed with each pod.
    Kept,
}

/// A cluster of nodes, each with its pods.
#[derive(Clone, Debug)]
pub struct Loop {
    nodes: Vec<Node>,
    sums: Sums,
}

#[derive(Clone, Debug)]
struct Node {
    view: Arc<NodeView>,
    allocatable: Amounts,
    pods: Vec<Arc<PodView>>,
    requested: Amounts,
}

/// Cpu in thousandths, memory in bytes, pods.
#[derive(Clone, Copy, Debug, Default)]
struct Amounts {
    cpu: i64,
    memory: i64,
    pods: i64,
}

impl Loop {
    /// The nodes and bound pods of `world`.
    pub fn new(world: &World, sums: Sums) -> Self {
        let node = |view: &Arc<NodeView>| {
            let has = |name| view.status.allocatable.get(name).unwrap_or_default();
            let allocatable = Amounts {
                cpu: has("cpu").milli_value(),
                memory: has("memory").value(),
                pods: has("pods").value(),
            };
            Node { view: view.clone(), allocatable, pods: Vec::new(), requested: Amounts::default() }
        };
        let mut cluster = Self { nodes: world.nodes.iter().map(node).collect(), sums };
        for pod in &world.bound {
            let on = cluster.nodes.iter_mut().find(|node| pod.node_name() == Some(&node.view.meta.name));
            if let Some(node) = on {
                node.add(pod);
            }
        }
        cluster
    }

    /// The node of each pending pod of `world`; the cluster itself stays as it is.
    pub fn place(&self, world: &World) -> Vec<Option<Arc<str>>> {
        let mut cluster = self.clone();
        world.pending.iter().map(|pod| cluster.place_one(pod)).collect()
    }

    fn place_one(&mut self, pod: &Arc<PodView>) -> Option<Arc<str>> {
        let wanted = Amounts::of(pod);
        let mut best: Option<(i64, usize)> = None;
        for (index, node) in self.nodes.iter().enumerate() {
            let before = match self.sums {
                Sums::Recomputed => {
                    node.pods.iter().map(|pod| Amounts::of(pod)).fold(Amounts::default(), Amounts::plus)
                }
                Sums::Kept => node.requested,
            };
            let with = before.plus(wanted);
            if !admits(&node.view, pod) || !with.fits(node.allocatable) {
                continue;
            }
            let score = least_allocated(with, node.allocatable) + balance(before, with, node.allocatable);
            if best.is_none_or(|(highest, _)| score > highest) {
                best = Some((score, index));
            }
        }
        let node = self.nodes.get_mut(best?.1)?;
        node.add(pod);
        Some(node.view.meta.name.clone())
    }
}

impl Node {
    fn add(&mut self, pod: &Arc<PodView>) {
        self.requested = self.requested.plus(Amounts::of(pod));
        self.pods.push(pod.clone());
    }
}

impl Amounts {
    fn of(pod: &PodView) -> Self {
        pod.spec.containers.iter().fold(Self { pods: 1, ..Self::default() }, |sum, container| {
            let wants = |name| container.resources.requests.get(name).unwrap_or_default();
            let (cpu, memory) = (wants("cpu").milli_value(), wants("memory").value());
            sum.plus(Self { cpu, memory, pods: 0 })
        })
    }

    fn plus(self, other: Self) -> Self {
        Self { cpu: self.cpu + other.cpu, memory: self.memory + other.memory, pods: self.pods + other.pods }
    }

    fn fits(self, has: Self) -> bool {
        self.cpu <= has.cpu && self.memory <= has.memory && self.pods <= has.pods
    }
}

fn admits(node: &NodeView, pod: &PodView) -> bool {
    let tolerated =
        |taint| pod.spec.tolerations.iter().any(|toleration: &Toleration| toleration.tolerates(taint));
    let repels = |effect| matches!(effect, Effect::NoSchedule | Effect::NoExecute);
    !node.spec.unschedulable
        && node.spec.taints.iter().all(|taint| !repels(taint.effect) || tolerated(taint))
        && pod.spec.node_selector.iter().all(|(key, value)| node.meta.labels.get(key) == Some(value))
}

/// How much would be left, in percent, over both resources.
fn least_allocated(with: Amounts, has: Amounts) -> i64 {
    let left = |has: i64, with: i64| (has - with) * 100 / has;
    i64::midpoint(left(has.cpu, with.cpu), left(has.memory, with.memory))
}

/// How much more alike the two resources would be used.
fn balance(before: Amounts, with: Amounts, has: Amounts) -> i64 {
    50 + (50 + alike(with, has) - alike(before, has)) / 2
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "scores are rounded down")]
fn alike(used: Amounts, has: Amounts) -> i64 {
    let (cpu, memory) = (used.cpu as f64 / has.cpu as f64, used.memory as f64 / has.memory as f64);
    ((1.0 - ((cpu - memory) / 2.0).abs()) * 100.0) as i64
}
