//! What is wanted of a pod, lean.

use super::null_default;
use crate::kinds::core::v1::{
    AWSElasticBlockStoreVolumeSource, AzureDiskVolumeSource, CSIVolumeSource, CinderVolumeSource,
    GCEPersistentDiskVolumeSource, ISCSIVolumeSource, PodAffinity, PodAntiAffinity, RBDVolumeSource,
    TopologySpreadConstraint,
};
use crate::pod_resources::{ResourceList, Resources};
use crate::selector::LabelSet;
use crate::selector::node::{NodeSelector, PreferredTerm};
use crate::taint::Toleration;
use serde::Deserialize;
use std::sync::Arc;

/// What is wanted of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct PodSpecView {
    /// The node it is bound to.
    pub node_name: Option<Arc<str>>,
    /// Which scheduler is to place it.
    pub scheduler_name: Option<Arc<str>>,
    /// Priority; higher goes first.
    pub priority: Option<i32>,
    /// `PreemptLowerPriority` or `Never`.
    pub preemption_policy: Option<Arc<str>>,
    /// `Always`, `OnFailure` or `Never`.
    pub restart_policy: Option<Arc<str>>,
    /// Whether it uses the node's network.
    #[serde(deserialize_with = "null_default")]
    pub host_network: bool,
    /// Whether it uses the node's user namespace; `None` as `true`.
    pub host_users: Option<bool>,
    /// Its host name, where it is not the pod's name.
    pub hostname: Option<Arc<str>>,
    /// The headless Service its host name belongs to.
    pub subdomain: Option<Arc<str>>,
    /// Seconds of grace at deletion.
    pub termination_grace_period_seconds: Option<i64>,
    /// Labels its node must have.
    #[serde(deserialize_with = "null_default")]
    pub node_selector: LabelSet,
    /// Where it wants to be.
    pub affinity: Option<Box<AffinityView>>,
    /// Taints it bears.
    #[serde(deserialize_with = "null_default")]
    pub tolerations: Vec<Toleration>,
    /// How its like are to be spread.
    #[serde(deserialize_with = "null_default")]
    pub topology_spread_constraints: Vec<TopologySpreadConstraint>,
    /// The group of pods that it is scheduled with.
    pub scheduling_group: Option<SchedulingGroupView>,
    /// What must be lifted before it is scheduled.
    #[serde(deserialize_with = "null_default")]
    pub scheduling_gates: Vec<NamedGate>,
    /// Conditions that its readiness also needs.
    #[serde(deserialize_with = "null_default")]
    pub readiness_gates: Vec<ReadinessGate>,
    /// Containers.
    #[serde(deserialize_with = "null_default")]
    pub containers: Vec<ContainerView>,
    /// Init containers, sidecars among them.
    #[serde(deserialize_with = "null_default")]
    pub init_containers: Vec<ContainerView>,
    /// Resources of the pod as a whole.
    pub resources: Option<Resources>,
    /// What running it costs beside its containers.
    #[serde(deserialize_with = "null_default")]
    pub overhead: ResourceList,
    /// Volumes.
    #[serde(deserialize_with = "null_default")]
    pub volumes: Vec<VolumeView>,
}

/// A container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ContainerView {
    /// Name.
    pub name: Arc<str>,
    /// Image.
    pub image: Option<Arc<str>>,
    /// Requests and limits.
    #[serde(deserialize_with = "null_default")]
    pub resources: Resources,
    /// Ports.
    #[serde(deserialize_with = "null_default")]
    pub ports: Vec<ContainerPort>,
    /// `Always` makes an init container a sidecar.
    pub restart_policy: Option<Arc<str>>,
    /// What its exits lead to.
    #[serde(deserialize_with = "null_default")]
    pub restart_policy_rules: Vec<RestartRule>,
}

/// What an exit of a container leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RestartRule {
    /// `Restart` or `RestartAllContainers`.
    pub action: Arc<str>,
}

/// A port of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ContainerPort {
    /// Name, unique in the pod.
    pub name: Option<Arc<str>>,
    /// Port in the container.
    pub container_port: i32,
    /// Port on the node; 0 for none.
    #[serde(deserialize_with = "null_default")]
    pub host_port: i32,
    /// Address on the node.
    #[serde(rename = "hostIP")]
    pub host_ip: Option<Arc<str>>,
    /// `TCP` (when absent), `UDP` or `SCTP`.
    pub protocol: Option<Arc<str>>,
}

/// Where a pod wants to be.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct AffinityView {
    /// Nodes by label.
    pub node_affinity: Option<NodeAffinityView>,
    /// Near other pods.
    pub pod_affinity: Option<PodAffinity>,
    /// Away from other pods.
    pub pod_anti_affinity: Option<PodAntiAffinity>,
}

/// Nodes by label.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct NodeAffinityView {
    /// Nodes that will do.
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub required: Option<NodeSelector>,
    /// Nodes that are better.
    #[serde(rename = "preferredDuringSchedulingIgnoredDuringExecution", deserialize_with = "null_default")]
    pub preferred: Vec<PreferredTerm>,
}

/// The group that a pod is scheduled with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct SchedulingGroupView {
    /// Name of the `PodGroup`, in the pod's namespace.
    pub pod_group_name: Option<Arc<str>>,
}

/// A scheduling gate.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NamedGate {
    /// Its name.
    pub name: Arc<str>,
}

/// A condition that readiness also needs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReadinessGate {
    /// Type of the condition.
    pub condition_type: Arc<str>,
}

/// A volume, as far as placement cares.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct VolumeView {
    /// Name.
    pub name: Arc<str>,
    /// Claim that backs it.
    pub persistent_volume_claim: Option<ClaimSource>,
    /// Claim that is made with the pod and backs it.
    pub ephemeral: Option<EphemeralSource>,
    /// Image that backs it.
    pub image: Option<ImageSource>,
    /// CSI driver that backs it without a claim.
    pub csi: Option<Box<CSIVolumeSource>>,
    /// Disk of Google's that backs it.
    pub gce_persistent_disk: Option<Box<GCEPersistentDiskVolumeSource>>,
    /// Disk of Amazon's that backs it.
    pub aws_elastic_block_store: Option<Box<AWSElasticBlockStoreVolumeSource>>,
    /// Disk of Microsoft's that backs it.
    pub azure_disk: Option<Box<AzureDiskVolumeSource>>,
    /// Disk of `OpenStack`'s that backs it.
    pub cinder: Option<Box<CinderVolumeSource>>,
    /// iSCSI target that backs it.
    pub iscsi: Option<Box<ISCSIVolumeSource>>,
    /// RADOS image that backs it.
    pub rbd: Option<Box<RBDVolumeSource>>,
}

/// A claim that is made with the pod; all that matters of it is that it is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EphemeralSource {}

/// A claim as a volume.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimSource {
    /// Name of the claim.
    pub claim_name: Arc<str>,
}

/// An image as a volume.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ImageSource {
    /// Reference of the image.
    pub reference: Option<Arc<str>>,
}
