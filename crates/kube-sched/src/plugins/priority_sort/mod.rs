//! `PrioritySort`: higher priority first, then who came first.
//!
//! Source: `pkg/scheduler/framework/plugins/queuesort`.

#[cfg(test)]
mod tests;

use crate::framework::{Plugin, PodInfo, Points, QueueSort, Reads, SortKey};
use kube_core::env::Mono;
use std::sync::Arc;

/// The order of the default profile's queue.
#[derive(Clone, Copy, Debug, Default)]
pub struct PrioritySort;

impl Plugin for PrioritySort {
    fn name(&self) -> &'static str {
        "PrioritySort"
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.queue_sort(self);
    }
}

impl QueueSort for PrioritySort {
    fn key(&self, pod: &PodInfo, since: Mono) -> SortKey {
        SortKey([-i64::from(pod.priority()), i64::try_from(since.nanos()).unwrap_or(i64::MAX)])
    }
}
