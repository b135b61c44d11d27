//! The part of a pod that has to do with resources.

use super::{ResourceList, Resources};
use serde::{Deserialize, Deserializer};
use std::sync::Arc;

/// What the computations read of a pod: implement it for any projection that holds it.
pub trait PodResourceView {
    /// A container, or an init container.
    type Container: ContainerResourceView;

    /// The containers.
    fn containers(&self) -> &[Self::Container];

    /// The init containers in order, sidecars among them.
    fn init_containers(&self) -> &[Self::Container];

    /// Resources of the pod as a whole; `None` where the pod has no such field.
    fn pod_level(&self) -> Option<&Resources>;

    /// What running the pod costs beside its containers.
    fn overhead(&self) -> &ResourceList;

    /// What the node reports of the container or init container `name`: the resources it has, if the node reports
    /// any, and those set aside for it. An init container goes before a container of the same name.
    fn container_status(&self, name: &str) -> Option<(Option<&Resources>, Option<&ResourceList>)>;

    /// What the node reports of the pod as a whole: the resources it has, if the node reports any, and those set
    /// aside for it.
    fn pod_status(&self) -> (Option<&Resources>, Option<&ResourceList>) {
        (None, None)
    }

    /// Whether the node has called the wanted resize infeasible: the first condition `PodResizePending` has the
    /// reason `Infeasible`.
    fn is_resize_infeasible(&self) -> bool;
}

/// What the computations read of a container.
pub trait ContainerResourceView {
    /// Name, unique in the pod.
    fn name(&self) -> &str;

    /// Requests and limits.
    fn resources(&self) -> &Resources;

    /// Whether it runs beside the containers although it is an init container (`restartPolicy: Always`).
    fn is_sidecar(&self) -> bool;
}

/// A container's resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerResources {
    /// Name, unique in the pod.
    pub name: Arc<str>,
    /// `restartPolicy: Always`: makes an init container a sidecar.
    pub restart_policy_always: bool,
    /// Requests and limits.
    pub resources: Resources,
}

/// What the node reports of a container's resources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatusResources {
    /// Name of the container.
    pub name: Arc<str>,
    /// Resources it has.
    pub resources: Option<Resources>,
    /// Resources set aside for it.
    pub allocated_resources: Option<ResourceList>,
}

/// A pod's resources. Reads from the pod's JSON (`{"spec": …, "status": …}`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodResources {
    /// The containers.
    pub containers: Vec<ContainerResources>,
    /// The init containers in order, sidecars among them.
    pub init_containers: Vec<ContainerResources>,
    /// Resources of the pod as a whole; `None` where the pod has no such field.
    pub pod_level: Option<Resources>,
    /// What running the pod costs beside its containers.
    pub overhead: ResourceList,
    /// What the node reports of the containers.
    pub container_statuses: Vec<ContainerStatusResources>,
    /// What the node reports of the init containers.
    pub init_container_statuses: Vec<ContainerStatusResources>,
    /// Resources the pod has as a whole, if the node reports any.
    pub status_resources: Option<Resources>,
    /// Resources set aside for the pod as a whole, if the node reports any.
    pub status_allocated: Option<ResourceList>,
    /// Whether the node has called the wanted resize infeasible.
    pub resize_infeasible: bool,
}

impl ContainerResourceView for ContainerResources {
    fn name(&self) -> &str {
        &self.name
    }

    fn resources(&self) -> &Resources {
        &self.resources
    }

    fn is_sidecar(&self) -> bool {
        self.restart_policy_always
    }
}

impl PodResourceView for PodResources {
    type Container = ContainerResources;

    fn containers(&self) -> &[ContainerResources] {
        &self.containers
    }

    fn init_containers(&self) -> &[ContainerResources] {
        &self.init_containers
    }

    fn pod_level(&self) -> Option<&Resources> {
        self.pod_level.as_ref()
    }

    fn overhead(&self) -> &ResourceList {
        &self.overhead
    }

    fn container_status(&self, name: &str) -> Option<(Option<&Resources>, Option<&ResourceList>)> {
        let mut statuses = self.init_container_statuses.iter().chain(&self.container_statuses);
        let status = statuses.find(|status| &*status.name == name)?;
        Some((status.resources.as_ref(), status.allocated_resources.as_ref()))
    }

    fn pod_status(&self) -> (Option<&Resources>, Option<&ResourceList>) {
        (self.status_resources.as_ref(), self.status_allocated.as_ref())
    }

    fn is_resize_infeasible(&self) -> bool {
        self.resize_infeasible
    }
}

#[derive(Deserialize)]
struct PodJson {
    spec: Option<SpecJson>,
    status: Option<StatusJson>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpecJson {
    containers: Option<Vec<ContainerJson>>,
    init_containers: Option<Vec<ContainerJson>>,
    resources: Option<Resources>,
    overhead: Option<ResourceList>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContainerJson {
    name: Option<Arc<str>>,
    restart_policy: Option<RestartPolicy>,
    resources: Option<Resources>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusJson {
    container_statuses: Option<Vec<ContainerStatusResources>>,
    init_container_statuses: Option<Vec<ContainerStatusResources>>,
    conditions: Option<Vec<ConditionJson>>,
    resources: Option<Resources>,
    allocated_resources: Option<ResourceList>,
}

#[derive(Deserialize)]
struct ConditionJson {
    #[serde(rename = "type")]
    kind: Option<ConditionKind>,
    reason: Option<ConditionReason>,
}

#[derive(PartialEq, Eq, Deserialize)]
enum RestartPolicy {
    Always,
    #[serde(other)]
    Other,
}

#[derive(PartialEq, Eq, Deserialize)]
enum ConditionKind {
    PodResizePending,
    #[serde(other)]
    Other,
}

#[derive(PartialEq, Eq, Deserialize)]
enum ConditionReason {
    Infeasible,
    #[serde(other)]
    Other,
}

impl From<ContainerJson> for ContainerResources {
    fn from(json: ContainerJson) -> Self {
        Self {
            name: json.name.unwrap_or_default(),
            restart_policy_always: json.restart_policy == Some(RestartPolicy::Always),
            resources: json.resources.unwrap_or_default(),
        }
    }
}

impl<'de> Deserialize<'de> for PodResources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pod = PodJson::deserialize(deserializer)?;
        let (spec, status) = (pod.spec.unwrap_or_default(), pod.status.unwrap_or_default());
        let containers =
            |all: Option<Vec<ContainerJson>>| all.into_iter().flatten().map(Into::into).collect();
        let resize =
            status.conditions.iter().flatten().find(|c| c.kind == Some(ConditionKind::PodResizePending));
        Ok(Self {
            containers: containers(spec.containers),
            init_containers: containers(spec.init_containers),
            pod_level: spec.resources,
            overhead: spec.overhead.unwrap_or_default(),
            resize_infeasible: resize.is_some_and(|c| c.reason == Some(ConditionReason::Infeasible)),
            container_statuses: status.container_statuses.unwrap_or_default(),
            init_container_statuses: status.init_container_statuses.unwrap_or_default(),
            status_resources: status.resources,
            status_allocated: status.allocated_resources,
        })
    }
}
