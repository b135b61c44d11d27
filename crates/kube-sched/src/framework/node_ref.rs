//! Nodes as plugins see them.

use super::pod_info::HostPort;
use super::{Amounts, NodeBlock, NodeSet, NonZero, Reads};
use crate::snapshot::{
    BoundPod, Holding, ImageState, Kept, LabelColumn, MarkedNodes, Marks, NodeFacts, NodeSlot, Shapes, Slot,
    Snapshot, Table,
};
use kube_core::selector::LabelSet;
use kube_core::taint::Taint;
use kube_core::view::NodeView;
use std::sync::Arc;

/// A node of a snapshot, as far as a plugin declared to read it.
#[derive(Clone, Copy, Debug)]
pub struct NodeRef<'s> {
    snapshot: &'s Snapshot,
    slot: Slot<'s>,
    facts: &'s NodeFacts,
    columns: u32,
}

/// Cpu (thousandths), memory and ephemeral storage (bytes) of a node, without scalar resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Core {
    /// Thousandths of a cpu.
    pub milli_cpu: i64,
    /// Bytes of memory.
    pub memory: i64,
    /// Bytes of ephemeral storage.
    pub ephemeral_storage: i64,
}

impl Core {
    /// The same parts of `amounts`.
    pub fn of(amounts: &Amounts) -> Self {
        Self {
            milli_cpu: amounts.milli_cpu,
            memory: amounts.memory,
            ephemeral_storage: amounts.ephemeral_storage,
        }
    }
}

impl<'s> NodeRef<'s> {
    pub(crate) fn new(snapshot: &'s Snapshot, slot: Slot<'s>, facts: &'s NodeFacts, columns: u32) -> Self {
        Self { snapshot, slot, facts, columns }
    }

    pub(crate) fn with_columns(self, columns: u32) -> Self {
        Self { columns, ..self }
    }

    /// Its name.
    pub fn name(&self) -> &'s Arc<str> {
        self.snapshot.name_at(self.slot.place())
    }

    /// Its place in the snapshot.
    pub fn slot(&self) -> NodeSlot {
        self.slot.place()
    }

    /// Its labels ([`Reads::NODE_LABELS`]).
    pub fn labels(&self) -> &'s LabelSet {
        self.declared(&Reads::NODE_LABELS);
        &self.facts.view().meta.labels
    }

    /// What its taints and its cordon come to, for a quick look ([`Reads::NODE_TAINTS`]).
    pub fn marks(&self) -> Marks {
        self.declared(&Reads::NODE_TAINTS);
        self.slot.marks()
    }

    /// Its taints ([`Reads::NODE_TAINTS`]).
    pub fn taints(&self) -> &'s [Taint] {
        self.declared(&Reads::NODE_TAINTS);
        &self.facts.view().spec.taints
    }

    /// Whether it is cordoned ([`Reads::NODE_TAINTS`]).
    pub fn unschedulable(&self) -> bool {
        self.declared(&Reads::NODE_TAINTS);
        self.facts.view().spec.unschedulable
    }

    /// What it has for pods ([`Reads::NODE_ALLOCATABLE`]).
    pub fn allocatable(&self) -> Core {
        self.declared(&Reads::NODE_ALLOCATABLE);
        self.slot.allocatable()
    }

    /// How many pods it may hold ([`Reads::NODE_ALLOCATABLE`]).
    pub fn pod_limit(&self) -> i64 {
        self.declared(&Reads::NODE_ALLOCATABLE);
        self.slot.pod_limit()
    }

    /// How much of the scalar resource `name` it has for pods; `None` where it has no such resource
    /// ([`Reads::NODE_ALLOCATABLE`]).
    pub fn allocatable_scalar(&self, name: &str) -> Option<i64> {
        self.declared(&Reads::NODE_ALLOCATABLE);
        self.facts.allocatable().scalar(name)
    }

    /// What its pods request ([`Reads::NODE_REQUESTED`]).
    pub fn requested(&self) -> Core {
        self.declared(&Reads::NODE_REQUESTED);
        self.slot.requested()
    }

    /// Cpu and memory that its pods count for in scoring ([`Reads::NODE_REQUESTED`]).
    pub fn non_zero_requested(&self) -> NonZero {
        self.declared(&Reads::NODE_REQUESTED);
        self.slot.non_zero()
    }

    /// How much of the scalar resource `name` its pods request ([`Reads::NODE_REQUESTED`]).
    pub fn requested_scalar(&self, name: &str) -> i64 {
        self.declared(&Reads::NODE_REQUESTED);
        self.slot.requested_scalar(name)
    }

    /// How many pods it holds ([`Reads::NODE_REQUESTED`]).
    pub fn pod_count(&self) -> i64 {
        self.declared(&Reads::NODE_REQUESTED);
        self.slot.pod_count()
    }

    /// Host ports that its pods use, sorted ([`Reads::NODE_PORTS`]).
    pub fn ports(&self) -> &'s [HostPort] {
        self.declared(&Reads::NODE_PORTS);
        self.slot.ports()
    }

    /// An image on it ([`Reads::NODE_IMAGES`]).
    pub fn image(&self, name: &str) -> Option<ImageState> {
        self.declared(&Reads::NODE_IMAGES);
        let size_bytes = self.facts.image_size(name)?;
        Some(ImageState { size_bytes, nodes: self.snapshot.nodes_with_image(name) })
    }

    /// Its pods, by namespace and name ([`Reads::NODE_PODS`]).
    pub fn pods(&self) -> &'s [Arc<BoundPod>] {
        self.declared(&Reads::NODE_PODS);
        self.slot.pods()
    }

    /// What each of its pods holds, in their order ([`Reads::NODE_PODS`]).
    pub(crate) fn holdings(&self) -> &'s [Holding] {
        self.declared(&Reads::NODE_PODS);
        self.slot.holdings()
    }

    /// The node as read from the store ([`Reads::NODE_OBJECT`]).
    pub fn object(&self) -> &'s Arc<NodeView> {
        self.declared(&Reads::NODE_OBJECT);
        self.facts.view()
    }

    fn declared(&self, column: &Reads) {
        debug_assert!(
            self.columns & column.columns() != 0,
            "the plugin reads a column of the node that its `reads` does not declare"
        );
    }
}

/// All nodes of a snapshot, or some; and what else of the snapshot a plugin declared to read.
#[derive(Clone, Copy, Debug)]
pub struct Nodes<'s> {
    snapshot: &'s Snapshot,
    only: Option<&'s [NodeSlot]>,
    reads: &'s Reads,
}

impl<'s> Nodes<'s> {
    pub(crate) fn all(snapshot: &'s Snapshot, reads: &'s Reads) -> Self {
        Self { snapshot, only: None, reads }
    }

    pub(crate) fn some(snapshot: &'s Snapshot, only: &'s [NodeSlot], reads: &'s Reads) -> Self {
        Self { snapshot, only: Some(only), reads }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.only.map_or_else(|| self.snapshot.node_count(), <[_]>::len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The nodes, in the order of the snapshot.
    pub fn iter(&self) -> impl Iterator<Item = NodeRef<'s>> + use<'s> {
        let Self { snapshot, only, reads } = *self;
        let some = only.into_iter().flatten().filter_map(|slot| snapshot.node_at(*slot));
        let all = only.is_none().then(|| snapshot.nodes()).into_iter().flatten();
        some.chain(all).map(move |node| node.with_columns(reads.columns()))
    }

    /// All nodes of the cluster, also where these are some.
    #[must_use]
    pub fn everywhere(&self) -> Self {
        Self { only: None, ..*self }
    }

    /// The places of these nodes, in the order of the snapshot.
    pub fn slots(&self) -> impl Iterator<Item = NodeSlot> + use<'s> {
        let Self { snapshot, only, .. } = *self;
        let all = only.is_none().then(|| snapshot.nodes().map(|node| node.slot())).into_iter().flatten();
        only.into_iter().flatten().copied().chain(all)
    }

    /// All nodes of the cluster, block by block, in the order of the snapshot.
    pub fn blocks(&self) -> impl Iterator<Item = NodeBlock<'s>> + use<'s> {
        let Self { snapshot, reads, .. } = *self;
        snapshot.blocks().map(move |(first, chunk)| NodeBlock::new(chunk, first, reads.columns()))
    }

    /// Calls `each` for each of these nodes, in the order of the snapshot, with its block and its number in there.
    pub fn sweep(&self, mut each: impl FnMut(&NodeBlock<'s>, usize)) {
        let Some(only) = self.only else {
            let mut blocks = self.blocks().peekable();
            for node in self.snapshot.nodes() {
                while blocks.next_if(|block| !block.reaches(node.slot())).is_some() {}
                if let Some(block) = blocks.peek() {
                    each(block, node.slot().index() - block.first().index());
                }
            }
            return;
        };
        let mut rest = only;
        for block in self.blocks() {
            let here = rest.partition_point(|slot| block.reaches(*slot));
            let (now, later) = rest.split_at(here);
            for slot in now {
                each(&block, slot.index() - block.first().index());
            }
            rest = later;
        }
    }

    /// The node at a place.
    pub fn at(&self, slot: NodeSlot) -> Option<NodeRef<'s>> {
        Some(self.snapshot.node_at(slot)?.with_columns(self.reads.columns()))
    }

    /// How many nodes the whole cluster has.
    pub fn cluster_size(&self) -> usize {
        self.snapshot.node_count()
    }

    /// Which nodes of the cluster may keep pods away ([`Reads::NODE_TAINTS`]).
    pub fn marked(&self) -> &'s MarkedNodes {
        self.declared(&Reads::NODE_TAINTS);
        self.snapshot.marked()
    }

    /// The nodes of the cluster that have the image `name`, and its size there ([`Reads::NODE_IMAGES`]).
    pub fn image(&self, name: &str) -> impl ExactSizeIterator<Item = (NodeSlot, i64)> + use<'s> {
        self.declared(&Reads::NODE_IMAGES);
        let snapshot = self.snapshot;
        snapshot.image(name).collect::<Vec<_>>().into_iter()
    }

    /// Every node of the cluster.
    pub(super) fn whole(&self) -> &'s NodeSet {
        &self.snapshot.marked().all
    }

    /// One label of all nodes; `None` where no node has it ([`Reads::NODE_LABELS`]).
    pub fn labels(&self, key: &str) -> Option<&'s Arc<LabelColumn>> {
        self.declared(&Reads::NODE_LABELS);
        self.snapshot.label_column(key)
    }

    /// All pods on nodes, by what affinity and spreading see of them ([`Reads::SHAPES`]).
    pub fn shapes(&self) -> &'s Shapes {
        self.declared(&Reads::SHAPES);
        self.snapshot.shapes()
    }

    /// On how many nodes each claim is in use ([`Reads::SHAPES`]).
    pub fn claim_uses(&self, namespace: &str, claim: &str) -> usize {
        self.declared(&Reads::SHAPES);
        self.snapshot.claim_uses(namespace, claim)
    }

    /// The objects of another kind ([`Reads::kind`]).
    pub fn objects<V: Kept>(&self) -> &'s Table<V> {
        self.declared(&Reads::kind::<V>());
        self.snapshot.objects().all::<V>()
    }

    fn declared(&self, what: &Reads) {
        debug_assert!(
            self.reads.contains(what),
            "the plugin reads {what:?}, which its `reads` does not declare"
        );
    }
}
