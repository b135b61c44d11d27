//! What a node reports of a pod.

use super::PodMachine;
use super::conditions::Own;
use super::container::{Container, Ended, Shown};
use kube_core::view::PodPhase;
use serde_json::{Map, Value, json};

/// The status of a pod, as a node writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct PodReport {
    /// Where the pod is in its life.
    pub phase: PodPhase,
    /// Whether it is ready.
    pub ready: bool,
    /// The `status` object: fields that the node owns, and all conditions.
    pub status: Value,
}

impl PodMachine {
    /// The status as it is now.
    pub fn report(&self) -> PodReport {
        let mut status = Map::new();
        let mut put = |name: &str, value: Value| status.insert(name.to_owned(), value);
        put("phase", self.phase.to_string().into());
        put("startTime", self.accepted.to_string().into());
        put("conditions", serde_json::to_value(self.all_conditions()).unwrap_or_default());
        if self.meta.generation > 0 {
            put("observedGeneration", self.meta.generation.into());
        }
        if let Some(qos) = self.qos {
            put("qosClass", qos.as_str().into());
        }
        if let Some(failure) = self.failure.as_ref().filter(|_| self.phase == PodPhase::Failed) {
            put("reason", failure.reason.as_str().into());
            put("message", failure.message.as_str().into());
        }
        if !self.rejected {
            let host = self.host_ip.to_string();
            put("hostIPs", json!([{ "ip": host }]));
            put("hostIP", host.into());
            if let Some(first) = self.ips.first() {
                put("podIP", first.to_string().into());
                let ips = self.ips.iter().map(|ip| json!({ "ip": ip.to_string() }));
                put("podIPs", ips.collect());
            }
            let inits = self.spec.init_containers.len();
            if inits > 0 {
                put("initContainerStatuses", self.container_statuses(0..inits));
            }
            put("containerStatuses", self.container_statuses(inits..self.containers.len()));
        }
        let ready = self.conditions.is_true(Own::Ready);
        PodReport { phase: self.phase, ready, status: Value::Object(status) }
    }

    fn container_statuses(&self, indexes: std::ops::Range<usize>) -> Value {
        indexes.map(|index| self.container_status(index)).collect()
    }

    /// Source: `k8s.io/kubernetes/pkg/kubelet` (`convertToAPIContainerStatuses`).
    fn container_status(&self, index: usize) -> Value {
        let container = &self.containers[index];
        let spec = self.spec.container(index);
        let image = spec.and_then(|spec| spec.image.as_deref()).unwrap_or_default();
        let id = format!("sim://{}/{index}/{}", self.meta.uid, container.restarts);
        let last_id = format!("sim://{}/{index}/{}", self.meta.uid, (container.restarts - 1).max(0));
        let first_wait =
            if self.spec.init_containers.is_empty() { "ContainerCreating" } else { "PodInitializing" };
        let mut status = json!({
            "name": spec.map_or("", |spec| &*spec.name), "image": image,
            "imageID": if container.ran { image } else { "" },
            "ready": container.ready, "started": container.started, "restartCount": container.restarts,
            "state": state(container, first_wait, &id),
            "lastState": container.last.as_deref().map_or_else(
                || json!({}),
                |ended| json!({ "terminated": terminated(ended, &last_id) }),
            ),
        });
        if container.ran {
            status["containerID"] = id.into();
        }
        status
    }
}

fn state(container: &Container, first_wait: &str, id: &str) -> Value {
    match &container.shown {
        Shown::Running { since } => json!({ "running": { "startedAt": since.to_string() } }),
        Shown::Terminated(ended) => json!({ "terminated": terminated(ended, id) }),
        Shown::Waiting(waiting) => {
            let reason = waiting.reason.unwrap_or(first_wait);
            if waiting.message.is_empty() {
                json!({ "waiting": { "reason": reason } })
            } else {
                json!({ "waiting": { "reason": reason, "message": waiting.message } })
            }
        }
    }
}

fn terminated(ended: &Ended, id: &str) -> Value {
    let mut value = json!({ "exitCode": ended.code, "reason": ended.reason, "containerID": id });
    let mut put = |name: &str, text: Option<String>| {
        if let Some(text) = text {
            value[name] = text.into();
        }
    };
    put("message", ended.message.clone());
    put("startedAt", ended.started.map(|at| at.to_string()));
    put("finishedAt", ended.finished.map(|at| at.to_string()));
    value
}
