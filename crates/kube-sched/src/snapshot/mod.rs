//! The cluster as placing a pod sees it: nodes and the pods on them, in columns.
//!
//! A snapshot is kept up to date by deltas and never rebuilt. It is stored in chunks that clones share, so that a
//! fork costs pointers and a change after it copies the chunk it touches. Nodes stand in the order in which they came;
//! the place that a removed node leaves is taken by the next new one. Equal sequences of deltas thus give equal orders.

mod bound_pod;
mod chunk;
mod claims;
mod column;
mod dry;
mod facts;
mod groups;
mod holding;
mod images;
mod labels;
mod marked;
mod nominations;
mod objects;
mod shapes;
mod shards;
mod slot;

#[cfg(test)]
mod tests;

pub use bound_pod::BoundPod;
pub use column::SlotColumn;
pub use facts::{ImageState, Marks};
pub use labels::LabelColumn;
pub use marked::MarkedNodes;
pub use objects::{
    Kept, NamespaceView, Objects, ReplicaSetView, ReplicationControllerView, ServiceView, StatefulSetView,
    Table, Tables,
};
pub use shapes::Shapes;
pub use slot::NodeSlot;

pub(crate) use chunk::{CHUNK as BLOCK, Chunk};
pub(crate) use dry::DryNode;
pub(crate) use facts::NodeFacts;
pub(crate) use holding::{Holding, Rank};
pub(crate) use slot::Slot;

use crate::framework::{NodeRef, PodInfo, group_of};
use chunk::CHUNK;
use claims::ClaimUses;
use groups::Members;
use images::Images;
use kube_core::kinds::scheduling::v1alpha2::PodGroup;
use kube_core::resource::ObjectKey;
use kube_core::selector::LabelSet;
use kube_core::view::{NodeView, PodView};
use labels::NodeLabels;
use nominations::Nominations;
use shards::Shards;
use std::any::TypeId;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Nodes, the pods on them, and what those hold. Cheap to clone.
///
/// Pods whose node is not known (yet, or any more) are kept, and count as soon as the node comes.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    chunks: Vec<Arc<Chunk>>,
    slots: Shards<Arc<str>>,
    free: BTreeSet<NodeSlot>,
    pods: Shards<ObjectKey>,
    images: Images,
    marked: MarkedNodes,
    labels: NodeLabels,
    shapes: Shapes,
    claims: ClaimUses,
    members: Members,
    objects: Objects,
    nominations: Nominations,
    nodes: usize,
    assumed: usize,
}

impl Snapshot {
    /// A cluster without nodes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node, or replaces what is known of it.
    pub fn upsert_node(&mut self, node: &Arc<NodeView>) {
        let slot = self.slot_for(&node.meta.name);
        let facts = Arc::new(NodeFacts::new(node.clone()));
        self.set_facts(slot, Some(facts));
    }

    /// Takes a node away. Its pods stay until they are removed, and count for nothing.
    pub fn remove_node(&mut self, name: &str) {
        if let Some(slot) = self.slots.slot(name) {
            self.set_facts(slot, None);
            self.release(slot);
        }
    }

    /// Adds a pod or replaces what is known of it. Pods that have ended hold nothing and are removed; a pod without a
    /// node is not in the snapshot, unless it is assumed.
    pub fn upsert_pod(&mut self, pod: &Arc<PodView>) {
        let key = pod.meta.key();
        let node = pod.node_name().filter(|_| !pod.is_terminal());
        let Some(node) = node else {
            let waits = self.pod(&key).is_some_and(|known| {
                known.is_assumed() && *known.uid() == pod.meta.uid && !pod.is_terminal()
            });
            if !waits {
                self.remove_pod(&key);
            }
            return;
        };
        let slot = self.slot_for(node);
        self.put(slot, BoundPod::new(pod.clone()));
    }

    /// Takes a pod away.
    pub fn remove_pod(&mut self, key: &ObjectKey) {
        let Some(slot) = self.pods.slot(key) else { return };
        self.take(slot, key);
        self.release(slot);
    }

    /// Counts `pod` on `node` ahead of the store's confirmation, which comes as [`Snapshot::upsert_pod`].
    pub fn assume(&mut self, pod: &PodInfo, node: &str) {
        let slot = self.slot_for(&Arc::from(node));
        self.put(slot, BoundPod::assume(pod));
    }

    /// Takes an assumed pod back. Does nothing, and returns `false`, where the pod is absent or confirmed.
    pub fn forget(&mut self, key: &ObjectKey) -> bool {
        let assumed = self.is_assumed(key);
        if assumed {
            self.remove_pod(key);
        }
        assumed
    }

    /// Whether the pod is assumed and not confirmed yet.
    pub fn is_assumed(&self, key: &ObjectKey) -> bool {
        self.pod(key).is_some_and(|pod| pod.is_assumed())
    }

    /// Adds an object of another kind, or replaces it.
    pub fn upsert<V: Kept>(&mut self, object: Arc<V>) {
        let key = object.key();
        self.objects.upsert(object);
        self.rank_group::<V>(&key);
    }

    /// Takes an object of another kind away.
    pub fn remove<V: Kept>(&mut self, key: &ObjectKey) {
        self.objects.remove::<V>(key);
        self.rank_group::<V>(key);
    }

    /// The objects of other kinds.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Sets room on `node` aside for a pod that waits until it is free. It replaces an earlier nomination.
    pub fn nominate(&mut self, pod: &Arc<PodInfo>, node: &str) {
        self.nominations.add(pod, node);
    }

    /// Forgets the nomination of a pod, if it had one.
    pub fn unnominate(&mut self, pod: &ObjectKey) {
        self.nominations.remove(pod);
    }

    /// The pods that room on `node` is set aside for.
    pub fn nominated(&self, node: &str) -> &[Arc<PodInfo>] {
        self.nominations.on(node)
    }

    /// The node that room is set aside on for a pod.
    pub fn nominated_node(&self, pod: &ObjectKey) -> Option<&Arc<str>> {
        self.nominations.node_of(pod)
    }

    /// Whether room is set aside anywhere.
    pub(crate) fn has_nominations(&self) -> bool {
        !self.nominations.is_empty()
    }

    /// All pods on nodes, by what affinity and spreading see of them.
    pub fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    /// One label of all nodes; `None` where no node has it.
    pub fn label_column(&self, key: &str) -> Option<&Arc<LabelColumn>> {
        self.labels.column(key)
    }

    /// How many pods on nodes use a claim.
    pub fn claim_uses(&self, namespace: &str, claim: &str) -> usize {
        self.claims.count(namespace, claim)
    }

    /// A copy of one node, to try changes on; `lists_pods` where somebody looks at its pods themselves.
    pub(crate) fn dry(&self, slot: NodeSlot, lists_pods: bool) -> Option<DryNode> {
        self.node_at(slot)?;
        Some(DryNode::new(&self.chunks[slot.chunk()], slot, lists_pods))
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.nodes
    }

    /// How many pods there are, those of unknown nodes included.
    pub fn pod_count(&self) -> usize {
        self.pods.len()
    }

    /// How many pods are assumed and not confirmed yet.
    pub fn assumed_count(&self) -> usize {
        self.assumed
    }

    /// The node `name`, all columns readable.
    pub fn node(&self, name: &str) -> Option<NodeRef<'_>> {
        self.node_at(self.slots.slot(name)?)
    }

    /// The node at a place.
    pub fn node_at(&self, slot: NodeSlot) -> Option<NodeRef<'_>> {
        let slot = self.slot(slot)?;
        let facts = slot.facts()?;
        Some(NodeRef::new(self, slot, facts, u32::MAX))
    }

    /// The nodes in blocks, and the place of the first of each.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = (NodeSlot, &Chunk)> {
        self.chunks.iter().enumerate().map(|(number, chunk)| (NodeSlot::of(number * CHUNK), &**chunk))
    }

    /// The nodes in order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeRef<'_>> {
        self.chunks.iter().enumerate().flat_map(move |(number, chunk)| {
            (0..chunk.len()).filter_map(move |at| {
                let slot = Slot::new(chunk, NodeSlot::of(number * CHUNK + at));
                Some(NodeRef::new(self, slot, slot.facts()?, u32::MAX))
            })
        })
    }

    /// A pod.
    pub fn pod(&self, key: &ObjectKey) -> Option<&Arc<BoundPod>> {
        let pods = self.slot(self.pods.slot(key)?)?.pods();
        let place = pods.binary_search_by(|pod| pod.key().cmp(key)).ok()?;
        pods.get(place)
    }

    /// The name of the node that a pod is on or assumed on.
    pub fn node_of(&self, key: &ObjectKey) -> Option<&Arc<str>> {
        Some(self.slot(self.pods.slot(key)?)?.name())
    }

    /// On how many nodes the image `name` is.
    pub fn nodes_with_image(&self, name: &str) -> usize {
        self.images.count(name)
    }

    /// The nodes that have the image `name`, and its size there in bytes.
    pub fn image(&self, name: &str) -> impl ExactSizeIterator<Item = (NodeSlot, i64)> + '_ {
        self.images.on(name)
    }

    /// Which nodes there are, and which of them may keep pods away.
    pub fn marked(&self) -> &MarkedNodes {
        &self.marked
    }

    /// The name of the node at a place that is in use.
    pub(crate) fn name_at(&self, slot: NodeSlot) -> &Arc<str> {
        &self.chunks[slot.chunk()].names[slot.at()]
    }

    fn slot(&self, slot: NodeSlot) -> Option<Slot<'_>> {
        let chunk = self.chunks.get(slot.chunk())?;
        (slot.at() < chunk.len()).then(|| Slot::new(chunk, slot))
    }

    /// The place of `name`, a new one where it has none.
    fn slot_for(&mut self, name: &Arc<str>) -> NodeSlot {
        if let Some(slot) = self.slots.slot(&**name) {
            return slot;
        }
        let slot = self.free.pop_first().unwrap_or_else(|| self.grow());
        self.slots.insert(name.clone(), slot);
        self.chunk_mut(slot).names[slot.at()] = name.clone();
        slot
    }

    fn grow(&mut self) -> NodeSlot {
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Arc::default());
        }
        let number = self.chunks.len() - 1;
        let chunk = Arc::make_mut(&mut self.chunks[number]);
        chunk.push();
        NodeSlot::of(number * CHUNK + chunk.len() - 1)
    }

    /// Frees a place that neither a node nor pods use.
    fn release(&mut self, slot: NodeSlot) {
        let Some(place) = self.slot(slot) else { return };
        if place.facts().is_some() || !place.pods().is_empty() {
            return;
        }
        let name = place.name().clone();
        self.slots.remove(&*name);
        self.free.insert(slot);
    }

    fn chunk_mut(&mut self, slot: NodeSlot) -> &mut Chunk {
        Arc::make_mut(&mut self.chunks[slot.chunk()])
    }

    fn set_facts(&mut self, slot: NodeSlot, facts: Option<Arc<NodeFacts>>) {
        let old = self.slot(slot).and_then(|place| place.facts().cloned());
        let same_images = match (&old, &facts) {
            (Some(old), Some(new)) => old.same_images(new),
            (None, None) => true,
            _ => false,
        };
        if !same_images {
            self.images.change(slot, old.as_deref(), facts.as_deref());
        }
        let labels = |facts: &Option<Arc<NodeFacts>>| {
            facts.as_ref().map_or(LabelSet::EMPTY, |facts| facts.view().meta.labels.clone())
        };
        self.labels.change(slot, &labels(&old), &labels(&facts));
        self.marked.set(slot, facts.as_ref().map(|facts| facts.marks()));
        self.nodes = self.nodes + usize::from(facts.is_some()) - usize::from(old.is_some());
        self.chunk_mut(slot).set_facts(slot.at(), facts);
    }

    /// Where `V` is `PodGroup`: its pods become as important as it says.
    fn rank_group<V: Kept>(&mut self, group: &ObjectKey) {
        if TypeId::of::<V>() != TypeId::of::<PodGroup>() {
            return;
        }
        for key in self.members.of(group) {
            let (Some(slot), Some(known)) = (self.pods.slot(&key), self.pod(&key)) else { continue };
            let pod = self.ranked(BoundPod::clone(known));
            if pod.priority() != known.priority() {
                self.put(slot, pod);
            }
        }
    }

    fn ranked(&self, pod: BoundPod) -> BoundPod {
        let Some(group) = group_of(pod.view()) else { return pod };
        let group = self.objects.get::<PodGroup>(&group);
        let own = pod.view().spec.priority.unwrap_or(0);
        pod.ranked(group.and_then(|group| group.spec.priority).unwrap_or(own))
    }

    fn put(&mut self, slot: NodeSlot, pod: BoundPod) {
        let pod = self.ranked(pod);
        let key = pod.key().clone();
        if let Some(before) = self.pods.slot(&key) {
            self.take(before, &key);
            if before != slot {
                self.release(before);
            }
        }
        let shape = self.shapes.add(slot, pod.shape(), 1);
        let pod = pod.shaped(shape);
        self.claims.add(&pod, 1);
        self.members.add(&pod);
        self.assumed += usize::from(pod.is_assumed());
        self.chunk_mut(slot).add(slot.at(), Arc::new(pod));
        self.pods.insert(key, slot);
    }

    fn take(&mut self, slot: NodeSlot, key: &ObjectKey) {
        if let Some(pod) = self.pod(key).cloned() {
            self.chunk_mut(slot).remove(slot.at(), &pod);
            self.shapes.add(slot, pod.shape(), -1);
            self.claims.add(&pod, -1);
            self.members.remove(&pod);
            self.assumed -= usize::from(pod.is_assumed());
        }
        self.pods.remove(key);
    }
}
