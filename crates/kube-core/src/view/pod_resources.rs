//! The resource computations over the lean pod.

use super::{ContainerView, PodView};
use crate::pod_resources::{ContainerResourceView, PodResourceView, ResourceList, Resources};

impl ContainerResourceView for ContainerView {
    fn name(&self) -> &str {
        &self.name
    }

    fn resources(&self) -> &Resources {
        &self.resources
    }

    fn is_sidecar(&self) -> bool {
        self.restart_policy.as_deref() == Some("Always")
    }
}

impl PodResourceView for PodView {
    type Container = ContainerView;

    fn containers(&self) -> &[ContainerView] {
        &self.spec.containers
    }

    fn init_containers(&self) -> &[ContainerView] {
        &self.spec.init_containers
    }

    fn pod_level(&self) -> Option<&Resources> {
        self.spec.resources.as_ref()
    }

    fn overhead(&self) -> &ResourceList {
        &self.spec.overhead
    }

    fn container_status(&self, name: &str) -> Option<(Option<&Resources>, Option<&ResourceList>)> {
        let statuses = self.status.init_container_statuses.iter().chain(&self.status.container_statuses);
        let status = statuses.into_iter().find(|status| &*status.name == name)?;
        Some((status.resources.as_ref(), status.allocated_resources.as_ref()))
    }

    fn pod_status(&self) -> (Option<&Resources>, Option<&ResourceList>) {
        (self.status.resources.as_ref(), self.status.allocated_resources.as_ref())
    }

    fn is_resize_infeasible(&self) -> bool {
        self.condition("PodResizePending").is_some_and(|c| c.reason.as_deref() == Some("Infeasible"))
    }
}
