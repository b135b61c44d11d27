//! Some nodes of a snapshot, as bits.

use super::NodeBlock;
use crate::snapshot::{BLOCK, NodeSlot};

/// A set of places of nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSet(Vec<u64>);

impl NodeSet {
    /// Adds a place.
    pub fn insert(&mut self, slot: NodeSlot) {
        let (word, bit) = place(slot);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= bit;
    }

    /// Takes a place out.
    pub fn remove(&mut self, slot: NodeSlot) {
        let (word, bit) = place(slot);
        if let Some(bits) = self.0.get_mut(word) {
            *bits &= !bit;
        }
    }

    /// As [`NodeSet::retain`], but only asks about places that are in `some` as well: the others stay.
    pub fn retain_among(&mut self, some: &Self, mut keep: impl FnMut(NodeSlot) -> bool) {
        for (number, (word, asked)) in self.0.iter_mut().zip(&some.0).enumerate() {
            let mut left = *word & asked;
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                if !keep(slot(number, bit)) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    /// Adds the places of another set.
    pub fn add(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    /// Leaves the places that are in another set as well.
    pub fn keep(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        for (word, kept) in self.0.iter_mut().zip(&other.0) {
            *word &= kept;
        }
    }

    /// Whether the place is in it.
    pub fn contains(&self, slot: NodeSlot) -> bool {
        let (word, bit) = place(slot);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Leaves the places for which `keep` says so; it is asked in order.
    pub fn retain(&mut self, mut keep: impl FnMut(NodeSlot) -> bool) {
        for (number, word) in self.0.iter_mut().enumerate() {
            let mut left = *word;
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                if !keep(slot(number, bit)) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    /// As [`NodeSet::retain`] for the places of one block: `keep` gets the number in the block.
    pub fn retain_in(&mut self, block: &NodeBlock<'_>, mut keep: impl FnMut(usize) -> bool) {
        let first = block.first().index() / 64;
        for (number, word) in self.0.iter_mut().skip(first).take(BLOCK / 64).enumerate() {
            let (mut left, mut gone) = (*word, 0);
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                gone |= u64::from(!keep(number * 64 + bit as usize)) << bit;
            }
            *word &= !gone;
        }
    }

    /// The places, in order.
    pub fn iter(&self) -> impl Iterator<Item = NodeSlot> + '_ {
        self.0.iter().enumerate().flat_map(|(number, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(slot(number, bit))
            })
        })
    }

    /// The places in order, as a list.
    pub(crate) fn to_vec(&self) -> Vec<NodeSlot> {
        let mut all = Vec::with_capacity(self.len());
        for (number, word) in self.0.iter().enumerate() {
            let mut left = *word;
            while left != 0 {
                all.push(slot(number, left.trailing_zeros()));
                left &= left - 1;
            }
        }
        all
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

impl FromIterator<NodeSlot> for NodeSet {
    fn from_iter<I: IntoIterator<Item = NodeSlot>>(slots: I) -> Self {
        let mut set = Self::default();
        slots.into_iter().for_each(|slot| set.insert(slot));
        set
    }
}

fn place(slot: NodeSlot) -> (usize, u64) {
    (slot.index() / 64, 1 << (slot.index() % 64))
}

fn slot(word: usize, bit: u32) -> NodeSlot {
    NodeSlot::of(word * 64 + bit as usize)
}
