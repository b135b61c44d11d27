//! The cluster as placing a pod sees it: nodes and the pods on them, in columns.
//!
//! A snapshot is kept up to date by deltas and never rebuilt. It is stored in chunks that clones share, so that a
//! fork costs pointers and a change after it copies the chunk it touches. Nodes stand in the order in which they came;
//! the place that a removed node leaves is taken by the next new one. Equal sequences of deltas thus give equal orders.

mod bound_pod;
mod chunk;
mod facts;
mod pod_index;
mod slot;

#[cfg(test)]
mod tests;

pub use bound_pod::BoundPod;
pub use facts::ImageState;
pub use slot::NodeSlot;

pub(crate) use facts::NodeFacts;
pub(crate) use slot::Slot;

use crate::framework::{NodeRef, PodInfo};
use chunk::{CHUNK, Chunk};
use kube_core::resource::ObjectKey;
use kube_core::view::{NodeView, PodView};
use pod_index::PodIndex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Nodes, the pods on them, and what those hold. Cheap to clone.
///
/// Pods whose node is not known (yet, or any more) are kept, and count as soon as the node comes.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    chunks: Vec<Arc<Chunk>>,
    slots: Arc<BTreeMap<Arc<str>, NodeSlot>>,
    free: BTreeSet<NodeSlot>,
    pods: PodIndex,
    images: Arc<BTreeMap<Arc<str>, usize>>,
    nodes: usize,
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
        if let Some(slot) = self.slots.get(name).copied() {
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

    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.nodes
    }

    /// How many pods there are, those of unknown nodes included.
    pub fn pod_count(&self) -> usize {
        self.pods.len()
    }

    /// The node `name`, all columns readable.
    pub fn node(&self, name: &str) -> Option<NodeRef<'_>> {
        self.node_at(*self.slots.get(name)?)
    }

    /// The node at a place.
    pub fn node_at(&self, slot: NodeSlot) -> Option<NodeRef<'_>> {
        let slot = self.slot(slot)?;
        let facts = slot.facts()?;
        Some(NodeRef::new(self, slot, facts, u32::MAX))
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
        self.images.get(name).copied().unwrap_or(0)
    }

    fn slot(&self, slot: NodeSlot) -> Option<Slot<'_>> {
        let chunk = self.chunks.get(slot.chunk())?;
        (slot.at() < chunk.len()).then(|| Slot::new(chunk, slot))
    }

    /// The place of `name`, a new one where it has none.
    fn slot_for(&mut self, name: &Arc<str>) -> NodeSlot {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        let slot = self.free.pop_first().unwrap_or_else(|| self.grow());
        Arc::make_mut(&mut self.slots).insert(name.clone(), slot);
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
        Arc::make_mut(&mut self.slots).remove(&name);
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
            self.count_images(old.as_deref(), facts.as_deref());
        }
        self.nodes = self.nodes + usize::from(facts.is_some()) - usize::from(old.is_some());
        self.chunk_mut(slot).set_facts(slot.at(), facts);
    }

    fn count_images(&mut self, old: Option<&NodeFacts>, new: Option<&NodeFacts>) {
        let images = Arc::make_mut(&mut self.images);
        for name in new.into_iter().flat_map(NodeFacts::image_names) {
            *images.entry(name.clone()).or_default() += 1;
        }
        for name in old.into_iter().flat_map(NodeFacts::image_names) {
            if let Some(count) = images.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    images.remove(name);
                }
            }
        }
    }

    fn put(&mut self, slot: NodeSlot, pod: BoundPod) {
        let key = pod.key().clone();
        if let Some(before) = self.pods.slot(&key) {
            self.take(before, &key);
            if before != slot {
                self.release(before);
            }
        }
        self.chunk_mut(slot).add(slot.at(), Arc::new(pod));
        self.pods.insert(key, slot);
    }

    fn take(&mut self, slot: NodeSlot, key: &ObjectKey) {
        if let Some(pod) = self.pod(key).cloned() {
            self.chunk_mut(slot).remove(slot.at(), &pod);
        }
        self.pods.remove(key);
    }
}
