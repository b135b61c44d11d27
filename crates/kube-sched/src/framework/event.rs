//! What happens in a cluster that may make a pending pod schedulable, and who cares.

use kube_core::resource::{KindInfo, ObjectKey};
use kube_core::view::{NodeView, PodView};
use std::ops::{BitOr, BitOrAssign};
use std::sync::Arc;

/// A change in the cluster.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClusterEvent {
    /// A node appeared.
    NodeAdded(Arc<NodeView>),
    /// A node changed.
    NodeUpdated {
        /// Before.
        old: Arc<NodeView>,
        /// After.
        new: Arc<NodeView>,
    },
    /// A node went.
    NodeDeleted(Arc<NodeView>),
    /// A pod was bound.
    PodAssigned(Arc<PodView>),
    /// A bound pod changed.
    PodUpdated {
        /// Before.
        old: Arc<PodView>,
        /// After.
        new: Arc<PodView>,
    },
    /// A bound pod went or ended, and with it what it held.
    PodDeleted(Arc<PodView>),
    /// The pending pod itself changed. Only that pod is asked.
    SelfUpdated {
        /// Before.
        old: Arc<PodView>,
        /// After.
        new: Arc<PodView>,
    },
    /// An object of a kind that a plugin declared in its reads appeared, changed or went.
    Other {
        /// The kind.
        kind: Arc<KindInfo>,
        /// The object.
        key: ObjectKey,
    },
}

impl ClusterEvent {
    /// The node that it happened on; `None` where it may matter for any.
    pub(crate) fn node(&self) -> Option<&Arc<str>> {
        match self {
            Self::NodeAdded(node) | Self::NodeUpdated { new: node, .. } => Some(&node.meta.name),
            Self::PodAssigned(pod) | Self::PodUpdated { new: pod, .. } | Self::PodDeleted(pod) => {
                pod.node_name()
            }
            Self::NodeDeleted(_) | Self::SelfUpdated { .. } | Self::Other { .. } => None,
        }
    }

    /// What metrics call it.
    ///
    /// Source: `k8s.io/kube-scheduler/framework` (`ClusterEvent.Label`).
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::NodeAdded(_) => "NodeAdd",
            Self::NodeUpdated { .. } => "NodeUpdate",
            Self::NodeDeleted(_) => "NodeDelete",
            Self::PodAssigned(_) => "AssignedPodAdd",
            Self::PodUpdated { .. } => "AssignedPodUpdate",
            Self::PodDeleted(_) => "AssignedPodDelete",
            Self::SelfUpdated { .. } => "UnscheduledPodUpdate",
            Self::Other { .. } => "Other",
        }
    }

    /// The kinds of event this is: an update may be several at once.
    pub fn set(&self) -> EventSet {
        match self {
            Self::NodeAdded(_) => EventSet::NODE_ADD,
            Self::NodeUpdated { old, new } => node_changes(old, new),
            Self::NodeDeleted(_) => EventSet::NODE_DELETE,
            Self::PodAssigned(_) => EventSet::POD_ADD,
            Self::PodUpdated { old, new } => pod_changes(old, new),
            Self::PodDeleted(_) => EventSet::POD_DELETE,
            Self::SelfUpdated { .. } => EventSet::SELF_UPDATE,
            Self::Other { .. } => EventSet::OTHER,
        }
    }
}

/// Kinds of event.
///
/// Source: `k8s.io/kube-scheduler/framework` (`ActionType`, `EventResource`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventSet(u32);

impl EventSet {
    /// No event.
    pub const NONE: Self = Self(0);
    /// A node appeared.
    pub const NODE_ADD: Self = Self(1);
    /// A node went.
    pub const NODE_DELETE: Self = Self(1 << 1);
    /// A node's labels changed.
    pub const NODE_LABEL: Self = Self(1 << 2);
    /// A node's taints or `spec.unschedulable` changed.
    pub const NODE_TAINT: Self = Self(1 << 3);
    /// A node's allocatable resources changed.
    pub const NODE_ALLOCATABLE: Self = Self(1 << 4);
    /// Something else of a node changed.
    pub const NODE_OTHER: Self = Self(1 << 5);
    /// A pod was bound.
    pub const POD_ADD: Self = Self(1 << 6);
    /// A bound pod went or ended.
    pub const POD_DELETE: Self = Self(1 << 7);
    /// A bound pod's labels changed.
    pub const POD_LABEL: Self = Self(1 << 8);
    /// A bound pod's resources changed.
    pub const POD_SCALE: Self = Self(1 << 9);
    /// Something else of a bound pod changed.
    pub const POD_OTHER: Self = Self(1 << 10);
    /// The pending pod itself changed.
    pub const SELF_UPDATE: Self = Self(1 << 11);
    /// An object of another kind appeared, changed or went.
    pub const OTHER: Self = Self(1 << 12);
    /// Every event.
    pub const ALL: Self = Self((1 << 13) - 1);

    /// Whether the two have an event in common.
    pub fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is no event in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for EventSet {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for EventSet {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Whether an event may have made a pod schedulable, as far as one plugin can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// It may: try the pod again.
    Queue,
    /// It changed nothing for this pod.
    Skip,
}

impl Hint {
    /// [`Hint::Queue`] when `may`.
    pub fn when(may: bool) -> Self {
        if may { Self::Queue } else { Self::Skip }
    }
}

/// What of a node changed that scheduling may depend on. Empty for a mere heartbeat.
fn node_changes(old: &NodeView, new: &NodeView) -> EventSet {
    let mut set = EventSet::NONE;
    if old.meta.labels != new.meta.labels {
        set |= EventSet::NODE_LABEL;
    }
    if old.spec.taints != new.spec.taints || old.spec.unschedulable != new.spec.unschedulable {
        set |= EventSet::NODE_TAINT;
    }
    if old.status.allocatable != new.status.allocatable {
        set |= EventSet::NODE_ALLOCATABLE;
    }
    if old.meta.annotations != new.meta.annotations
        || old.status.declared_features != new.status.declared_features
    {
        set |= EventSet::NODE_OTHER;
    }
    set
}

fn pod_changes(old: &PodView, new: &PodView) -> EventSet {
    let mut set = EventSet::NONE;
    if old.meta.labels != new.meta.labels {
        set |= EventSet::POD_LABEL;
    }
    if crate::framework::Amounts::of_bound(old) != crate::framework::Amounts::of_bound(new) {
        set |= EventSet::POD_SCALE;
    }
    if old.meta.is_terminating() != new.meta.is_terminating() {
        set |= EventSet::POD_OTHER;
    }
    set
}
