//! What a pod asks for: effective requests and limits, its QoS class, and the defaulting of its resources.
//!
//! ```
//! use kube_core::pod_resources::{Options, PodResources, QosClass, pod_requests, qos_class};
//!
//! let pod: PodResources = serde_json::from_str(
//!     r#"{"spec": {
//!         "containers": [{"name": "app", "resources": {"requests": {"cpu": "500m"}}}],
//!         "initContainers": [{"name": "setup", "resources": {"requests": {"cpu": "2", "memory": "1Gi"}}}]
//!     }}"#,
//! )?;
//! let requests = pod_requests(&pod, &Options::default());
//! assert_eq!(requests.get("cpu").map(|cpu| cpu.milli_value()), Some(2000));
//! assert_eq!(requests.get("memory").map(|memory| memory.value()), Some(1 << 30));
//! assert_eq!(qos_class(&pod), QosClass::Burstable);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! Source: `k8s.io/component-helpers/resource`, `k8s.io/kubernetes/pkg/apis/core/v1` and its `helper/qos`, v1.36 with
//! its default feature gates.

mod defaults;
mod list;
mod pod;
mod qos;
mod sum;
#[cfg(test)]
mod tests;
mod typed;

pub use defaults::{default_container, default_resources};
pub use list::{ResourceList, Resources};
pub use pod::{
    ContainerResourceView, ContainerResources, ContainerStatusResources, PodResourceView, PodResources,
};
pub use qos::{QosClass, qos_class};
pub use sum::{Options, pod_limits, pod_requests};

use std::sync::{Arc, LazyLock};

/// CPU time, in cores.
pub const CPU: &str = "cpu";
/// Memory, in bytes.
pub const MEMORY: &str = "memory";
/// Local disk, in bytes.
pub const EPHEMERAL_STORAGE: &str = "ephemeral-storage";
/// Number of pods.
pub const PODS: &str = "pods";
/// Start of the names of huge pages, the page size behind it: `hugepages-2Mi`.
pub const HUGE_PAGES_PREFIX: &str = "hugepages-";

/// Names that nearly every object has are shared.
static SHARED: LazyLock<[Arc<str>; 4]> =
    LazyLock::new(|| [CPU.into(), MEMORY.into(), EPHEMERAL_STORAGE.into(), PODS.into()]);

fn shared_name(name: &str) -> Arc<str> {
    SHARED.iter().find(|shared| &***shared == name).map_or_else(|| name.into(), Clone::clone)
}

/// Whether pod-level resources may name it: CPU, memory and huge pages.
///
/// Source: `IsSupportedPodLevelResource`.
pub fn is_pod_level_resource(name: &str) -> bool {
    name == CPU || name == MEMORY || name.starts_with(HUGE_PAGES_PREFIX)
}
