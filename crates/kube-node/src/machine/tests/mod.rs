//! The life of pods, moment by moment, as kubelet has it.

mod laws;
mod restarts;
mod starting;
mod stopping;
mod waiting;

use super::{Command, Effect, NodePod, Now, PodMachine, PodReport, ProbeKind};
use crate::behavior::Script;
use crate::runtime::{PodRuntime, SimRuntime};
use jiff::Timestamp;
use kube_core::env::Mono;
use kube_core::patch::apply_merge;
use kube_core::view::{PodPhase, from_value};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::time::Duration;

const NODE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const OWN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

pub(super) fn at(seconds: u64) -> Now {
    Now {
        mono: Mono::default() + Duration::from_secs(seconds),
        wall: Timestamp::from_second(1_000_000 + i64::try_from(seconds).unwrap()).unwrap(),
    }
}

pub(super) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A pod and its containers; its log says what was asked of the runtime, and when.
pub(super) struct Life {
    pub(super) machine: PodMachine,
    pub(super) runtime: SimRuntime,
    object: Value,
    pub(super) now: u64,
    pub(super) log: Vec<String>,
}

impl Life {
    /// A pod of this spec; `scripts` behave so.
    #[expect(clippy::needless_pass_by_value, reason = "written in place")]
    pub(super) fn new(spec: Value, script: Script) -> Self {
        let mut object = json!({
            "metadata": { "name": "web", "namespace": "default", "uid": "u", "generation": 1 },
            "spec": { "nodeName": "n", "containers": [{ "name": "c", "image": "i" }] },
        });
        apply_merge(&mut object["spec"], &spec);
        let pod: NodePod = from_value(object.clone()).unwrap();
        let spec = std::sync::Arc::new(pod.spec().unwrap());
        let runtime = SimRuntime::new(script, Some(OWN), &spec);
        let machine = PodMachine::new(spec, &pod, NODE, at(0));
        let mut life = Self { machine, runtime, object, now: 0, log: Vec::new() };
        life.talk(0, Vec::new());
        life
    }

    /// Somebody else changes the object.
    #[expect(clippy::needless_pass_by_value, reason = "written in place")]
    pub(super) fn write(&mut self, patch: Value) {
        apply_merge(&mut self.object, &patch);
        let pod: NodePod = from_value(self.object.clone()).unwrap();
        let mut commands = Vec::new();
        self.machine.observe(&pod, false, at(self.now), &mut commands);
        self.talk(self.now, commands);
    }

    pub(super) fn delete(&mut self, grace: i64) {
        self.write(json!({ "metadata": {
            "deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": grace } }));
    }

    /// Its node wants it gone.
    pub(super) fn evict(&mut self, reason: &str, message: &str) {
        let mut commands = Vec::new();
        self.machine.evict(reason, message, at(self.now), &mut commands);
        self.talk(self.now, commands);
    }

    /// Lets time pass until `second`.
    pub(super) fn to(&mut self, second: u64) {
        let end = at(second).mono;
        for _ in 0..10_000 {
            let next = [self.machine.deadline(), self.runtime.deadline()].into_iter().flatten().min();
            if let Some(next) = next.filter(|next| *next <= end) {
                self.talk(next.nanos() / 1_000_000_000, Vec::new());
            } else {
                self.now = second;
                return;
            }
        }
        panic!("no end at {:?}: {:?}", self.now, self.log.iter().rev().take(5).collect::<Vec<_>>());
    }

    fn talk(&mut self, second: u64, mut commands: Vec<Command>) {
        self.now = second;
        let now = at(second);
        self.machine.tick(now, &mut commands);
        let spec = self.machine.spec().clone();
        loop {
            for command in std::mem::take(&mut commands) {
                self.log.extend(self.line(&command));
                self.runtime.execute(&spec, command, now.mono);
            }
            let Some(answer) = self.runtime.poll(now.mono) else { return };
            self.machine.answer(answer, now, &mut commands);
        }
    }

    /// A command as the log has it; probes of steady containers and images are left out.
    fn line(&self, command: &Command) -> Option<String> {
        let name = |index: &usize| self.machine.spec().container(*index).unwrap().name.to_string();
        let line = match command {
            Command::Start { container, attempt } => format!("start {} #{attempt}", name(container)),
            Command::PostStart { container } => format!("postStart {}", name(container)),
            Command::PreStop { container } => format!("preStop {}", name(container)),
            Command::Stop { container, grace } => format!("stop {} {}s", name(container), grace.as_secs()),
            Command::Probe { container, probe: ProbeKind::Liveness } => format!("live? {}", name(container)),
            Command::Probe { container, probe: ProbeKind::Startup } => {
                format!("started? {}", name(container))
            }
            Command::Probe { container, probe: ProbeKind::Readiness } => {
                format!("ready? {}", name(container))
            }
            Command::RemoveSandbox => "remove".to_owned(),
            _ => return None,
        };
        Some(format!("{} {line}", self.now))
    }

    pub(super) fn report(&self) -> PodReport {
        self.machine.report()
    }

    pub(super) fn phase(&self) -> PodPhase {
        self.machine.phase()
    }

    /// The status of a container.
    pub(super) fn container(&self, name: &str) -> Value {
        let status = self.report().status;
        let lists = ["initContainerStatuses", "containerStatuses"];
        let all = lists.iter().filter_map(|list| status[*list].as_array()).flatten().cloned();
        all.into_iter().find(|status| status["name"] == name).unwrap()
    }

    /// Status, reason and message of a condition.
    pub(super) fn condition(&self, kind: &str) -> (String, String, String) {
        let status = self.report().status;
        let found = status["conditions"].as_array().unwrap().iter().find(|c| c["type"] == kind).unwrap();
        let text = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
        (text("status"), text("reason"), text("message"))
    }

    /// Why a container waits.
    pub(super) fn waits(&self, name: &str) -> String {
        self.container(name)["state"]["waiting"]["reason"].as_str().unwrap_or_default().to_owned()
    }

    /// All that is to be written, in order.
    pub(super) fn news(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(effect) = self.machine.news() {
            all.push(match effect {
                Effect::Report(report) => report.phase.to_string(),
                other => format!("{other:?}"),
            });
        }
        all
    }
}
