//! How long a pod may stay on a tainted node. Pure.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/tainteviction` (`processPodOnNode`, `getMinTolerationTime`).

use kube_core::condition::TRUE;
use kube_core::kinds::core::v1::PodCondition;
use kube_core::taint::{Effect, Taint, Toleration};
use std::time::Duration;

/// How long a pod may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// For ever.
    Forever,
    /// So long, from when the taint was seen.
    For(Duration),
}

/// How long a pod with these tolerations bears the `NoExecute` taints among `taints`.
pub fn stay(taints: &[Taint], tolerations: &[Toleration]) -> Stay {
    let mut shortest = None;
    for taint in taints.iter().filter(|taint| taint.effect == Effect::NoExecute) {
        // The first that bears it counts, as in Kubernetes.
        let Some(toleration) = tolerations.iter().find(|toleration| toleration.tolerates(taint)) else {
            return Stay::For(Duration::ZERO);
        };
        if let Some(seconds) = toleration.toleration_seconds {
            let time = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
            shortest = Some(shortest.map_or(time, |shortest: Duration| shortest.min(time)));
        }
    }
    shortest.map_or(Stay::Forever, Stay::For)
}

/// What is said of a pod that goes.
pub fn disruption(generation: Option<i64>) -> PodCondition {
    PodCondition {
        type_: "DisruptionTarget".to_owned(),
        status: TRUE.to_owned(),
        reason: Some("DeletionByTaintManager".to_owned()),
        message: Some("Taint manager: deleting due to NoExecute taint".to_owned()),
        observed_generation: generation,
        ..PodCondition::default()
    }
}
