//! What one pod holds of its node.

use super::BoundPod;
use crate::framework::{Core, NonZero};
use std::cmp::{Ordering, Reverse};

/// What making room looks at of a pod. Those of a node lie side by side, so that looking at all pods of all nodes does not
/// follow a pointer each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    pub(super) core: Core,
    pub(super) non_zero: NonZero,
    rank: Rank,
    /// It holds ports or scalar resources as well: the pod has to be asked.
    pub(super) more: bool,
}

/// How important a pod is: the least rank is that of the most important one.
///
/// Source: `k8s.io/kubernetes/pkg/scheduler/util` (`MoreImportantPod`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rank {
    priority: i32,
    /// With `seconds`, when it was started; the greatest numbers where it was not yet.
    nanos: i32,
    seconds: i64,
}

impl Holding {
    pub(crate) fn of(pod: &BoundPod) -> Self {
        Self {
            core: Core::of(pod.requests()),
            non_zero: pod.non_zero(),
            rank: Rank::of(pod),
            more: !pod.requests().scalars().is_empty() || !pod.ports().is_empty(),
        }
    }

    pub(crate) fn rank(&self) -> Rank {
        self.rank
    }

    pub(crate) fn priority(&self) -> i32 {
        self.rank.priority()
    }
}

impl Rank {
    pub(crate) fn of(pod: &BoundPod) -> Self {
        let (seconds, nanos) =
            pod.started().map_or((i64::MAX, i32::MAX), |at| (at.as_second(), at.subsec_nanosecond()));
        Self { priority: pod.priority(), nanos, seconds }
    }

    pub(crate) fn priority(self) -> i32 {
        self.priority
    }

    /// When it was started, to be compared.
    pub(crate) fn started(self) -> (i64, i32) {
        (self.seconds, self.nanos)
    }

    fn key(self) -> (Reverse<i32>, i64, i32) {
        (Reverse(self.priority), self.seconds, self.nanos)
    }
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
