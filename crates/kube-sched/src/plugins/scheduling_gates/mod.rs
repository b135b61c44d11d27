//! `SchedulingGates`: a pod with gates does not enter the queue.
//!
//! Source: `pkg/scheduler/framework/plugins/schedulinggates`.

#[cfg(test)]
mod tests;

use crate::framework::{
    ClusterEvent, EnqueueHints, EventSet, Hint, Plugin, PodInfo, Points, PreEnqueue, Reads, Verdict,
};
use std::sync::Arc;

/// Holds pods back while `spec.schedulingGates` is not empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct SchedulingGates;

impl Plugin for SchedulingGates {
    fn name(&self) -> &'static str {
        "SchedulingGates"
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_enqueue(self.clone()).hints(self);
    }
}

impl PreEnqueue for SchedulingGates {
    fn pre_enqueue(&self, pod: &PodInfo) -> Verdict {
        let gates = &pod.view().spec.scheduling_gates;
        if gates.is_empty() {
            return Verdict::Fits;
        }
        let names: Vec<&str> = gates.iter().map(|gate| &*gate.name).collect();
        Verdict::never(format!("waiting for scheduling gates: [{}]", names.join(" ")))
    }
}

impl EnqueueHints for SchedulingGates {
    fn events(&self) -> EventSet {
        EventSet::SELF_UPDATE
    }

    fn hint(&self, pod: &PodInfo, _event: &ClusterEvent) -> Hint {
        Hint::when(pod.view().spec.scheduling_gates.is_empty())
    }
}
