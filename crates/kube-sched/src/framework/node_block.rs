//! Nodes side by side: one column after the other, instead of one node after the other.

use super::{Core, NonZero, Reads};
use crate::snapshot::{Chunk, NodeSlot};

/// Up to 256 nodes that lie side by side, as far as a plugin declared to read them. Every column has an entry for each
/// place; a place without a node has zeros.
#[derive(Clone, Copy, Debug)]
pub struct NodeBlock<'s> {
    chunk: &'s Chunk,
    first: NodeSlot,
    columns: u32,
}

impl<'s> NodeBlock<'s> {
    pub(crate) fn new(chunk: &'s Chunk, first: NodeSlot, columns: u32) -> Self {
        Self { chunk, first, columns }
    }

    /// The place of its first entry.
    pub fn first(&self) -> NodeSlot {
        self.first
    }

    /// Whether the place is one of this block, or of one before it.
    pub(super) fn reaches(&self, slot: NodeSlot) -> bool {
        slot.index() < self.first.index() + self.chunk.allocatable.len()
    }

    /// What the nodes have for pods ([`Reads::NODE_ALLOCATABLE`]).
    pub fn allocatable(&self) -> &'s [Core] {
        self.declared(&Reads::NODE_ALLOCATABLE);
        &self.chunk.allocatable
    }

    /// How many pods they may hold ([`Reads::NODE_ALLOCATABLE`]).
    pub fn pod_limit(&self) -> &'s [i64] {
        self.declared(&Reads::NODE_ALLOCATABLE);
        &self.chunk.pod_limit
    }

    /// What their pods request ([`Reads::NODE_REQUESTED`]).
    pub fn requested(&self) -> &'s [Core] {
        self.declared(&Reads::NODE_REQUESTED);
        &self.chunk.requested
    }

    /// Cpu and memory that their pods count for in scoring ([`Reads::NODE_REQUESTED`]).
    pub fn non_zero_requested(&self) -> &'s [NonZero] {
        self.declared(&Reads::NODE_REQUESTED);
        &self.chunk.non_zero
    }

    /// How many pods they hold ([`Reads::NODE_REQUESTED`]).
    pub fn pod_count(&self) -> &'s [i64] {
        self.declared(&Reads::NODE_REQUESTED);
        &self.chunk.pod_count
    }

    fn declared(&self, column: &Reads) {
        debug_assert!(
            self.columns & column.columns() != 0,
            "the plugin reads a column of the node that its `reads` does not declare"
        );
    }
}
