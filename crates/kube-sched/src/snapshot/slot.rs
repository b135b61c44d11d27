//! One place for a node.

use super::chunk::{CHUNK, Chunk};
use super::{BoundPod, Holding, Marks, NodeFacts};
use crate::framework::{Core, HostPort, NonZero};
use std::sync::Arc;

/// A node's place in a snapshot and in its forks. A place that a removed node leaves is used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeSlot(pub(super) u32);

impl NodeSlot {
    pub(crate) fn of(index: usize) -> Self {
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
    at: usize,
    place: NodeSlot,
}

impl<'s> Slot<'s> {
    pub(super) fn new(chunk: &'s Chunk, slot: NodeSlot) -> Self {
        Self { chunk, at: slot.at(), place: slot }
    }

    /// The only place of a chunk that stands for the one of `slot`.
    pub(super) fn alone(chunk: &'s Chunk, slot: NodeSlot) -> Self {
        Self { chunk, at: 0, place: slot }
    }

    pub(crate) fn place(&self) -> NodeSlot {
        self.place
    }

    pub(super) fn name(&self) -> &'s Arc<str> {
        &self.chunk.names[self.at]
    }

    pub(crate) fn facts(&self) -> Option<&'s Arc<NodeFacts>> {
        self.chunk.facts[self.at].as_ref()
    }

    pub(crate) fn marks(&self) -> Marks {
        self.chunk.marks[self.at]
    }

    pub(crate) fn allocatable(&self) -> Core {
        self.chunk.allocatable[self.at]
    }

    pub(crate) fn pod_limit(&self) -> i64 {
        self.chunk.pod_limit[self.at]
    }

    pub(crate) fn requested(&self) -> Core {
        self.chunk.requested[self.at]
    }

    pub(crate) fn non_zero(&self) -> NonZero {
        self.chunk.non_zero[self.at]
    }

    pub(crate) fn requested_scalar(&self, name: &str) -> i64 {
        let scalars = self.chunk.loads[self.at].scalars.as_slice();
        scalars.binary_search_by(|(other, _)| (**other).cmp(name)).map_or(0, |place| scalars[place].1)
    }

    pub(crate) fn pod_count(&self) -> i64 {
        self.chunk.pod_count[self.at]
    }

    pub(crate) fn ports(&self) -> &'s [HostPort] {
        self.chunk.loads[self.at].ports.as_slice()
    }

    pub(crate) fn pods(&self) -> &'s [Arc<BoundPod>] {
        &self.chunk.loads[self.at].pods
    }

    /// In the order of [`Slot::pods`].
    pub(crate) fn holdings(&self) -> &'s [Holding] {
        &self.chunk.loads[self.at].holdings
    }
}
