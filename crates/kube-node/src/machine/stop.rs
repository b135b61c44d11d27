//! In which order all goes down.

use super::command::Command;
use super::{Course, Now, PodMachine, Sandbox, Step};
use kube_core::env::Mono;
use std::time::Duration;

/// Least time that a container gets to stop.
///
/// Source: `k8s.io/kubernetes/pkg/kubelet/kuberuntime` (`minimumGracePeriodInSeconds`).
const LEAST_GRACE: Duration = Duration::from_secs(2);

impl PodMachine {
    /// Hooks are called at once; then containers are told to stop, sidecars when all that stand behind them are down.
    /// When nothing is up the sandbox goes.
    ///
    /// Source: `k8s.io/kubernetes/pkg/kubelet/kuberuntime` (`killContainer`, `newTerminationOrdering`).
    pub(super) fn step_down(&mut self, deadline: Mono, now: Now, out: &mut Vec<Command>) {
        for index in 0..self.containers.len() {
            let container = &mut self.containers[index];
            let has_hook = self.spec.container(index).is_some_and(|spec| spec.lifecycle.pre_stop);
            let calls = has_hook && !container.hooked && now.mono < deadline;
            if container.up && !container.is_falling() && calls {
                container.hooked = true;
                container.step = Step::PreStop { until: deadline };
                out.push(Command::PreStop { container: index });
            }
            let sidecar = self.spec.is_sidecar(index);
            if !sidecar {
                self.stop_in_turn(index, deadline, now, out);
            }
        }
        for index in (0..self.spec.init_containers.len()).rev() {
            let others = &self.containers[index + 1..];
            let last = others.iter().all(|other| !other.up && other.step != Step::Starting);
            if self.spec.is_sidecar(index) && (last || now.mono >= deadline) {
                self.stop_in_turn(index, deadline, now, out);
            }
        }
        if self.containers.iter().any(|container| container.up || container.step == Step::Starting) {
            return;
        }
        match self.sandbox {
            Sandbox::Ready => {
                self.sandbox = Sandbox::Removing;
                out.push(Command::RemoveSandbox);
            }
            Sandbox::Absent { .. } => self.end(),
            Sandbox::Preparing | Sandbox::Removing => {}
        }
    }

    /// Nothing is left on the node.
    pub(super) fn end(&mut self) {
        self.course = Course::Over;
        self.dirty = true;
    }

    fn stop_in_turn(&mut self, index: usize, deadline: Mono, now: Now, out: &mut Vec<Command>) {
        let container = &self.containers[index];
        let hook_runs = matches!(container.step, Step::PreStop { until } if now.mono < until);
        let stopping = matches!(container.step, Step::Stopping { .. });
        if container.up && !hook_runs && !stopping {
            self.stop(index, deadline, now, out);
        }
    }

    /// Tells the container to stop, and kills it at `until`.
    pub(super) fn stop(&mut self, index: usize, until: Mono, now: Now, out: &mut Vec<Command>) {
        let grace = until.since(now.mono).max(LEAST_GRACE);
        let container = &mut self.containers[index];
        container.step = Step::Stopping { until: now.mono + grace };
        if let Some(probe) = &mut container.probes[super::ProbeKind::Liveness as usize] {
            probe.hold();
        }
        self.note_killing(index, out);
        out.push(Command::Stop { container: index, grace });
    }

    /// Takes one container down for a reason of its own: its hook first.
    pub(super) fn take_down(&mut self, index: usize, grace: Duration, now: Now, out: &mut Vec<Command>) {
        let container = &mut self.containers[index];
        if !container.up || container.is_falling() {
            return;
        }
        let until = now.mono + grace;
        let has_hook = self.spec.container(index).is_some_and(|spec| spec.lifecycle.pre_stop);
        if has_hook && !grace.is_zero() {
            container.hooked = true;
            container.step = Step::PreStop { until };
            out.push(Command::PreStop { container: index });
        } else {
            self.stop(index, until, now, out);
        }
    }

    /// Stops containers of which the pod goes on, and whose hooks have used up their time.
    pub(super) fn time_out_hooks(&mut self, now: Now, out: &mut Vec<Command>) {
        for index in 0..self.containers.len() {
            if let Step::PreStop { until } = self.containers[index].step
                && now.mono >= until
            {
                self.stop(index, until, now, out);
            }
        }
    }

    /// The pod gets less time to stop than it was given before.
    pub(super) fn hasten(&mut self, grace: Duration, now: Now, out: &mut Vec<Command>) {
        let Course::Down { deadline } = self.course else { return };
        let sooner = now.mono + grace;
        if sooner >= deadline {
            return;
        }
        self.course = Course::Down { deadline: sooner };
        for index in 0..self.containers.len() {
            match &mut self.containers[index].step {
                Step::PreStop { until } => *until = sooner.min(*until),
                Step::Stopping { until } if now.mono + grace.max(LEAST_GRACE) < *until => {
                    let grace = grace.max(LEAST_GRACE);
                    *until = now.mono + grace;
                    out.push(Command::Stop { container: index, grace });
                }
                _ => {}
            }
        }
    }
}
