//! A block of nodes, column by column.

use super::{BoundPod, Holding, Marks, NodeFacts};
use crate::framework::{Core, HostPort, NonZero};
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
    /// In the order of `pods`.
    pub(super) holdings: Arc<Vec<Holding>>,
    /// Sorted; a port stands there once per pod that uses it.
    pub(super) ports: Few<HostPort>,
    /// By name; amounts of 0 are left out.
    pub(super) scalars: Few<(Arc<str>, i64)>,
}

/// What few nodes have any of: a list that costs nothing where it is empty.
#[derive(Clone, Debug)]
pub(super) struct Few<T>(Option<Arc<Vec<T>>>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Few<T> {
    pub(super) fn as_slice(&self) -> &[T] {
        self.0.as_deref().map(Vec::as_slice).unwrap_or_default()
    }
}

impl<T: Clone> Few<T> {
    fn change(&mut self, change: impl FnOnce(&mut Vec<T>)) {
        let list = self.0.get_or_insert_default();
        change(Arc::make_mut(list));
        if list.is_empty() {
            self.0 = None;
        }
    }
}

impl Chunk {
    /// What the numbers of one node are, in a chunk of its own; its pods as well where they are asked for.
    pub(super) fn alone(&self, at: usize, pods: bool) -> Self {
        let mut alone = Self::default();
        alone.push();
        alone.copy(self, at, pods);
        alone
    }

    /// The only node of this chunk becomes a copy of one of another chunk, but for its name and what it is.
    pub(super) fn copy(&mut self, from: &Self, at: usize, pods: bool) {
        self.allocatable[0] = from.allocatable[at];
        self.requested[0] = from.requested[at];
        self.non_zero[0] = from.non_zero[at];
        self.pod_limit[0] = from.pod_limit[at];
        self.pod_count[0] = from.pod_count[at];
        self.marks[0] = from.marks[at];
        let (load, of) = (&mut self.loads[0], &from.loads[at]);
        load.ports.clone_from(&of.ports);
        load.scalars.clone_from(&of.scalars);
        if pods {
            load.pods.clone_from(&of.pods);
            load.holdings.clone_from(&of.holdings);
        }
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
        let holding = Holding::of(&pod);
        self.hold(at, &holding, &pod);
        let Load { pods, holdings, .. } = &mut self.loads[at];
        // Pods mostly come in order.
        let place = match pods.last() {
            Some(last) if last.key() < pod.key() => pods.len(),
            _ => pods.partition_point(|other| other.key() < pod.key()),
        };
        Arc::make_mut(pods).insert(place, pod);
        Arc::make_mut(holdings).insert(place, holding);
    }

    /// Counts what a pod holds, without adding the pod itself.
    pub(super) fn hold(&mut self, at: usize, holding: &Holding, pod: &BoundPod) {
        self.account(at, holding, 1);
        if holding.more {
            self.account_scalars(at, pod, 1);
            if !pod.ports().is_empty() {
                self.loads[at].ports.change(|ports| {
                    ports.extend(pod.ports().iter().cloned());
                    ports.sort_unstable();
                });
            }
        }
    }

    /// Undoes [`Chunk::hold`].
    pub(super) fn let_go(&mut self, at: usize, holding: &Holding, pod: &BoundPod) {
        self.account(at, holding, -1);
        if holding.more {
            self.account_scalars(at, pod, -1);
            self.loads[at].ports.change(|ports| {
                for port in pod.ports() {
                    if let Ok(place) = ports.binary_search(port) {
                        ports.remove(place);
                    }
                }
            });
        }
    }

    /// Takes a pod away.
    pub(super) fn remove(&mut self, at: usize, pod: &BoundPod) {
        self.let_go(at, &Holding::of(pod), pod);
        let Load { pods, holdings, .. } = &mut self.loads[at];
        if let Ok(place) = pods.binary_search_by(|other| other.key().cmp(pod.key())) {
            Arc::make_mut(pods).remove(place);
            Arc::make_mut(holdings).remove(place);
        }
    }

    /// Leaves each port once.
    pub(super) fn share_ports(&mut self, at: usize) {
        let ports = &mut self.loads[at].ports;
        if ports.as_slice().windows(2).any(|pair| pair[0] == pair[1]) {
            ports.change(Vec::dedup);
        }
    }

    /// Go's arithmetic wraps, and wrapping sums come back to where they were.
    fn account(&mut self, at: usize, Holding { core: held, non_zero: counted, .. }: &Holding, sign: i64) {
        let core = &mut self.requested[at];
        core.milli_cpu = core.milli_cpu.wrapping_add(sign * held.milli_cpu);
        core.memory = core.memory.wrapping_add(sign * held.memory);
        core.ephemeral_storage = core.ephemeral_storage.wrapping_add(sign * held.ephemeral_storage);
        let non_zero = &mut self.non_zero[at];
        non_zero.milli_cpu = non_zero.milli_cpu.wrapping_add(sign * counted.milli_cpu);
        non_zero.memory = non_zero.memory.wrapping_add(sign * counted.memory);
        self.pod_count[at] += sign;
    }

    fn account_scalars(&mut self, at: usize, pod: &BoundPod, sign: i64) {
        let requested = pod.requests().scalars();
        if !requested.is_empty() {
            self.loads[at].scalars.change(|scalars| {
                for (name, amount) in requested {
                    add_scalar(scalars, name, sign * amount);
                }
            });
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
