//! What may even things out.

use super::PodTopologySpread;
use crate::framework::{ClusterEvent, EnqueueHints, EventSet, Hint, PodInfo};
use kube_core::view::PodView;

impl EnqueueHints for PodTopologySpread {
    fn events(&self) -> EventSet {
        EventSet::NODE_ADD
            | EventSet::NODE_DELETE
            | EventSet::NODE_LABEL
            | EventSet::NODE_TAINT
            | EventSet::POD_ADD
            | EventSet::POD_DELETE
            | EventSet::POD_LABEL
            | EventSet::POD_OTHER
            | EventSet::SELF_UPDATE
    }

    fn hint(&self, pod: &PodInfo, event: &ClusterEvent) -> Hint {
        let Ok(own) = pod.spread() else { return Hint::Queue };
        if own.is_empty() {
            return Hint::Queue;
        }
        let counts = |other: &PodView| {
            other.meta.namespace == pod.key().namespace
                && own.hard.iter().any(|constraint| constraint.selector.matches(&other.meta.labels))
        };
        match event {
            ClusterEvent::PodAssigned(other) | ClusterEvent::PodDeleted(other) => Hint::when(counts(other)),
            ClusterEvent::PodUpdated { old, new } => Hint::when(counts(old) || counts(new)),
            _ => Hint::Queue,
        }
    }
}
