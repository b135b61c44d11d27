//! The condition types of the built-in kinds.

use k8s_openapi::api::apps::v1::{
    DaemonSetCondition, DeploymentCondition, ReplicaSetCondition, StatefulSetCondition,
};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscalerCondition;
use k8s_openapi::api::batch::v1::JobCondition;
use k8s_openapi::api::core::v1::{
    NamespaceCondition, NodeCondition, PersistentVolumeClaimCondition, PodCondition,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{self as meta, Time};

use super::Condition;

impl Condition for meta::Condition {
    fn type_(&self) -> &str {
        &self.type_
    }

    fn status(&self) -> &str {
        &self.status
    }

    fn reason(&self) -> &str {
        &self.reason
    }

    fn message(&self) -> &str {
        &self.message
    }

    fn last_transition_time(&self) -> Option<&Time> {
        Some(&self.last_transition_time)
    }

    fn set_last_transition_time(&mut self, time: Option<Time>) {
        // The field cannot be absent here: without a time it keeps the one it has.
        if let Some(time) = time {
            self.last_transition_time = time;
        }
    }
}

/// The older condition types, which have the same fields, most of them optional.
macro_rules! impl_condition {
    ($($kind:ty),+ $(,)?) => {$(
        impl Condition for $kind {
            fn type_(&self) -> &str {
                &self.type_
            }

            fn status(&self) -> &str {
                &self.status
            }

            fn reason(&self) -> &str {
                self.reason.as_deref().unwrap_or_default()
            }

            fn message(&self) -> &str {
                self.message.as_deref().unwrap_or_default()
            }

            fn last_transition_time(&self) -> Option<&Time> {
                self.last_transition_time.as_ref()
            }

            fn set_last_transition_time(&mut self, time: Option<Time>) {
                self.last_transition_time = time;
            }
        }
    )+};
}

impl_condition!(
    DaemonSetCondition,
    DeploymentCondition,
    HorizontalPodAutoscalerCondition,
    JobCondition,
    NamespaceCondition,
    NodeCondition,
    PersistentVolumeClaimCondition,
    PodCondition,
    ReplicaSetCondition,
    StatefulSetCondition,
);
