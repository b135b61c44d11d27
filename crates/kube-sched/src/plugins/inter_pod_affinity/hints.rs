//! What may bring the right pods near, or the wrong ones away.

use super::InterPodAffinity;
use crate::framework::{ClusterEvent, EnqueueHints, EventSet, Hint, PodInfo};

impl EnqueueHints for InterPodAffinity {
    fn events(&self) -> EventSet {
        EventSet::NODE_ADD
            | EventSet::NODE_LABEL
            | EventSet::POD_ADD
            | EventSet::POD_DELETE
            | EventSet::POD_LABEL
            | EventSet::SELF_UPDATE
            | EventSet::OTHER
    }

    /// Kubernetes' own hints miss some of the events that help (kubernetes/kubernetes#141354); these do not, since they
    /// leave it to the queue to look whether a node fits now.
    fn hint(&self, _pod: &PodInfo, _event: &ClusterEvent) -> Hint {
        Hint::Queue
    }
}
