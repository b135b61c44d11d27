//! A number per node, in blocks that forks share.

use super::NodeSlot;
use super::chunk::CHUNK;
use std::sync::Arc;

/// Up to how many numbers are kept as a list.
const FEW: usize = 64;

/// A number for each place of a node; 0 where nothing is said. Costs by the nodes that have one.
#[derive(Clone, Debug)]
pub struct SlotColumn(Held);

#[derive(Clone, Debug)]
enum Held {
    /// By place; never 0.
    Few(Vec<(NodeSlot, u32)>),
    Many {
        blocks: Vec<Option<Arc<[u32; CHUNK]>>>,
        /// How many are not 0.
        count: usize,
    },
}

impl Default for SlotColumn {
    fn default() -> Self {
        Self(Held::Few(Vec::new()))
    }
}

impl SlotColumn {
    /// The number at a place.
    pub fn get(&self, slot: NodeSlot) -> u32 {
        match &self.0 {
            Held::Few(list) => list.binary_search_by_key(&slot, |(at, _)| *at).map_or(0, |at| list[at].1),
            Held::Many { blocks, .. } => match blocks.get(slot.chunk()) {
                Some(Some(block)) => block[slot.at()],
                _ => 0,
            },
        }
    }

    /// How many nodes have one.
    pub fn len(&self) -> usize {
        match &self.0 {
            Held::Few(list) => list.len(),
            Held::Many { count, .. } => *count,
        }
    }

    /// Whether nothing is said of any node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every number that is not 0, by place.
    pub fn for_each(&self, mut each: impl FnMut(NodeSlot, u32)) {
        match &self.0 {
            Held::Few(list) => list.iter().for_each(|(slot, value)| each(*slot, *value)),
            Held::Many { blocks, .. } => {
                for (number, block) in blocks.iter().enumerate() {
                    let Some(block) = block else { continue };
                    for (at, value) in block.iter().enumerate().filter(|(_, value)| **value != 0) {
                        each(NodeSlot::of(number * CHUNK + at), *value);
                    }
                }
            }
        }
    }

    pub(super) fn set(&mut self, slot: NodeSlot, value: u32) {
        match &mut self.0 {
            Held::Few(list) => {
                match (list.binary_search_by_key(&slot, |(at, _)| *at), value) {
                    (Ok(at), 0) => drop(list.remove(at)),
                    (Ok(at), value) => list[at].1 = value,
                    (Err(_), 0) => {}
                    (Err(at), value) => list.insert(at, (slot, value)),
                }
                if list.len() > FEW {
                    self.spread_out();
                }
            }
            Held::Many { blocks, count } => {
                if blocks.len() <= slot.chunk() {
                    if value == 0 {
                        return;
                    }
                    blocks.resize(slot.chunk() + 1, None);
                }
                let block = blocks[slot.chunk()].get_or_insert_with(|| Arc::new([0; CHUNK]));
                let old = block[slot.at()];
                if old != value {
                    Arc::make_mut(block)[slot.at()] = value;
                    *count = *count + usize::from(old == 0) - usize::from(value == 0);
                }
            }
        }
    }

    pub(super) fn add(&mut self, slot: NodeSlot, by: i32) {
        self.set(slot, self.get(slot).saturating_add_signed(by));
    }

    fn spread_out(&mut self) {
        let Held::Few(list) = &mut self.0 else { return };
        let list = std::mem::take(list);
        self.0 = Held::Many { blocks: Vec::new(), count: 0 };
        for (slot, value) in list {
            self.set(slot, value);
        }
    }
}
