//! Which nodes there are, and which of them may keep pods away.

use super::{Marks, NodeSlot};
use crate::framework::NodeSet;

/// Sets of nodes that are kept up to date, so that nobody has to look at every node to find them.
#[derive(Clone, Debug, Default)]
pub struct MarkedNodes {
    /// Every node.
    pub all: NodeSet,
    /// Nodes with a taint of `NoSchedule` or `NoExecute`.
    pub hard_tainted: NodeSet,
    /// Nodes with a taint of `PreferNoSchedule`.
    pub soft_tainted: NodeSet,
    /// Cordoned nodes.
    pub cordoned: NodeSet,
}

impl MarkedNodes {
    pub(super) fn set(&mut self, slot: NodeSlot, marks: Option<Marks>) {
        let there = marks.is_some();
        let marks = marks.unwrap_or_default();
        let sets = [
            (&mut self.all, there),
            (&mut self.hard_tainted, marks.hard_taint),
            (&mut self.soft_tainted, marks.soft_taint),
            (&mut self.cordoned, marks.unschedulable),
        ];
        for (set, is_in) in sets {
            if is_in {
                set.insert(slot);
            } else {
                set.remove(slot);
            }
        }
    }
}
