//! Resources as plain numbers.

use kube_core::pod_resources::{
    CPU, EPHEMERAL_STORAGE, HUGE_PAGES_PREFIX, MEMORY, Options, PODS, PodResourceView, ResourceList,
    is_pod_level_resource, pod_requests,
};
use kube_core::quantity::Quantity;
use kube_core::view::{NodeView, PodView};
use std::sync::{Arc, LazyLock};

/// Amounts of resources. A resource that is not there is 0, except for scalars, which are there or not.
///
/// Source: `pkg/scheduler/framework` (`Resource`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Amounts {
    /// Thousandths of a cpu.
    pub milli_cpu: i64,
    /// Bytes of memory.
    pub memory: i64,
    /// Bytes of ephemeral storage.
    pub ephemeral_storage: i64,
    scalars: Vec<(Arc<str>, i64)>,
}

/// Cpu and memory that a pod counts for in scoring, where one that requests none counts for something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NonZero {
    /// Thousandths of a cpu.
    pub milli_cpu: i64,
    /// Bytes of memory.
    pub memory: i64,
}

impl Amounts {
    /// What a pod that is to be placed requests.
    pub fn of_pending(pod: &PodView) -> Self {
        Self::of_list(&pod_requests(pod, &Options::default()))
    }

    /// What a pod holds on its node: while an in-place resize is under way, the old and the new.
    pub fn of_bound(pod: &PodView) -> Self {
        Self::of_list(&pod_requests(pod, &BOUND))
    }

    /// What scoring by `NodeResourcesFit` takes a pod to request.
    pub(super) fn for_scoring(pod: &PodView) -> Self {
        Self::of_list(&pod_requests(pod, &SCORING))
    }

    /// What a node has for pods, and how many pods it may hold.
    pub fn of_node(node: &NodeView) -> (Self, i64) {
        let allocatable = &node.status.allocatable;
        (Self::of_list(allocatable), allocatable.get(PODS).map_or(0, Quantity::value))
    }

    /// The amounts of a list. Names that scheduling does not count are left out.
    pub fn of_list(list: &ResourceList) -> Self {
        let mut amounts = Self::default();
        for (name, quantity) in list.iter() {
            match &**name {
                CPU => amounts.milli_cpu = quantity.milli_value(),
                MEMORY => amounts.memory = quantity.value(),
                EPHEMERAL_STORAGE => amounts.ephemeral_storage = quantity.value(),
                other if is_scalar(other) => amounts.scalars.push((name.clone(), quantity.value())),
                _ => {}
            }
        }
        amounts
    }

    /// Scalar resources (extended ones, huge pages, attachable volumes), by name.
    pub fn scalars(&self) -> &[(Arc<str>, i64)] {
        &self.scalars
    }

    /// The amount of a scalar resource; `None` where it is not there.
    pub fn scalar(&self, name: &str) -> Option<i64> {
        let place = self.scalars.binary_search_by(|(other, _)| (**other).cmp(name)).ok()?;
        self.scalars.get(place).map(|(_, amount)| *amount)
    }
}

impl NonZero {
    /// What a pod holds on its node, and what it counts for.
    pub(crate) fn with_requests(pod: &PodView) -> (Amounts, Self) {
        let list = pod_requests(pod, &BOUND);
        // Where every container names both there is nothing to make up.
        let mut containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
        let complete = pod.spec.resources.is_none()
            && !pod.is_resize_infeasible()
            && containers.all(|container| {
                let requests = &container.resources.requests;
                requests.contains(CPU) && requests.contains(MEMORY)
            });
        let non_zero = if complete { Self::of_list(&list) } else { Self::of(pod) };
        (Amounts::of_list(&list), non_zero)
    }

    /// What a pod counts for.
    ///
    /// Source: `pkg/scheduler/framework` (`calculateResource`, `getNonMissingContainerRequests`).
    pub fn of(pod: &PodView) -> Self {
        let pod_level = pod.spec.resources.as_ref();
        let has_pod_level =
            pod_level.is_some_and(|level| level.requests.iter().any(|(name, _)| is_pod_level_resource(name)));
        if !has_pod_level {
            return Self::of_list(&pod_requests(pod, &BOUND_SCORING));
        }
        // With pod-level requests only what nobody names at all gets a default.
        let requests = pod_requests(pod, &BOUND);
        let missing = DEFAULTS.iter().filter(|(name, _)| !requests.contains(name));
        let non_missing_container_requests: ResourceList = missing.collect();
        Self::of_list(&pod_requests(pod, &Options { non_missing_container_requests, ..BOUND.clone() }))
    }

    fn of_list(list: &ResourceList) -> Self {
        Self {
            milli_cpu: list.get(CPU).map_or(0, Quantity::milli_value),
            memory: list.get(MEMORY).map_or(0, Quantity::value),
        }
    }
}

/// Source: `k8s.io/kubernetes/pkg/scheduler/util` (`IsScalarResourceName`).
fn is_scalar(name: &str) -> bool {
    let extended = name.contains('/') && !name.starts_with("requests.");
    extended || name.starts_with(HUGE_PAGES_PREFIX) || name.starts_with("attachable-volumes-")
}

static BOUND: LazyLock<Options> = LazyLock::new(|| Options { use_status: true, ..Options::default() });

static BOUND_SCORING: LazyLock<Options> =
    LazyLock::new(|| Options { non_missing_container_requests: DEFAULTS.clone(), ..BOUND.clone() });

static SCORING: LazyLock<Options> = LazyLock::new(|| Options {
    non_missing_container_requests: DEFAULTS.clone(),
    skip_pod_level: true,
    ..Options::default()
});

/// What a container that requests none counts for in scoring.
///
/// Source: `k8s.io/kubernetes/pkg/scheduler/util` (`DefaultMilliCPURequest`, `DefaultMemoryRequest`).
static DEFAULTS: LazyLock<ResourceList> = LazyLock::new(|| {
    let defaults = [(CPU, "100m"), (MEMORY, "200Mi")];
    defaults.into_iter().filter_map(|(name, text)| Some((name, Quantity::parse(text).ok()?))).collect()
});
