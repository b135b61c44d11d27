//! What may bring a volume.

use super::VolumeBinding;
use crate::framework::{ClusterEvent, EnqueueHints, EventSet, Hint, PodInfo};
use crate::volumes::claims_of;

impl EnqueueHints for VolumeBinding {
    fn events(&self) -> EventSet {
        EventSet::NODE_ADD | EventSet::NODE_LABEL | EventSet::OTHER
    }

    fn hint(&self, pod: &PodInfo, event: &ClusterEvent) -> Hint {
        match event {
            ClusterEvent::Other { kind, key } if kind.kind == "PersistentVolumeClaim" => {
                Hint::when(claims_of(pod.view()).any(|claim| claim.key == *key))
            }
            _ => Hint::Queue,
        }
    }
}
