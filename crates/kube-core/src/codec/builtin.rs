//! The built-in kinds that have a codec: one line each.

use super::Codec;
use crate::kinds::{
    admissionregistration, apps, autoscaling, batch, coordination, core, discovery, events, networking, node,
    policy, rbac, scheduling, storage,
};

/// The codec of a built-in kind; `None` for kinds that are handled without a type so far.
pub fn find_codec(group: &str, version: &str, kind: &str) -> Option<Codec> {
    match (group, version) {
        ("", "v1") => in_core(kind),
        ("admissionregistration.k8s.io", "v1") => in_admission(kind),
        ("apps", "v1") => in_apps(kind),
        ("networking.k8s.io", "v1") => in_networking(kind),
        ("rbac.authorization.k8s.io", "v1") => in_rbac(kind),
        ("storage.k8s.io", "v1") => in_storage(kind),
        _ => elsewhere(group, version, kind),
    }
}

fn in_core(kind: &str) -> Option<Codec> {
    Some(match kind {
        "ConfigMap" => Codec::ruled::<core::v1::ConfigMap>(),
        "Endpoints" => Codec::ruled::<core::v1::Endpoints>(),
        "Event" => Codec::ruled::<core::v1::Event>(),
        "LimitRange" => Codec::ruled::<core::v1::LimitRange>(),
        "Namespace" => Codec::ruled::<core::v1::Namespace>(),
        "Node" => Codec::ruled::<core::v1::Node>(),
        "PersistentVolume" => Codec::ruled::<core::v1::PersistentVolume>(),
        "PersistentVolumeClaim" => Codec::ruled::<core::v1::PersistentVolumeClaim>(),
        "Pod" => Codec::ruled::<core::v1::Pod>(),
        "PodTemplate" => Codec::ruled::<core::v1::PodTemplate>(),
        "ReplicationController" => Codec::ruled::<core::v1::ReplicationController>(),
        "ResourceQuota" => Codec::ruled::<core::v1::ResourceQuota>(),
        "Secret" => Codec::ruled::<core::v1::Secret>(),
        "Service" => Codec::ruled::<core::v1::Service>(),
        "ServiceAccount" => Codec::ruled::<core::v1::ServiceAccount>(),
        _ => return None,
    })
}

fn in_admission(kind: &str) -> Option<Codec> {
    Some(match kind {
        "MutatingWebhookConfiguration" => {
            Codec::ruled::<admissionregistration::v1::MutatingWebhookConfiguration>()
        }
        "ValidatingAdmissionPolicy" => Codec::ruled::<admissionregistration::v1::ValidatingAdmissionPolicy>(),
        "ValidatingAdmissionPolicyBinding" => {
            Codec::ruled::<admissionregistration::v1::ValidatingAdmissionPolicyBinding>()
        }
        "ValidatingWebhookConfiguration" => {
            Codec::ruled::<admissionregistration::v1::ValidatingWebhookConfiguration>()
        }
        _ => return None,
    })
}

fn in_apps(kind: &str) -> Option<Codec> {
    Some(match kind {
        "ControllerRevision" => Codec::ruled::<apps::v1::ControllerRevision>(),
        "DaemonSet" => Codec::ruled::<apps::v1::DaemonSet>(),
        "Deployment" => Codec::ruled::<apps::v1::Deployment>(),
        "ReplicaSet" => Codec::ruled::<apps::v1::ReplicaSet>(),
        "StatefulSet" => Codec::ruled::<apps::v1::StatefulSet>(),
        _ => return None,
    })
}

fn in_networking(kind: &str) -> Option<Codec> {
    Some(match kind {
        "IPAddress" => Codec::ruled::<networking::v1::IPAddress>(),
        "Ingress" => Codec::ruled::<networking::v1::Ingress>(),
        "IngressClass" => Codec::ruled::<networking::v1::IngressClass>(),
        "NetworkPolicy" => Codec::ruled::<networking::v1::NetworkPolicy>(),
        "ServiceCIDR" => Codec::ruled::<networking::v1::ServiceCIDR>(),
        _ => return None,
    })
}

fn in_rbac(kind: &str) -> Option<Codec> {
    Some(match kind {
        "ClusterRole" => Codec::ruled::<rbac::v1::ClusterRole>(),
        "ClusterRoleBinding" => Codec::ruled::<rbac::v1::ClusterRoleBinding>(),
        "Role" => Codec::ruled::<rbac::v1::Role>(),
        "RoleBinding" => Codec::ruled::<rbac::v1::RoleBinding>(),
        _ => return None,
    })
}

fn in_storage(kind: &str) -> Option<Codec> {
    Some(match kind {
        "CSIDriver" => Codec::ruled::<storage::v1::CSIDriver>(),
        "CSINode" => Codec::ruled::<storage::v1::CSINode>(),
        "CSIStorageCapacity" => Codec::ruled::<storage::v1::CSIStorageCapacity>(),
        "StorageClass" => Codec::ruled::<storage::v1::StorageClass>(),
        "VolumeAttachment" => Codec::ruled::<storage::v1::VolumeAttachment>(),
        _ => return None,
    })
}

fn elsewhere(group: &str, version: &str, kind: &str) -> Option<Codec> {
    Some(match (group, version, kind) {
        ("autoscaling", "v2", "HorizontalPodAutoscaler") => {
            Codec::ruled::<autoscaling::v2::HorizontalPodAutoscaler>()
        }
        ("batch", "v1", "CronJob") => Codec::ruled::<batch::v1::CronJob>(),
        ("batch", "v1", "Job") => Codec::ruled::<batch::v1::Job>(),
        ("coordination.k8s.io", "v1", "Lease") => Codec::ruled::<coordination::v1::Lease>(),
        ("discovery.k8s.io", "v1", "EndpointSlice") => Codec::ruled::<discovery::v1::EndpointSlice>(),
        ("events.k8s.io", "v1", "Event") => Codec::ruled::<events::v1::Event>(),
        ("node.k8s.io", "v1", "RuntimeClass") => Codec::ruled::<node::v1::RuntimeClass>(),
        ("policy", "v1", "PodDisruptionBudget") => Codec::ruled::<policy::v1::PodDisruptionBudget>(),
        ("scheduling.k8s.io", "v1", "PriorityClass") => Codec::ruled::<scheduling::v1::PriorityClass>(),
        _ => return None,
    })
}
