//! A block of nodes, column by column.

use super::{BoundPod, Marks, NodeFacts};
use crate::framework::{Amounts, Core, HostPort, NonZero};
use std::sync::Arc;

/// How many nodes a chunk holds: what is copied when a shared snapshot changes.
pub(crate) const CHUNK: usize = 256;

/// Up to [`CHUNK`] nodes. Numbers that every decision reads lie side by side; the rest is behind pointers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunk {
    pub(super) names: Vec<Arc<str>>,
    pub(crate) allocatable: Vec<Core>,
    pub(crate) requested: Vec<Core>,
    pub(crate) non_zero: Vec<NonZero>,
    pub(crate) pod_limit: Vec<i64>,
    pub(crate) pod_count: Vec<i64>,
    pub(super) marks: Vec<Marks>,
    pub(super) facts: Vec<Option<Arc<NodeFacts>>>,
    pub(super) loads: Vec<Load>,
}

/// What the pods of one node hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Load {
    /// By namespace and name.
    pub(super) pods: Arc<Vec<Arc<BoundPod>>>,
    /// Sorted; a port stands there once per pod that uses it.
    pub(super) ports: Arc<Vec<HostPort>>,
    /// By name; amounts of 0 are left out.
    pub(super) scalars: Arc<Vec<(Arc<str>, i64)>>,
}

impl Chunk {
    /// A chunk of one node, a copy of the one at `at`.
    pub(super) fn alone(&self, at: usize) -> Self {
        let mut alone = Self::default();
        alone.push_copy(self, at);
        alone
    }

    /// Adds a copy of a node of another chunk.
    pub(super) fn push_copy(&mut self, from: &Self, at: usize) {
        self.names.push(from.names[at].clone());
        self.allocatable.push(from.allocatable[at]);
        self.requested.push(from.requested[at]);
        self.non_zero.push(from.non_zero[at]);
        self.pod_limit.push(from.pod_limit[at]);
        self.pod_count.push(from.pod_count[at]);
        self.marks.push(from.marks[at]);
        self.facts.push(from.facts[at].clone());
        self.loads.push(from.loads[at].clone());
    }

    /// Takes all nodes out.
    pub(super) fn clear(&mut self) {
        self.names.clear();
        self.allocatable.clear();
        self.requested.clear();
        self.non_zero.clear();
        self.pod_limit.clear();
        self.pod_count.clear();
        self.marks.clear();
        self.facts.clear();
        self.loads.clear();
    }

    /// How many slots are in use or were.
    pub(super) fn len(&self) -> usize {
        self.facts.len()
    }

    /// Adds an empty slot.
    pub(super) fn push(&mut self) {
        self.names.push(Arc::default());
        self.allocatable.push(Core::default());
        self.requested.push(Core::default());
        self.non_zero.push(NonZero::default());
        self.pod_limit.push(0);
        self.pod_count.push(0);
        self.marks.push(Marks::default());
        self.facts.push(None);
        self.loads.push(Load::default());
    }

    /// Sets what the node at `at` is; `None`: it is gone (its pods may not be yet).
    pub(super) fn set_facts(&mut self, at: usize, facts: Option<Arc<NodeFacts>>) {
        let (core, limit) =
            facts.as_ref().map(|f| (Core::of(f.allocatable()), f.pod_limit())).unwrap_or_default();
        self.allocatable[at] = core;
        self.pod_limit[at] = limit;
        self.marks[at] = facts.as_ref().map(|facts| facts.marks()).unwrap_or_default();
        self.facts[at] = facts;
    }

    /// Adds a pod.
    pub(super) fn add(&mut self, at: usize, pod: Arc<BoundPod>) {
        self.hold(at, &pod);
        let pods = Arc::make_mut(&mut self.loads[at].pods);
        let place = pods.partition_point(|other| other.key() < pod.key());
        pods.insert(place, pod);
    }

    /// Counts what a pod holds, without adding the pod itself.
    pub(super) fn hold(&mut self, at: usize, pod: &BoundPod) {
        self.account(at, pod, 1);
        if !pod.ports().is_empty() {
            let ports = Arc::make_mut(&mut self.loads[at].ports);
            ports.extend(pod.ports().iter().cloned());
            ports.sort_unstable();
        }
    }

    /// Undoes [`Chunk::hold`].
    pub(super) fn let_go(&mut self, at: usize, pod: &BoundPod) {
        self.account(at, pod, -1);
        if !pod.ports().is_empty() {
            let ports = Arc::make_mut(&mut self.loads[at].ports);
            for port in pod.ports() {
                if let Ok(place) = ports.binary_search(port) {
                    ports.remove(place);
                }
            }
        }
    }

    /// Takes a pod away.
    pub(super) fn remove(&mut self, at: usize, pod: &BoundPod) {
        self.let_go(at, pod);
        let pods = Arc::make_mut(&mut self.loads[at].pods);
        if let Ok(place) = pods.binary_search_by(|other| other.key().cmp(pod.key())) {
            pods.remove(place);
        }
    }

    /// Leaves each port once.
    pub(super) fn share_ports(&mut self, at: usize) {
        let ports = &mut self.loads[at].ports;
        if ports.windows(2).any(|pair| pair[0] == pair[1]) {
            Arc::make_mut(ports).dedup();
        }
    }

    /// Go's arithmetic wraps, and wrapping sums come back to where they were.
    fn account(&mut self, at: usize, pod: &BoundPod, sign: i64) {
        let requests: &Amounts = pod.requests();
        let core = &mut self.requested[at];
        core.milli_cpu = core.milli_cpu.wrapping_add(sign * requests.milli_cpu);
        core.memory = core.memory.wrapping_add(sign * requests.memory);
        core.ephemeral_storage = core.ephemeral_storage.wrapping_add(sign * requests.ephemeral_storage);
        let non_zero = &mut self.non_zero[at];
        non_zero.milli_cpu = non_zero.milli_cpu.wrapping_add(sign * pod.non_zero().milli_cpu);
        non_zero.memory = non_zero.memory.wrapping_add(sign * pod.non_zero().memory);
        self.pod_count[at] += sign;
        if !requests.scalars().is_empty() {
            let scalars = Arc::make_mut(&mut self.loads[at].scalars);
            for (name, amount) in requests.scalars() {
                add_scalar(scalars, name, sign * amount);
            }
        }
    }
}

fn add_scalar(scalars: &mut Vec<(Arc<str>, i64)>, name: &Arc<str>, by: i64) {
    match scalars.binary_search_by(|(other, _)| other.cmp(name)) {
        Ok(place) => {
            scalars[place].1 = scalars[place].1.wrapping_add(by);
            if scalars[place].1 == 0 {
                scalars.remove(place);
            }
        }
        Err(_) if by == 0 => {}
        Err(place) => scalars.insert(place, (name.clone(), by)),
    }
}
