//! `GangScheduling`: the pods of a `PodGroup` go together or not at all.
//!
//! Off unless a profile asks for it, as in Kubernetes v1.36, where the kind is `scheduling.k8s.io/v1alpha2`; the store has
//! to serve that (`Objects::register_kind::<PodGroup>()`).
//!
//! What belongs together the [`Queue`](crate::queue::Queue) knows: it holds pods back until their group and enough of its
//! pods are there, and hands out all that wait at once.
//! [`Engine::schedule_group`](crate::engine::Engine::schedule_group) places them one after the other, each counting for
//! the next. They wait for their permissions together, and are bound by one transaction, so that no group is ever bound in
//! part. Where a group says how important it is (`spec.priority`), that counts for all of its pods, waiting and placed, and
//! not what they say themselves. Others have to make room for a gang only where all of it fits then.
//!
//! Source: KEP-4671, `pkg/scheduler/framework/plugins/gangscheduling`.

#[cfg(test)]
mod tests;

use crate::framework::{Plugin, PodInfo, Points, PreEnqueue, Reads, Verdict};
use crate::queue::GroupPolicy;
use kube_core::kinds::scheduling::v1alpha2::PodGroup;
use std::sync::Arc;
use std::time::Duration;

/// Schedules the pods of a group with a gang policy all at once, at least `minCount` of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct GangScheduling;

impl Plugin for GangScheduling {
    fn name(&self) -> &'static str {
        NAME
    }

    fn reads(&self) -> Reads {
        Reads::kind::<PodGroup>()
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_enqueue(self);
    }
}

impl PreEnqueue for GangScheduling {
    /// Nothing stands against the pod as such; whether its group is complete the queue asks itself.
    fn pre_enqueue(&self, _pod: &PodInfo) -> Verdict {
        Verdict::Fits
    }
}

/// What a group asks for; a group without a gang policy lets each of its pods go alone.
pub(crate) fn policy(group: &PodGroup) -> GroupPolicy {
    let gang = group.spec.scheduling_policy.gang.as_ref();
    let least = gang.and_then(|gang| usize::try_from(gang.min_count).ok()).unwrap_or(1);
    GroupPolicy { least, priority: group.spec.priority }
}

/// Its name.
pub(crate) const NAME: &str = "GangScheduling";

/// How long the pods of a group wait together for permissions.
///
/// Source: `gangscheduling` (`schedulingTimeout`).
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// What is said of a pod whose group is not there.
pub(crate) fn no_group(name: &str) -> String {
    format!("waiting for pod's pod group {name:?} to appear in scheduling queue")
}

/// What is said of a pod whose group has too few pods.
pub(crate) const TOO_FEW: &str = "waiting for minCount pods from a gang to appear in scheduling queue";

/// What is said of a pod whose group found too few nodes.
pub(crate) fn unsatisfied(least: usize, placed: usize) -> String {
    format!("minCount ({least}) cannot be satisfied: {placed} scheduled")
}
