//! One place for a node.

use super::chunk::{CHUNK, Chunk};
use super::{BoundPod, NodeFacts};
use crate::framework::{Core, HostPort, NonZero};
use std::sync::Arc;

/// A node's place in a snapshot and in its forks. A place that a removed node leaves is used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeSlot(pub(super) u32);

impl NodeSlot {
    pub(super) fn of(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The place as a number.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    pub(super) fn chunk(self) -> usize {
        self.index() / CHUNK
    }

    pub(super) fn at(self) -> usize {
        self.index() % CHUNK
    }
}

/// The columns of one place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot<'s> {
    chunk: &'s Chunk,
    slot: NodeSlot,
}

impl<'s> Slot<'s> {
    pub(super) fn new(chunk: &'s Chunk, slot: NodeSlot) -> Self {
        Self { chunk, slot }
    }

    pub(crate) fn at(&self) -> NodeSlot {
        self.slot
    }

    pub(super) fn name(&self) -> &'s Arc<str> {
        &self.chunk.names[self.slot.at()]
    }

    pub(super) fn facts(&self) -> Option<&'s Arc<NodeFacts>> {
        self.chunk.facts[self.slot.at()].as_ref()
    }

    pub(crate) fn allocatable(&self) -> Core {
        self.chunk.allocatable[self.slot.at()]
    }

    pub(crate) fn pod_limit(&self) -> i64 {
        self.chunk.pod_limit[self.slot.at()]
    }

    pub(crate) fn requested(&self) -> Core {
        self.chunk.requested[self.slot.at()]
    }

    pub(crate) fn non_zero(&self) -> NonZero {
        self.chunk.non_zero[self.slot.at()]
    }

    pub(crate) fn requested_scalar(&self, name: &str) -> i64 {
        let scalars = &self.chunk.loads[self.slot.at()].scalars;
        scalars.binary_search_by(|(other, _)| (**other).cmp(name)).map_or(0, |place| scalars[place].1)
    }

    pub(crate) fn pod_count(&self) -> i64 {
        self.chunk.pod_count[self.slot.at()]
    }

    pub(crate) fn ports(&self) -> &'s [HostPort] {
        &self.chunk.loads[self.slot.at()].ports
    }

    pub(crate) fn pods(&self) -> &'s [Arc<BoundPod>] {
        &self.chunk.loads[self.slot.at()].pods
    }
}
