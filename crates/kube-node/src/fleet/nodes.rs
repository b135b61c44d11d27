//! The nodes in columns: what each has given away.

use super::SimFleet;
use super::addresses::{Taken, own};
use crate::machine::NodePod;
use crate::machine::admission::{Amounts, HostPort};
use kube_core::pod_resources::ResourceList;
use kube_core::resource::Uid;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

/// What nodes have given away. A node costs 64 bytes; ports and waiting pods cost where there are any.
#[derive(Debug)]
pub(super) struct Nodes {
    first: usize,
    allocatable: Amounts,
    taken: Vec<Taken>,
    used: Vec<Amounts>,
    ports: BTreeMap<usize, Vec<HostPort>>,
    /// Pods that wait for an address, by node in order of arrival; as many as the store has pods bound to the node.
    waiting: BTreeMap<usize, VecDeque<Arc<NodePod>>>,
    waits_at: BTreeMap<Uid, usize>,
}

impl Nodes {
    pub(super) fn new(config: &SimFleet) -> Self {
        let quantity = |text: &str| text.parse().unwrap_or_default();
        let mut has = ResourceList::new();
        has.insert("cpu", quantity(&config.cpu));
        has.insert("memory", quantity(&config.memory));
        has.insert("ephemeral-storage", quantity(super::node_object::EPHEMERAL_STORAGE));
        let value = |name| has.get(name).map_or(0, kube_core::quantity::Quantity::value);
        let allocatable = Amounts {
            milli_cpu: has.get("cpu").map_or(0, kube_core::quantity::Quantity::milli_value),
            memory: value("memory"),
            ephemeral_storage: value("ephemeral-storage"),
            pods: config.pods.into(),
        };
        Self {
            first: config.first,
            allocatable,
            taken: vec![Taken::default(); config.nodes],
            used: vec![Amounts::default(); config.nodes],
            ports: BTreeMap::new(),
            waiting: BTreeMap::new(),
            waits_at: BTreeMap::new(),
        }
    }

    pub(super) fn allocatable(&self) -> &Amounts {
        &self.allocatable
    }

    pub(super) fn used(&self, node: usize) -> &Amounts {
        &self.used[node]
    }

    pub(super) fn ports(&self, node: usize) -> &[HostPort] {
        self.ports.get(&node).map_or(&[], Vec::as_slice)
    }

    pub(super) fn own_address(&self, node: usize) -> IpAddr {
        own(self.first + node)
    }

    /// A free address of the node; `None` when all are taken.
    pub(super) fn take_address(&mut self, node: usize) -> Option<IpAddr> {
        self.taken[node].take(self.first + node)
    }

    pub(super) fn claim_address(&mut self, node: usize, address: IpAddr) {
        self.taken[node].claim(self.first + node, address);
    }

    pub(super) fn release_address(&mut self, node: usize, address: IpAddr) {
        self.taken[node].release(self.first + node, address);
    }

    /// A pod takes this much of the node.
    pub(super) fn charge(&mut self, node: usize, amounts: Amounts, ports: &[HostPort]) {
        self.used[node] = self.used[node].plus(amounts);
        if !ports.is_empty() {
            self.ports.entry(node).or_default().extend_from_slice(ports);
        }
    }

    /// It gives that back.
    pub(super) fn refund(&mut self, node: usize, amounts: Amounts, ports: &[HostPort]) {
        self.used[node] = self.used[node].minus(amounts);
        if let Some(taken) = self.ports.get_mut(&node) {
            for port in ports {
                if let Some(place) = taken.iter().position(|other| other == port) {
                    taken.swap_remove(place);
                }
            }
            if taken.is_empty() {
                self.ports.remove(&node);
            }
        }
    }

    /// The pod waits for an address of the node. Of one that waits already the newer version waits.
    pub(super) fn wait(&mut self, node: usize, pod: Arc<NodePod>) {
        let queue = self.waiting.entry(node).or_default();
        if self.waits_at.insert(pod.meta.uid.clone(), node).is_some() {
            queue.retain(|other| other.meta.uid != pod.meta.uid);
        }
        queue.push_back(pod);
    }

    pub(super) fn is_waiting(&self, uid: &Uid) -> bool {
        self.waits_at.contains_key(uid)
    }

    /// The pod waits no more.
    pub(super) fn leave(&mut self, uid: &Uid) {
        let Some(node) = self.waits_at.remove(uid) else { return };
        if let Some(queue) = self.waiting.get_mut(&node) {
            queue.retain(|pod| pod.meta.uid != *uid);
        }
    }

    /// The pod that has waited longest at the node.
    pub(super) fn next_waiting(&mut self, node: usize) -> Option<Arc<NodePod>> {
        let queue = self.waiting.get_mut(&node)?;
        let pod = queue.pop_front();
        if queue.is_empty() {
            self.waiting.remove(&node);
        }
        let pod = pod?;
        self.waits_at.remove(&pod.meta.uid);
        Some(pod)
    }
}
