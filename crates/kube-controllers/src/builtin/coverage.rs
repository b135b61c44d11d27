//! Which kinds Kubernetes' own control plane acts on: the measure of what is still to come.

use kube_core::resource::KindInfo;

/// Group and kind of everything that a controller of kube-controller-manager reconciles.
///
/// Source: `k8s.io/kubernetes/cmd/kube-controller-manager/app` (the controller descriptors of v1.36).
const ACTED_ON: [(&str, &str); 22] = [
    ("", "Endpoints"),
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("", "Pod"),
    ("", "ReplicationController"),
    ("", "ResourceQuota"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("batch", "CronJob"),
    ("batch", "Job"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("networking.k8s.io", "ServiceCIDR"),
    ("policy", "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("storage.k8s.io", "VolumeAttachment"),
];

/// Whether a controller of Kubernetes acts on objects of this kind; others, such as ConfigMaps, are only read.
pub fn controlled_by_kubernetes(kind: &KindInfo) -> bool {
    ACTED_ON.iter().any(|(group, name)| *group == kind.group && *name == kind.kind)
}
