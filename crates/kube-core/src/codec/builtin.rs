//! The built-in kinds that have a codec: one line each.

use super::Codec;
use crate::kinds::{
    apps, autoscaling, batch, coordination, core, discovery, networking, policy, rbac, scheduling, storage,
};

/// The codec of a built-in kind; `None` for kinds that are handled without a type so far.
pub fn find_codec(group: &str, version: &str, kind: &str) -> Option<Codec> {
    match (group, version) {
        ("", "v1") => in_core(kind),
        ("apps", "v1") => in_apps(kind),
        ("rbac.authorization.k8s.io", "v1") => in_rbac(kind),
        _ => elsewhere(group, version, kind),
    }
}

fn in_core(kind: &str) -> Option<Codec> {
    Some(match kind {
        "ConfigMap" => Codec::of::<core::v1::ConfigMap>(),
        "Endpoints" => Codec::of::<core::v1::Endpoints>(),
        "Event" => Codec::of::<core::v1::Event>(),
        "LimitRange" => Codec::of::<core::v1::LimitRange>(),
        "Namespace" => Codec::of::<core::v1::Namespace>(),
        "Node" => Codec::of::<core::v1::Node>(),
        "PersistentVolume" => Codec::of::<core::v1::PersistentVolume>(),
        "PersistentVolumeClaim" => Codec::of::<core::v1::PersistentVolumeClaim>(),
        "Pod" => Codec::of::<core::v1::Pod>(),
        "PodTemplate" => Codec::of::<core::v1::PodTemplate>(),
        "ReplicationController" => Codec::of::<core::v1::ReplicationController>(),
        "ResourceQuota" => Codec::of::<core::v1::ResourceQuota>(),
        "Secret" => Codec::of::<core::v1::Secret>(),
        "Service" => Codec::of::<core::v1::Service>(),
        "ServiceAccount" => Codec::of::<core::v1::ServiceAccount>(),
        _ => return None,
    })
}

fn in_apps(kind: &str) -> Option<Codec> {
    Some(match kind {
        "DaemonSet" => Codec::of::<apps::v1::DaemonSet>(),
        "Deployment" => Codec::of::<apps::v1::Deployment>(),
        "ReplicaSet" => Codec::of::<apps::v1::ReplicaSet>(),
        "StatefulSet" => Codec::of::<apps::v1::StatefulSet>(),
        _ => return None,
    })
}

fn in_rbac(kind: &str) -> Option<Codec> {
    Some(match kind {
        "ClusterRole" => Codec::of::<rbac::v1::ClusterRole>(),
        "ClusterRoleBinding" => Codec::of::<rbac::v1::ClusterRoleBinding>(),
        "Role" => Codec::of::<rbac::v1::Role>(),
        "RoleBinding" => Codec::of::<rbac::v1::RoleBinding>(),
        _ => return None,
    })
}

fn elsewhere(group: &str, version: &str, kind: &str) -> Option<Codec> {
    Some(match (group, version, kind) {
        ("autoscaling", "v2", "HorizontalPodAutoscaler") => {
            Codec::of::<autoscaling::v2::HorizontalPodAutoscaler>()
        }
        ("batch", "v1", "CronJob") => Codec::of::<batch::v1::CronJob>(),
        ("batch", "v1", "Job") => Codec::of::<batch::v1::Job>(),
        ("coordination.k8s.io", "v1", "Lease") => Codec::of::<coordination::v1::Lease>(),
        ("discovery.k8s.io", "v1", "EndpointSlice") => Codec::of::<discovery::v1::EndpointSlice>(),
        ("networking.k8s.io", "v1", "Ingress") => Codec::of::<networking::v1::Ingress>(),
        ("networking.k8s.io", "v1", "NetworkPolicy") => Codec::of::<networking::v1::NetworkPolicy>(),
        ("policy", "v1", "PodDisruptionBudget") => Codec::of::<policy::v1::PodDisruptionBudget>(),
        ("scheduling.k8s.io", "v1", "PriorityClass") => Codec::of::<scheduling::v1::PriorityClass>(),
        ("storage.k8s.io", "v1", "StorageClass") => Codec::of::<storage::v1::StorageClass>(),
        _ => return None,
    })
}
