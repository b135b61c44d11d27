//! The quality-of-service class, which decides who is evicted first.

use super::{CPU, ContainerResourceView, MEMORY, PodResourceView, ResourceList, Resources};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How well a pod is protected when a node runs short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum QosClass {
    /// Every container has limits of CPU and memory, and requests equal them.
    Guaranteed,
    /// Neither of the others.
    Burstable,
    /// Nothing is asked for.
    BestEffort,
}

impl QosClass {
    /// The name, as in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guaranteed => "Guaranteed",
            Self::Burstable => "Burstable",
            Self::BestEffort => "BestEffort",
        }
    }
}

impl fmt::Display for QosClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Sums of CPU and memory, of which only positive quantities count.
#[derive(Default)]
struct Sums {
    requests: ResourceList,
    limits: ResourceList,
}

impl Sums {
    fn add(&mut self, resources: &Resources) {
        self.requests.add(&counted(&resources.requests));
        self.limits.add(&counted(&resources.limits));
    }

    fn class(&self, limits_complete: bool) -> QosClass {
        if self.requests.is_empty() && self.limits.is_empty() {
            QosClass::BestEffort
        } else if limits_complete && self.requests == self.limits {
            QosClass::Guaranteed
        } else {
            QosClass::Burstable
        }
    }
}

fn counted(list: &ResourceList) -> ResourceList {
    [CPU, MEMORY]
        .into_iter()
        .filter_map(|name| Some((name, list.get(name).filter(|quantity| quantity.sign() > 0)?)))
        .collect()
}

/// The class of a pod. Pod-level resources, where the pod has that field, decide alone. Requests and limits are
/// compared as sums over all containers, but each container needs limits of its own to be guaranteed.
///
/// Source: `ComputePodQOS`.
pub fn qos_class<P: PodResourceView>(pod: &P) -> QosClass {
    let mut sums = Sums::default();
    if let Some(resources) = pod.pod_level() {
        sums.add(resources);
        let complete = resources.limits.is_empty() || counted(&resources.limits).len() == 2;
        return sums.class(complete);
    }
    let mut complete = true;
    for container in pod.containers().iter().chain(pod.init_containers()) {
        sums.add(container.resources());
        complete &= counted(&container.resources().limits).len() == 2;
    }
    sums.class(complete)
}
