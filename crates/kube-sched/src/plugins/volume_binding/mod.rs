//! `VolumeBinding`: a pod goes where its volumes are, or can be found or made.
//!
//! Source: `pkg/scheduler/framework/plugins/volumebinding`.

mod act;
mod capacity;
mod hints;
mod plan;
#[cfg(test)]
mod tests;

pub use plan::Plan;

use crate::framework::{
    NodeRef, Nodes, Plugin, PodInfo, Points, PreFilter, PreFiltered, Reads, Reason, Reasons, Remedy, Verdict,
};
use act::Reserved;
use kube_core::kinds::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube_core::kinds::storage::v1::{CSIDriver, CSIStorageCapacity, StorageClass};
use std::sync::Arc;
use std::time::Duration;

/// Rejects nodes that the pod's volumes cannot be used on; binds those that wait for a pod before the pod itself.
#[derive(Debug)]
pub struct VolumeBinding {
    timeout: Duration,
    reserved: Reserved,
}

impl VolumeBinding {
    /// Waits so long for claims to be bound: `bindTimeoutSeconds` of `VolumeBindingArgs`.
    pub fn new(timeout: Duration) -> Self {
        Self { timeout, reserved: Reserved::default() }
    }
}

impl Default for VolumeBinding {
    fn default() -> Self {
        Self::new(Duration::from_mins(10))
    }
}

impl Plugin for VolumeBinding {
    fn name(&self) -> &'static str {
        "VolumeBinding"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_LABELS
            | Reads::kind::<PersistentVolume>()
            | Reads::kind::<PersistentVolumeClaim>()
            | Reads::kind::<StorageClass>()
            | Reads::kind::<CSIDriver>()
            | Reads::kind::<CSIStorageCapacity>()
    }

    fn monotone(&self) -> bool {
        true
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_filter(self.clone()).reserve(self.clone()).pre_bind(self.clone()).hints(self);
    }
}

impl PreFilter for VolumeBinding {
    type State = Arc<Plan>;

    fn pre_filter(&self, pod: &PodInfo, nodes: Nodes<'_>) -> PreFiltered<Arc<Plan>> {
        match Plan::new(pod, nodes) {
            Ok(None) => PreFiltered::Skip,
            Ok(Some(plan)) => PreFiltered::All(Arc::new(plan)),
            // Kubernetes reports a claim without a class as an error of the scheduler; here the pod says what it lacks.
            Err(wrong) => PreFiltered::RejectForGood(Reasons::from(Reason::from(wrong))),
        }
    }

    fn filter(&self, plan: &Arc<Plan>, _pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        match plan.on(node.name(), node.labels()) {
            Ok(_) => Verdict::Fits,
            Err(reasons) => Reasons::collect(reasons).map_or(Verdict::Fits, Verdict::Never),
        }
    }

    fn remedies(&self, plan: &Arc<Plan>, _pod: &PodInfo, node: NodeRef<'_>) -> Vec<Remedy> {
        let reasons = plan.on(node.name(), node.labels()).err().unwrap_or_default();
        let change = |reason: &Reason| match reason.as_str() {
            plan::NO_VOLUME => {
                format!("add a volume that suits the claim and can be used on {}", node.name())
            }
            plan::NO_SPACE => format!("add storage that can be reached from {}", node.name()),
            _ => format!("move the pod's volumes to where {} is", node.name()),
        };
        reasons.iter().map(|reason| Remedy::new(change(reason))).collect()
    }
}
