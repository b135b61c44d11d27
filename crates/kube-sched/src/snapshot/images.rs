//! Which nodes have which image.

use super::{NodeFacts, NodeSlot};
use imbl::OrdMap;
use std::sync::Arc;

/// By image and node, the size in bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Images(OrdMap<Arc<str>, OrdMap<NodeSlot, i64>>);

impl Images {
    pub(super) fn change(&mut self, slot: NodeSlot, old: Option<&NodeFacts>, new: Option<&NodeFacts>) {
        for (name, _) in old.into_iter().flat_map(NodeFacts::images) {
            if let Some(nodes) = self.0.get_mut(name) {
                nodes.remove(&slot);
                if nodes.is_empty() {
                    self.0.remove(name);
                }
            }
        }
        for (name, size) in new.into_iter().flat_map(NodeFacts::images) {
            self.0.entry(name.clone()).or_default().insert(slot, *size);
        }
    }

    pub(super) fn on(&self, name: &str) -> impl ExactSizeIterator<Item = (NodeSlot, i64)> + '_ {
        static NOWHERE: std::sync::LazyLock<OrdMap<NodeSlot, i64>> = std::sync::LazyLock::new(OrdMap::new);
        self.0.get(name).unwrap_or(&NOWHERE).iter().map(|(slot, size)| (*slot, *size))
    }

    pub(super) fn count(&self, name: &str) -> usize {
        self.0.get(name).map_or(0, OrdMap::len)
    }
}
