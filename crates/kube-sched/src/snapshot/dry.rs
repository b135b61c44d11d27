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
    /// Whether its pods themselves are looked at, and not only what they hold.
    lists_pods: bool,
}

impl DryNode {
    pub(super) fn new(chunk: Chunk, slot: NodeSlot, lists_pods: bool) -> Self {
        let mut node = Self { chunk, slot, lists_pods };
        node.chunk.share_ports(0);
        node
    }

    /// Becomes a copy of another node.
    pub(crate) fn copy(&mut self, snapshot: &Snapshot, slot: NodeSlot) {
        if let Some(chunk) = snapshot.chunks.get(slot.chunk()) {
            self.chunk.clear();
            self.chunk.push_copy(chunk, slot.at());
            self.slot = slot;
            self.chunk.share_ports(0);
        }
    }

    pub(crate) fn add(&mut self, pod: &Arc<BoundPod>) {
        if self.lists_pods {
            self.chunk.add(0, pod.clone());
        } else {
            self.chunk.hold(0, pod);
        }
        if !pod.ports().is_empty() {
            self.chunk.share_ports(0);
        }
    }

    pub(crate) fn remove(&mut self, pod: &BoundPod) {
        if self.lists_pods {
            self.chunk.remove(0, pod);
        } else {
            self.chunk.let_go(0, pod);
        }
    }

    /// The node as it is now, all columns readable; everything else is as in `snapshot`.
    pub(crate) fn node<'s>(&'s self, snapshot: &'s Snapshot) -> Option<NodeRef<'s>> {
        let slot = Slot::alone(&self.chunk, self.slot);
        Some(NodeRef::new(snapshot, slot, slot.facts()?, u32::MAX))
    }
}
