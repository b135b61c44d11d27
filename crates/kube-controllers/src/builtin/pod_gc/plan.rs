//! Which pods nobody else takes away. Pure.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/podgc` (`gcTerminated`, `gcTerminating`, `gcOrphaned`,
//! `gcUnscheduledTerminating`).

use kube_core::condition::TRUE;
use kube_core::kinds::core::v1::PodCondition;
use kube_core::view::{NodeView, PodView};
use std::sync::Arc;

/// Taint: a person says that nothing runs on the node any more.
pub const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// Why a pod is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It was deleted before it was bound.
    Unscheduled,
    /// Its node does not exist.
    Orphaned,
    /// It was deleted, and its node is out of service.
    OutOfService,
    /// It ended, and too many have.
    Surplus,
}

impl Why {
    /// What is said of a pod that has not ended.
    pub fn condition(self, generation: Option<i64>) -> Option<PodCondition> {
        (self == Self::Orphaned).then(|| PodCondition {
            type_: "DisruptionTarget".to_owned(),
            status: TRUE.to_owned(),
            reason: Some("DeletionByPodGC".to_owned()),
            message: Some("PodGC: node no longer exists".to_owned()),
            observed_generation: generation,
            ..PodCondition::default()
        })
    }
}

/// Whether nothing runs on the node any more, as a person says of a node that is not ready.
pub fn is_out_of_service(node: &NodeView) -> bool {
    !node.is_ready() && node.spec.taints.iter().any(|taint| *taint.key == *OUT_OF_SERVICE)
}

/// Why `pod` is taken away, if it is; `node` is the one that it is bound to, if that exists.
pub fn verdict(pod: &PodView, node: Option<&NodeView>) -> Option<Why> {
    match (pod.node_name(), node) {
        (None, _) => pod.is_terminating().then_some(Why::Unscheduled),
        (Some(_), None) => Some(Why::Orphaned),
        (Some(_), Some(node)) => {
            (pod.is_terminating() && is_out_of_service(node)).then_some(Why::OutOfService)
        }
    }
}

/// Those of `ended` beyond `threshold`: evicted ones first, then the oldest. None with 0.
pub fn surplus(mut ended: Vec<Arc<PodView>>, threshold: usize) -> Vec<Arc<PodView>> {
    let surplus = ended.len().saturating_sub(threshold);
    if threshold == 0 || surplus == 0 {
        return Vec::new();
    }
    ended.sort_by_cached_key(|pod| {
        let evicted = pod.status.reason.as_deref() == Some("Evicted");
        (!evicted, pod.meta.creation_timestamp, pod.meta.name.clone(), pod.meta.namespace.clone())
    });
    ended.truncate(surplus);
    ended
}
