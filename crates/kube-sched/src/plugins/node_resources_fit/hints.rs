//! What may make room.

use super::NodeResourcesFit;
use crate::framework::{Amounts, ClusterEvent, EnqueueHints, EventSet, Hint, PodInfo};
use kube_core::view::NodeView;

impl EnqueueHints for NodeResourcesFit {
    fn events(&self) -> EventSet {
        EventSet::NODE_ADD
            | EventSet::NODE_ALLOCATABLE
            | EventSet::POD_DELETE
            | EventSet::POD_SCALE
            | EventSet::SELF_UPDATE
    }

    fn hint(&self, pod: &PodInfo, event: &ClusterEvent) -> Hint {
        match event {
            ClusterEvent::NodeAdded(node) => Hint::when(could_hold(node, pod)),
            ClusterEvent::NodeUpdated { old, new } => {
                Hint::when(could_hold(new, pod) && gained(old, new, pod.requests()))
            }
            ClusterEvent::PodUpdated { old, new } => {
                let (old, new) = (Amounts::of_bound(old), Amounts::of_bound(new));
                Hint::when(some_less(&old, &new, pod.requests()))
            }
            ClusterEvent::SelfUpdated { old, .. } => Hint::when(Amounts::of_pending(old) != *pod.requests()),
            _ => Hint::Queue,
        }
    }
}

/// Whether `pod` would fit if it were alone on the node.
fn could_hold(node: &NodeView, pod: &PodInfo) -> bool {
    let (has, pods) = Amounts::of_node(node);
    let wanted = pod.requests();
    pods > 0
        && wanted.milli_cpu <= has.milli_cpu
        && wanted.memory <= has.memory
        && wanted.ephemeral_storage <= has.ephemeral_storage
        && wanted.scalars().iter().all(|(name, amount)| *amount <= has.scalar(name).unwrap_or(0))
}

/// Whether the node got more of something that is wanted, or holds more pods.
fn gained(old: &NodeView, new: &NodeView, wanted: &Amounts) -> bool {
    let ((before, pods_before), (after, pods_after)) = (Amounts::of_node(old), Amounts::of_node(new));
    pods_after > pods_before || some_less(&after, &before, wanted)
}

/// Whether `new` is less than `old` in something that is wanted.
fn some_less(old: &Amounts, new: &Amounts, wanted: &Amounts) -> bool {
    (wanted.milli_cpu > 0 && new.milli_cpu < old.milli_cpu)
        || (wanted.memory > 0 && new.memory < old.memory)
        || (wanted.ephemeral_storage > 0 && new.ephemeral_storage < old.ephemeral_storage)
        || wanted.scalars().iter().any(|(name, amount)| {
            *amount > 0 && new.scalar(name).unwrap_or(0) < old.scalar(name).unwrap_or(0)
        })
}
