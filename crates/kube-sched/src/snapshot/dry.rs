//! A node to try changes on.

use super::chunk::Chunk;
use super::{BoundPod, Holding, NodeSlot, Slot, Snapshot};
use crate::framework::NodeRef;
use std::sync::Arc;

/// The numbers of one node, to be changed; what it is stays in the snapshot. Its ports are a set, as they are in Kubernetes:
/// of pods that share one (which no scheduler would have allowed) the first that goes takes it along.
#[derive(Clone, Debug)]
pub(crate) struct DryNode {
    chunk: Chunk,
    slot: NodeSlot,
    /// Whether its pods themselves are looked at, and not only what they hold.
    lists_pods: bool,
}

impl DryNode {
    pub(super) fn new(from: &Chunk, slot: NodeSlot, lists_pods: bool) -> Self {
        let mut node = Self { chunk: from.alone(slot.at(), lists_pods), slot, lists_pods };
        node.chunk.share_ports(0);
        node
    }

    /// Becomes a copy of another node.
    pub(crate) fn copy(&mut self, snapshot: &Snapshot, slot: NodeSlot) {
        if let Some(chunk) = snapshot.chunks.get(slot.chunk()) {
            self.chunk.copy(chunk, slot.at(), self.lists_pods);
            self.slot = slot;
            self.chunk.share_ports(0);
        }
    }

    pub(crate) fn add(&mut self, holding: &Holding, pod: &Arc<BoundPod>) {
        if self.lists_pods {
            self.chunk.add(0, pod.clone());
        } else {
            self.chunk.hold(0, holding, pod);
        }
        if holding.more {
            self.chunk.share_ports(0);
        }
    }

    pub(crate) fn remove(&mut self, holding: &Holding, pod: &BoundPod) {
        if self.lists_pods {
            self.chunk.remove(0, pod);
        } else {
            self.chunk.let_go(0, holding, pod);
        }
    }

    /// The node as it is now, all columns readable; everything else is as in `snapshot`.
    pub(crate) fn node<'s>(&'s self, snapshot: &'s Snapshot) -> Option<NodeRef<'s>> {
        let facts = snapshot.slot(self.slot)?.facts()?;
        Some(NodeRef::new(snapshot, Slot::alone(&self.chunk, self.slot), facts, u32::MAX))
    }
}
