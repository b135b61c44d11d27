//! Resources read from typed pods.

use super::{ContainerResources, ContainerStatusResources, PodResources, ResourceList, Resources};
use crate::kinds::core::v1::{Container, ContainerStatus, Pod, PodSpec, ResourceRequirements};
use crate::quantity::Quantity;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as ApiQuantity;
use std::collections::BTreeMap;

impl ResourceList {
    /// The quantities of a typed list. What is no quantity counts as nothing: validation refuses it.
    pub fn of_typed(list: Option<&BTreeMap<String, ApiQuantity>>) -> Self {
        let entries = list.into_iter().flatten();
        entries.map(|(name, text)| (&**name, text.0.parse().unwrap_or(Quantity::ZERO))).collect()
    }

    /// The same list in its typed form.
    pub fn to_typed(&self) -> BTreeMap<String, ApiQuantity> {
        self.iter().map(|(name, quantity)| (name.to_string(), quantity.into())).collect()
    }
}

impl From<&ResourceRequirements> for Resources {
    fn from(typed: &ResourceRequirements) -> Self {
        Self {
            requests: ResourceList::of_typed(typed.requests.as_ref()),
            limits: ResourceList::of_typed(typed.limits.as_ref()),
        }
    }
}

impl From<&Container> for ContainerResources {
    fn from(container: &Container) -> Self {
        Self {
            name: container.name.as_str().into(),
            restart_policy_always: container.restart_policy.as_deref() == Some("Always"),
            resources: container.resources.as_ref().map(Into::into).unwrap_or_default(),
        }
    }
}

impl From<&ContainerStatus> for ContainerStatusResources {
    fn from(status: &ContainerStatus) -> Self {
        Self {
            name: status.name.as_str().into(),
            resources: status.resources.as_ref().map(Into::into),
            allocated_resources: status
                .allocated_resources
                .as_ref()
                .map(|list| ResourceList::of_typed(Some(list))),
        }
    }
}

impl From<&PodSpec> for PodResources {
    fn from(spec: &PodSpec) -> Self {
        Self {
            containers: spec.containers.iter().map(Into::into).collect(),
            init_containers: spec.init_containers.iter().flatten().map(Into::into).collect(),
            pod_level: spec.resources.as_ref().map(Into::into),
            overhead: ResourceList::of_typed(spec.overhead.as_ref()),
            ..Self::default()
        }
    }
}

impl From<&Pod> for PodResources {
    fn from(pod: &Pod) -> Self {
        let mut resources: Self = pod.spec.as_ref().map(Into::into).unwrap_or_default();
        let Some(status) = &pod.status else { return resources };
        resources.container_statuses = status.container_statuses.iter().flatten().map(Into::into).collect();
        resources.init_container_statuses =
            status.init_container_statuses.iter().flatten().map(Into::into).collect();
        resources.status_resources = status.resources.as_ref().map(Into::into);
        resources.status_allocated =
            status.allocated_resources.as_ref().map(|list| ResourceList::of_typed(Some(list)));
        let pending = status.conditions.iter().flatten().find(|c| c.type_ == "PodResizePending");
        resources.resize_infeasible = pending.is_some_and(|c| c.reason.as_deref() == Some("Infeasible"));
        resources
    }
}
