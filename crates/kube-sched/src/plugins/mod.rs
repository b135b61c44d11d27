//! The built-in plugins, one folder each.

pub mod default_binder;
pub mod default_preemption;
pub mod gang_scheduling;
pub mod image_locality;
pub mod inter_pod_affinity;
pub mod node_affinity;
pub mod node_declared_features;
pub mod node_name;
pub mod node_ports;
pub mod node_resources_balanced_allocation;
pub mod node_resources_fit;
pub mod node_unschedulable;
pub mod node_volume_limits;
pub mod pod_topology_spread;
pub mod priority_sort;
mod resource_allocation;
pub mod scheduling_gates;
pub mod taint_toleration;
pub mod volume_binding;
pub mod volume_restrictions;
pub mod volume_zone;

pub use resource_allocation::ResourceSpec;

use crate::framework::Plugin;
use std::sync::Arc;

/// A plugin and its weight in the default profile.
pub type Weighted = (Arc<dyn Plugin>, i64);

/// The built-in plugins that are off unless a profile asks for them: in Kubernetes v1.36 they are behind feature gates.
pub fn optional() -> Vec<Arc<dyn Plugin>> {
    vec![Arc::new(gang_scheduling::GangScheduling)]
}

/// Every built-in plugin in the order of the default profile. Add yours here with one line.
///
/// Source: `pkg/scheduler/apis/config/v1/default_plugins.go`.
pub fn built_in() -> Vec<Weighted> {
    vec![
        (Arc::new(scheduling_gates::SchedulingGates), 1),
        (Arc::new(priority_sort::PrioritySort), 1),
        (Arc::new(node_unschedulable::NodeUnschedulable), 1),
        (Arc::new(node_name::NodeName), 1),
        (Arc::new(taint_toleration::TaintToleration), 3),
        (Arc::new(node_affinity::NodeAffinity::default()), 2),
        (Arc::new(node_ports::NodePorts), 1),
        (Arc::new(node_resources_fit::NodeResourcesFit::default()), 1),
        (Arc::new(volume_restrictions::VolumeRestrictions), 1),
        (Arc::new(node_volume_limits::NodeVolumeLimits), 1),
        (Arc::new(volume_binding::VolumeBinding::default()), 1),
        (Arc::new(volume_zone::VolumeZone), 1),
        (Arc::new(pod_topology_spread::PodTopologySpread::default()), 2),
        (Arc::new(inter_pod_affinity::InterPodAffinity::default()), 2),
        (Arc::new(default_preemption::DefaultPreemption), 1),
        (Arc::new(node_resources_balanced_allocation::NodeResourcesBalancedAllocation::default()), 1),
        (Arc::new(image_locality::ImageLocality), 1),
        (Arc::new(default_binder::DefaultBinder), 1),
        (Arc::new(node_declared_features::NodeDeclaredFeatures), 1),
    ]
}
