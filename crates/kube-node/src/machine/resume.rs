//! Going on with a pod after the node's agent was started again: its containers have run on meanwhile.

use super::conditions::{Own, Says};
use super::container::{Container, Ended, Shown};
use super::pod::{NodePod, ReportedContainer, ReportedStatus, Terminated};
use super::spec::LifeSpec;
use super::{Course, Now, PodMachine, Sandbox};
use kube_core::pod_resources::QosClass;
use kube_core::view::PodPhase;
use std::net::IpAddr;
use std::sync::Arc;

impl PodMachine {
    /// A pod that its node already reported on. Containers that were running are taken to run on.
    pub fn resume(spec: Arc<LifeSpec>, pod: &NodePod, host_ip: IpAddr, now: Now) -> Self {
        let status = pod.status().unwrap_or_default();
        let mut machine = Self::new(spec, pod, host_ip, now);
        machine.accepted = status.start_time.unwrap_or(now.wall);
        let age = now.wall.duration_since(machine.accepted).unsigned_abs();
        let nanos = u64::try_from(age.as_nanos()).unwrap_or(u64::MAX);
        machine.accepted_at = kube_core::env::Mono::from_nanos(now.mono.nanos().saturating_sub(nanos));
        machine.phase = status.phase;
        machine.ips = status.pod_ip.iter().filter_map(|ip| ip.parse().ok()).collect();
        machine.take_conditions(&status, now);
        let reported = status.init_container_statuses.iter().chain(&status.container_statuses);
        for (index, spec) in machine.spec.clone().all().enumerate() {
            if let Some(container) = reported.clone().find(|reported| reported.name == spec.name) {
                machine.containers[index] = Container::resumed(container, spec, now);
            }
        }
        match status.phase {
            PodPhase::Succeeded | PodPhase::Failed => {
                machine.course = Course::Over;
                machine.failure = status.reason.map(|reason| {
                    Box::new(super::Failure { reason, message: status.message.unwrap_or_default() })
                });
            }
            _ if !machine.ips.is_empty() => machine.sandbox = Sandbox::Ready,
            _ => {}
        }
        machine.settle_containers();
        machine.settle_phase(now);
        machine.dirty = false;
        machine
    }

    /// The containers that run.
    pub fn running(&self) -> impl Iterator<Item = usize> + '_ {
        self.containers.iter().enumerate().filter(|(_, container)| container.up).map(|(index, _)| index)
    }

    /// The pod's addresses.
    pub fn ips(&self) -> &[IpAddr] {
        &self.ips
    }

    /// The same, of a quality of service learnt later.
    pub fn set_qos(&mut self, qos: QosClass) {
        self.qos = Some(qos);
    }

    fn take_conditions(&mut self, status: &ReportedStatus, now: Now) {
        for condition in &status.conditions {
            let Some(own) = Own::of(&condition.kind) else { continue };
            let says = Says { status: &*condition.status == "True", ..Says::default() };
            self.conditions.resume(own, says, condition.last_transition_time.unwrap_or(now.wall));
        }
    }
}

impl Container {
    fn resumed(reported: &ReportedContainer, spec: &super::spec::ContainerSpec, now: Now) -> Self {
        let mut container = Self::new();
        container.restarts = reported.restart_count;
        container.last = reported.last_state.terminated.as_ref().map(|ended| Box::new(Ended::from(ended)));
        container.ran = container.last.is_some();
        if let Some(running) = &reported.state.running {
            container.ran = true;
            container.up = true;
            container.run(spec, running.started_at.unwrap_or(now.wall), now.mono);
            // What has started stays started; the rest is asked again.
            if reported.started == Some(true) {
                container.probes[0] = None;
            }
        } else if let Some(ended) = &reported.state.terminated {
            container.ran = true;
            container.failed = now.mono;
            container.shown = Shown::Terminated(Box::new(ended.into()));
        }
        container
    }
}

impl From<&Terminated> for Ended {
    fn from(reported: &Terminated) -> Self {
        Self {
            code: reported.exit_code,
            reason: reported.reason.clone().unwrap_or_default().into(),
            message: reported.message.clone(),
            started: reported.started_at,
            finished: reported.finished_at,
        }
    }
}
