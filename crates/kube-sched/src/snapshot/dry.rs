//! A node to try changes on.

use super::chunk::Chunk;
use super::{BoundPod, NodeSlot, Slot, Snapshot};
use crate::framework::NodeRef;
use std::sync::Arc;

/// A copy of one node. Its ports are a set, as they are in Kubernetes: of pods that share one (which no scheduler would
/// have allowed) the first that goes takes it along.
#[derive(Clone, Debug)]
pub(crate) struct DryNode {
    chunk: Chunk,
    slot: NodeSlot,
}

impl DryNode {
    pub(super) fn new(chunk: Chunk, slot: NodeSlot) -> Self {
        let mut node = Self { chunk, slot };
        node.chunk.share_ports(0);
        node
    }

    pub(crate) fn add(&mut self, pod: Arc<BoundPod>) {
        let ports = !pod.ports().is_empty();
        self.chunk.add(0, pod);
        if ports {
            self.chunk.share_ports(0);
        }
    }

    pub(crate) fn remove(&mut self, pod: &BoundPod) {
        self.chunk.remove(0, pod);
    }

    /// The node as it is now, all columns readable; everything else is as in `snapshot`.
    pub(crate) fn node<'s>(&'s self, snapshot: &'s Snapshot) -> Option<NodeRef<'s>> {
        let slot = Slot::alone(&self.chunk, self.slot);
        Some(NodeRef::new(snapshot, slot, slot.facts()?, u32::MAX))
    }
}
