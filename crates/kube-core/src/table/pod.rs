//! Pods: what they are doing, told by their containers.

use super::age::since;
use super::cells::{NONE, Object};
use serde_json::Value;

/// Source: `printPod`.
pub(super) fn pod(pod: &Object<'_>) -> Vec<Value> {
    let mut told = Told::of(pod);
    let initializing = told.read_init_containers(pod);
    let initialized = pod.condition("Initialized").is_some_and(|c| c.text("/status") == "True");
    if !initializing || initialized {
        told.read_containers(pod);
    }
    let phase = pod.text("/status/phase");
    if pod.is_terminating() {
        if pod.text("/status/reason") == "NodeLost" {
            "Unknown".clone_into(&mut told.reason);
        } else if !matches!(phase, "Failed" | "Succeeded") {
            "Terminating".clone_into(&mut told.reason);
        }
    }
    let sidecars = pod.list("/spec/initContainers").filter(is_sidecar).count();
    let total = pod.count("/spec/containers") + sidecars;
    vec![
        pod.name(),
        format!("{}/{total}", told.ready).into(),
        told.reason.clone().into(),
        told.restarts.shown(pod).into(),
        pod.age(),
        pod.text_or("/status/podIPs/0/ip", NONE).into(),
        pod.text_or("/spec/nodeName", NONE).into(),
        pod.text_or("/status/nominatedNodeName", NONE).into(),
        readiness_gates(pod).into(),
    ]
}

/// How often containers were restarted, and when last.
#[derive(Clone, Debug, Default)]
struct Restarts {
    count: i64,
    last: String,
}

impl Restarts {
    fn add(&mut self, status: &Object<'_>) {
        self.count += status.int("/restartCount");
        let ended = status.text("/lastState/terminated/finishedAt");
        // Times are written in one form, which sorts as they do.
        if ended > self.last.as_str() {
            ended.clone_into(&mut self.last);
        }
    }

    fn shown(&self, pod: &Object<'_>) -> String {
        if self.count == 0 || self.last.is_empty() {
            return self.count.to_string();
        }
        format!("{} ({} ago)", self.count, since(&self.last, pod.now()))
    }
}

struct Told {
    reason: String,
    ready: usize,
    restarts: Restarts,
    /// Those of init containers that run beside the others.
    sidecar_restarts: Restarts,
}

impl Told {
    fn of(pod: &Object<'_>) -> Self {
        let gated = |condition: Object<'_>| {
            condition.text("/type") == "PodScheduled" && condition.text("/reason") == "SchedulingGated"
        };
        let reason = if pod.list("/status/conditions").any(gated) {
            "SchedulingGated"
        } else {
            pod.text_or("/status/reason", pod.text("/status/phase"))
        };
        Self {
            reason: reason.to_owned(),
            ready: 0,
            restarts: Restarts::default(),
            sidecar_restarts: Restarts::default(),
        }
    }

    /// Whether one of them is not done.
    fn read_init_containers(&mut self, pod: &Object<'_>) -> bool {
        let total = pod.count("/spec/initContainers");
        for (index, status) in pod.list("/status/initContainerStatuses").enumerate() {
            let container =
                pod.list("/spec/initContainers").find(|c| c.text("/name") == status.text("/name"));
            let sidecar = container.as_ref().is_some_and(is_sidecar);
            self.restarts.add(&status);
            if sidecar {
                self.sidecar_restarts.add(&status);
            }
            let terminated = status.has("/state/terminated");
            if terminated && status.int("/state/terminated/exitCode") == 0 {
                continue;
            }
            if sidecar && status.flag("/started") {
                self.ready += usize::from(status.flag("/ready"));
                continue;
            }
            let waits_for = status.text("/state/waiting/reason");
            self.reason = if terminated {
                format!("Init:{}", ending(&status))
            } else if !matches!(waits_for, "" | "PodInitializing") {
                format!("Init:{waits_for}")
            } else {
                format!("Init:{index}/{total}")
            };
            return true;
        }
        false
    }

    fn read_containers(&mut self, pod: &Object<'_>) {
        self.restarts = self.sidecar_restarts.clone();
        let mut running = false;
        for status in pod.list("/status/containerStatuses").rev() {
            self.restarts.add(&status);
            let waits_for = status.text("/state/waiting/reason");
            if !waits_for.is_empty() {
                waits_for.clone_into(&mut self.reason);
            } else if status.has("/state/terminated") {
                self.reason = ending(&status);
            } else if status.flag("/ready") && status.has("/state/running") {
                running = true;
                self.ready += 1;
            }
        }
        if self.reason == "Completed" && running {
            let ready = pod.condition("Ready").is_some_and(|c| c.text("/status") == "True");
            let reason = if ready { "Running" } else { "NotReady" };
            reason.clone_into(&mut self.reason);
        }
    }
}

/// Why a container ended: the reason, or the signal or exit code.
fn ending(status: &Object<'_>) -> String {
    let state = status.part("/state/terminated");
    match (state.text("/reason"), state.int("/signal")) {
        ("", 0) => format!("ExitCode:{}", state.int("/exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

fn is_sidecar(container: &Object<'_>) -> bool {
    container.text("/restartPolicy") == "Always"
}

fn readiness_gates(pod: &Object<'_>) -> String {
    let total = pod.count("/spec/readinessGates");
    if total == 0 {
        return NONE.to_owned();
    }
    let holds = |gate: &Object<'_>| {
        pod.condition(gate.text("/conditionType")).is_some_and(|c| c.text("/status") == "True")
    };
    format!("{}/{total}", pod.list("/spec/readinessGates").filter(holds).count())
}
