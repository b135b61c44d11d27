//! What a node reports of a pod.

use super::{PodMachine, State};
use jiff::Timestamp;
use kube_core::view::{PodPhase, PodView};
use serde_json::{Value, json};

/// The status of a pod, as a node writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct PodReport {
    /// Where the pod is in its life.
    pub phase: PodPhase,
    /// Whether it is ready.
    pub ready: bool,
    /// The `status` object: fields that the node owns.
    pub status: Value,
}

impl PodMachine {
    pub(super) fn report(&self, pod: &PodView) -> PodReport {
        let (phase, running, ended) = match self.state {
            State::Running { since, .. } => (PodPhase::Running, Some(since), None),
            State::BackingOff { .. } => (PodPhase::Running, None, None),
            State::Ended { phase } => (phase, None, Some(phase)),
            State::Starting { .. } | State::Stopping { .. } | State::Gone => (PodPhase::Pending, None, None),
        };
        let ready = self.ready_since.is_some();
        let status = json!({
            "phase": phase.to_string(),
            "startTime": self.accepted.to_string(),
            "podIP": self.ip.to_string(),
            "podIPs": [{ "ip": self.ip.to_string() }],
            "conditions": self.conditions(pod, phase),
            "containerStatuses": pod.spec.containers.iter().map(|container| {
                let image = container.image.as_deref().unwrap_or_default();
                json!({
                    "name": container.name, "image": image, "imageID": image,
                    "ready": ready, "started": running.is_some(), "restartCount": self.restarts,
                    "state": container_state(running, ended, self.script.exit.map_or(0, |(_, code)| code)),
                })
            }).collect::<Vec<_>>(),
        });
        PodReport { phase, ready, status }
    }

    fn conditions(&self, pod: &PodView, phase: PodPhase) -> Vec<Value> {
        let ready_at = self.ready_since.unwrap_or(self.unready_since);
        let ready = if self.ready_since.is_some() { "True" } else { "False" };
        let started = if phase == PodPhase::Pending { "False" } else { "True" };
        let condition = |kind: &str, status: &str, since: Timestamp| json!({ "type": kind, "status": status, "lastTransitionTime": since.to_string() });
        let scheduled = pod.condition("PodScheduled").and_then(|c| c.last_transition_time);
        vec![
            condition("PodReadyToStartContainers", started, self.accepted),
            condition("Initialized", "True", self.accepted),
            condition("Ready", ready, ready_at),
            condition("ContainersReady", ready, ready_at),
            condition("PodScheduled", "True", scheduled.unwrap_or(self.accepted)),
        ]
    }
}

fn container_state(running: Option<Timestamp>, ended: Option<PodPhase>, code: i32) -> Value {
    match (running, ended) {
        (Some(since), _) => json!({ "running": { "startedAt": since.to_string() } }),
        (None, Some(_)) => json!({ "terminated": { "exitCode": code } }),
        (None, None) => json!({ "waiting": { "reason": "ContainerCreating" } }),
    }
}
