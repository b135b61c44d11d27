//! When containers are probed, and what follows.

use super::command::{Command, ProbeKind};
use super::{Course, Now, PodMachine};
use kube_core::env::Mono;

impl PodMachine {
    /// Makes the probes that are due. Until a container has passed its startup only that is asked; one whose pod goes down is
    /// asked for its readiness only.
    ///
    /// Source: `k8s.io/kubernetes/pkg/kubelet/prober` (`doProbe`).
    pub(super) fn probe_all(&mut self, now: Now, out: &mut Vec<Command>) {
        let spec = self.spec.clone();
        for (index, spec) in spec.all().enumerate() {
            for kind in ProbeKind::ALL {
                let Some(probe) = spec.probe(kind) else { continue };
                let container = &mut self.containers[index];
                let asks = if kind == ProbeKind::Startup { !container.started } else { container.started };
                let running = container.is_running();
                let Some(state) = container.probes[kind as usize].as_mut().filter(|_| running) else {
                    continue;
                };
                if state.is_overdue(now.mono) && state.end(probe, false, None) {
                    self.judge((index, kind), false, now, out);
                    continue;
                }
                if asks && state.begin(probe, now.mono) {
                    out.push(Command::Probe { container: index, probe: kind });
                }
            }
        }
    }

    /// What a probe found.
    pub(super) fn probed(
        &mut self,
        (index, kind): (usize, ProbeKind),
        (success, steady_until): (bool, Option<Mono>),
        now: Now,
        out: &mut Vec<Command>,
    ) {
        let spec = self.spec.clone();
        let Some(probe) = spec.container(index).and_then(|spec| spec.probe(kind)) else { return };
        let state =
            self.containers.get_mut(index).and_then(|container| container.probes[kind as usize].as_mut());
        let Some(state) = state else { return };
        let changed = state.end(probe, success, steady_until);
        if !success {
            Self::note_unhealthy(kind, out);
        }
        if changed {
            self.judge((index, kind), success, now, out);
        }
    }

    /// What counts of a probe has changed: a container that is not alive, or does not start, goes down.
    fn judge(&mut self, (index, kind): (usize, ProbeKind), success: bool, now: Now, out: &mut Vec<Command>) {
        if success || kind == ProbeKind::Readiness || self.course != Course::Up {
            return;
        }
        for probe in self.containers[index].probes.iter_mut().take(2).flatten() {
            probe.hold();
        }
        let spec = self.spec.clone();
        let own = spec.container(index).and_then(|spec| spec.probe(kind));
        let own = own.and_then(|probe| probe.termination_grace_period_seconds);
        let grace = own.map_or_else(|| self.spec.grace(), |seconds| super::spec::grace(Some(seconds)));
        self.note_unalive(index, kind, out);
        self.take_down(index, grace, now, out);
    }
}
