//! What of each resource would be requested of a node, and what the node has: what the two plugins of node resources
//! score by.
//!
//! Source: `pkg/scheduler/framework/plugins/noderesources` (`resource_allocation.go`).

use crate::framework::{Amounts, Core, NodeRef};
use std::sync::Arc;

/// A resource that counts in scoring, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceSpec {
    /// Name: `cpu`, `memory`, `ephemeral-storage`, or of an extended resource.
    pub name: Arc<str>,
    /// Weight among the resources.
    pub weight: i64,
}

impl ResourceSpec {
    /// A resource of this weight.
    pub fn new(name: impl Into<Arc<str>>, weight: i64) -> Self {
        Self { name: name.into(), weight }
    }
}

/// Cpu and memory alike: the default.
pub(super) fn cpu_and_memory() -> Vec<ResourceSpec> {
    vec![ResourceSpec::new("cpu", 1), ResourceSpec::new("memory", 1)]
}

/// Where a resource is kept.
#[derive(Clone, Debug)]
pub(super) enum Column {
    Cpu,
    Memory,
    EphemeralStorage,
    Scalar(Arc<str>),
}

impl Column {
    pub(super) fn of(name: &Arc<str>) -> Self {
        match &**name {
            "cpu" => Self::Cpu,
            "memory" => Self::Memory,
            "ephemeral-storage" => Self::EphemeralStorage,
            _ => Self::Scalar(name.clone()),
        }
    }

    /// What a pod requests of it.
    pub(super) fn request(&self, amounts: &Amounts) -> i64 {
        match self {
            Self::Cpu => amounts.milli_cpu,
            Self::Memory => amounts.memory,
            Self::EphemeralStorage => amounts.ephemeral_storage,
            Self::Scalar(name) => amounts.scalar(name).unwrap_or(0),
        }
    }
}

/// One resource of one node, with the pod and without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allocation {
    /// Requested by the pods on the node.
    pub(super) before: i64,
    /// Requested with the pod.
    pub(super) with_pod: i64,
    /// What the node has; never 0.
    pub(super) allocatable: i64,
}

/// What a decision reads of one node, read once for all resources.
pub(super) struct NodeLoad<'n> {
    node: NodeRef<'n>,
    allocatable: Core,
    requested: Core,
    cpu_and_memory: (i64, i64),
}

impl<'n> NodeLoad<'n> {
    /// `real`: what pods really request of cpu and memory, instead of what they count for.
    pub(super) fn new(node: NodeRef<'n>, real: bool) -> Self {
        let requested = node.requested();
        let cpu_and_memory = if real {
            (requested.milli_cpu, requested.memory)
        } else {
            let non_zero = node.non_zero_requested();
            (non_zero.milli_cpu, non_zero.memory)
        };
        Self { node, allocatable: node.allocatable(), requested, cpu_and_memory }
    }

    /// The allocation of one resource; `None` where the node has none of it, or it is a scalar resource that the pod
    /// does not request.
    pub(super) fn allocation(&self, column: &Column, request: i64) -> Option<Allocation> {
        let (allocatable, before) = match column {
            Column::Cpu => (self.allocatable.milli_cpu, self.cpu_and_memory.0),
            Column::Memory => (self.allocatable.memory, self.cpu_and_memory.1),
            Column::EphemeralStorage => {
                (self.allocatable.ephemeral_storage, self.requested.ephemeral_storage)
            }
            Column::Scalar(_) if request == 0 => return None,
            Column::Scalar(name) => (self.node.allocatable_scalar(name)?, self.node.requested_scalar(name)),
        };
        let with_pod = before.wrapping_add(request);
        (allocatable != 0).then_some(Allocation { before, with_pod, allocatable })
    }
}
