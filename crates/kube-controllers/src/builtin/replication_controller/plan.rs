//! A ReplicationController as the ReplicaSet that it stands for, and back. Pure.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/replication` (`conversion.go`).

use kube_core::kinds::apps::v1::{ReplicaSet, ReplicaSetCondition, ReplicaSetSpec, ReplicaSetStatus};
use kube_core::kinds::core::v1::{
    ReplicationController, ReplicationControllerCondition, ReplicationControllerStatus,
};
use kube_core::kinds::meta::v1::LabelSelector;

/// The ReplicaSet that `owner` stands for, with its name, its uid and its status.
pub fn replica_set(owner: &ReplicationController) -> ReplicaSet {
    let spec = owner.spec.as_ref().map(|spec| ReplicaSetSpec {
        replicas: spec.replicas,
        min_ready_seconds: spec.min_ready_seconds,
        selector: LabelSelector { match_labels: spec.selector.clone(), match_expressions: None },
        template: spec.template.clone(),
    });
    let status = owner.status.as_ref().map(|status| ReplicaSetStatus {
        replicas: status.replicas,
        fully_labeled_replicas: status.fully_labeled_replicas,
        ready_replicas: status.ready_replicas,
        available_replicas: status.available_replicas,
        terminating_replicas: None,
        observed_generation: status.observed_generation,
        conditions: status.conditions.as_ref().map(|all| {
            let as_set = all.iter().cloned().map(|condition| ReplicaSetCondition {
                type_: condition.type_,
                status: condition.status,
                reason: condition.reason,
                message: condition.message,
                last_transition_time: condition.last_transition_time,
            });
            as_set.collect()
        }),
    });
    ReplicaSet { metadata: owner.metadata.clone(), spec, status }
}

/// The status of a ReplicationController, which does not count terminating pods.
pub fn status(of: ReplicaSetStatus) -> ReplicationControllerStatus {
    ReplicationControllerStatus {
        replicas: of.replicas,
        fully_labeled_replicas: of.fully_labeled_replicas,
        ready_replicas: of.ready_replicas,
        available_replicas: of.available_replicas,
        observed_generation: of.observed_generation,
        conditions: of.conditions.map(|all| {
            let own = all.into_iter().map(|condition| ReplicationControllerCondition {
                type_: condition.type_,
                status: condition.status,
                reason: condition.reason,
                message: condition.message,
                last_transition_time: condition.last_transition_time,
            });
            own.collect()
        }),
    }
}
