//! What the status of a node says once the node is silent.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/nodelifecycle` (`tryUpdateNodeHealth`).

use kube_core::condition::UNKNOWN;
use kube_core::kinds::core::v1::{NodeCondition, NodeStatus};
use kube_core::kinds::meta::v1::Time;

/// Conditions that are unknown of a silent node.
const UNKNOWN_OF_SILENT: [&str; 4] = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/// Notes in the status of a node that was created at `created` that it is silent. Gives whether anything changed.
pub fn note_silence(status: &mut NodeStatus, created: Option<&Time>, now: &Time) -> bool {
    let conditions = status.conditions.get_or_insert_default();
    let mut changed = false;
    for kind in UNKNOWN_OF_SILENT {
        match conditions.iter_mut().find(|condition| condition.type_ == kind) {
            Some(condition) if condition.status == UNKNOWN => continue,
            Some(condition) => {
                UNKNOWN.clone_into(&mut condition.status);
                condition.reason = Some("NodeStatusUnknown".to_owned());
                condition.message = Some("Kubelet stopped posting node status.".to_owned());
                condition.last_transition_time = Some(now.clone());
            }
            None => conditions.push(NodeCondition {
                type_: kind.to_owned(),
                status: UNKNOWN.to_owned(),
                reason: Some("NodeStatusNeverUpdated".to_owned()),
                message: Some("Kubelet never posted node status.".to_owned()),
                last_heartbeat_time: created.cloned(),
                last_transition_time: Some(now.clone()),
            }),
        }
        changed = true;
    }
    changed
}
