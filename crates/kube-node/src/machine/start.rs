//! What comes up next.

use super::backoff::shown;
use super::command::Command;
use super::container::{Container, Ended, Shown, Waiting};
use super::phase::RESTARTING_ALL;
use super::{Course, Now, PodMachine, Sandbox, Step};
use kube_core::view::PodPhase;

/// What a look at the containers says.
enum Next {
    /// This one is started.
    Start(usize),
    /// Nothing can be started now.
    Wait,
    /// The containers have done what they were for, or an init container has failed for good.
    Done,
}

impl PodMachine {
    /// Prepares the sandbox, then starts one container after the other: the next one when the hook of the one before has
    /// returned. One that has to wait holds up init containers behind it, and no others.
    ///
    /// Source: `k8s.io/kubernetes/pkg/kubelet/kuberuntime` (`computePodActions`, `SyncPod`).
    pub(super) fn step_up(&mut self, now: Now, out: &mut Vec<Command>) {
        if self.meta.is_terminating() {
            let grace = super::spec::grace(
                self.meta.deletion_grace_period_seconds.or(self.spec.termination_grace_period_seconds),
            );
            return self.go_down(grace, now);
        }
        match self.sandbox {
            Sandbox::Absent { not_before } if now.mono >= not_before => {
                self.sandbox = Sandbox::Preparing;
                out.push(Command::PrepareSandbox);
                return;
            }
            Sandbox::Ready => {}
            _ => return,
        }
        self.time_out_hooks(now, out);
        if self.restarting_all && !self.begin_again(now) {
            return;
        }
        self.speak_of_pulls(now);
        if self.containers.iter().any(Container::is_rising) {
            return;
        }
        match self.next(now, out) {
            Next::Start(index) => self.start(index, now, out),
            Next::Wait => {}
            Next::Done => self.go_down(self.spec.grace(), now),
        }
    }

    fn next(&mut self, now: Now, out: &mut Vec<Command>) -> Next {
        let inits = self.spec.init_containers.len();
        let initialized = self.containers.iter().skip(inits).any(|c| c.ran);
        let mut start = None;
        for index in 0..inits {
            let is_sidecar = self.spec.is_sidecar(index);
            let container = &self.containers[index];
            if is_sidecar {
                if !container.up && start.is_none() && self.may_start(index, now, out) {
                    start = Some(index);
                }
                if !initialized && !self.containers[index].started {
                    return start.map_or(Next::Wait, Next::Start);
                }
                continue;
            }
            if initialized {
                continue;
            }
            match container.last_end() {
                Some(ended) if ended.code == 0 && container.ended().is_some() => continue,
                Some(ended) if ended.code != 0 && !self.restarts(index, ended) => return Next::Done,
                _ => {}
            }
            if let Some(sidecar) = start {
                return Next::Start(sidecar);
            }
            let may = !self.containers[index].up && self.may_start(index, now, out);
            return if may { Next::Start(index) } else { Next::Wait };
        }
        if start.is_none() {
            return self.next_main(inits, now, out);
        }
        start.map_or(Next::Wait, Next::Start)
    }

    fn next_main(&mut self, inits: usize, now: Now, out: &mut Vec<Command>) -> Next {
        let mut start = None;
        let mut done = true;
        for index in inits..self.containers.len() {
            let container = &self.containers[index];
            let over = container.ended().is_some_and(|ended| !self.restarts(index, ended));
            if over {
                continue;
            }
            done = false;
            if start.is_none() && !container.up && self.may_start(index, now, out) {
                start = Some(index);
            }
        }
        match start {
            Some(index) => Next::Start(index),
            None if done => Next::Done,
            None => Next::Wait,
        }
    }

    pub(super) fn restarts(&self, index: usize, ended: &Ended) -> bool {
        ended.reason == RESTARTING_ALL || self.spec.restarts(index, ended.code)
    }

    /// Whether the container's turn has come. One that has ended waits, longer each time, and says so.
    fn may_start(&mut self, index: usize, now: Now, out: &mut Vec<Command>) -> bool {
        let container = &mut self.containers[index];
        if container.ended().is_none() {
            return now.mono >= container.not_before;
        }
        let Some((wait, until)) = container.crashes.pending(container.failed, now.mono) else { return true };
        container.not_before = until;
        let name = self.spec.container(index).map_or("", |spec| &spec.name);
        let (meta, wait) = (&self.meta, shown(wait));
        let pod = format!("{}_{}({})", meta.name, meta.namespace, meta.uid);
        let message = format!("back-off {wait} restarting failed container={name} pod={pod}");
        self.dirty |= container.wait("CrashLoopBackOff", message);
        self.note_backoff(index, &pod, out);
        false
    }

    fn start(&mut self, index: usize, now: Now, out: &mut Vec<Command>) {
        let container = &mut self.containers[index];
        if container.ran {
            container.crashes.next(container.failed, now.mono);
        }
        container.step = Step::Pulling;
        out.push(Command::Pull { container: index });
    }

    /// A pull that failed shows its error at first, and a second later that the next one is waited for.
    fn speak_of_pulls(&mut self, now: Now) {
        for (index, container) in self.containers.iter_mut().enumerate() {
            let Some(trouble) = container.pull_trouble.take_if(|trouble| now.mono >= trouble.1) else {
                continue;
            };
            let image = self.spec.container(index).and_then(|spec| spec.image.as_deref()).unwrap_or_default();
            let message = format!("Back-off pulling image \"{image}\": {}", trouble.0);
            self.dirty |= container.wait("ImagePullBackOff", message);
        }
    }

    /// All containers are to be started again: once none is up any more, all wait as if they had not run.
    ///
    /// Source: KEP-5532.
    fn begin_again(&mut self, now: Now) -> bool {
        if self.containers.iter().any(|container| container.up || container.step == Step::Starting) {
            return false;
        }
        let waits = self.containers.iter().filter_map(|c| c.crashes.pending(c.failed, now.mono));
        let not_before = waits.map(|(_, until)| until).max().unwrap_or(now.mono);
        for container in self.containers.iter_mut().filter(|container| container.ran) {
            container.crashes.next(container.failed, now.mono);
            container.last = Some(Box::new(Ended {
                code: 137,
                reason: RESTARTING_ALL.into(),
                message: Some(REMOVED.to_owned()),
                started: None,
                finished: None,
            }));
            let waiting = Waiting { reason: Some(RESTARTING_ALL), message: REMOVED.into() };
            container.shown = Shown::Waiting(waiting);
            container.restarts += 1;
            container.ran = false;
        }
        for container in &mut self.containers {
            container.not_before = not_before;
        }
        self.restarting_all = false;
        self.dirty = true;
        true
    }

    /// Computes what of the containers follows from what they do.
    ///
    /// Source: `k8s.io/kubernetes/pkg/kubelet/prober` (`UpdatePodStatus`).
    pub(super) fn settle_containers(&mut self) {
        let inits = self.spec.init_containers.len();
        for (index, container) in self.containers.iter_mut().enumerate() {
            let verdict =
                |kind: super::ProbeKind| container.probes[kind as usize].as_ref().map(|p| p.verdict());
            let running = container.is_running();
            let started = running && verdict(super::ProbeKind::Startup).is_none_or(|v| v == Some(true));
            let regular_init = index < inits && !self.spec.is_sidecar(index);
            let ready = if regular_init {
                container.ended().is_some_and(|ended| ended.code == 0)
            } else {
                let told = container.told.unwrap_or(true);
                started && verdict(super::ProbeKind::Readiness).map_or(told, |v| v == Some(true))
            };
            self.dirty |= container.started != started || container.ready != ready;
            (container.started, container.ready) = (started, ready);
        }
    }

    /// Computes the phase and the conditions.
    ///
    /// Source: `k8s.io/kubernetes/pkg/kubelet` (`generateAPIPodStatus`), `pkg/kubelet/status` (`mergePodStatus`: no
    /// terminal phase while a container could be running; `TerminatePod`: what is over has a terminal phase).
    pub(super) fn settle_phase(&mut self, now: Now) {
        let over = self.is_over();
        let found = super::phase::phase(&self.spec, &self.containers, over);
        let terminal = matches!(found, PodPhase::Succeeded | PodPhase::Failed);
        let phase = match (over, terminal) {
            (true, _) if self.failure.is_some() => PodPhase::Failed,
            (true, true) | (false, false) => found,
            (true, false) => PodPhase::Failed,
            (false, true) => self.phase,
        };
        // Phases stand in order; of two ends the first stays.
        let ended = matches!(self.phase, PodPhase::Succeeded | PodPhase::Failed);
        if !ended && phase > self.phase {
            self.phase = phase;
            self.dirty = true;
        }
        self.dirty |= self.settle_conditions(now.wall);
    }

    /// Takes all containers down, each with up to `grace`.
    pub(super) fn go_down(&mut self, grace: std::time::Duration, now: Now) {
        if self.course != Course::Up {
            return;
        }
        self.course = Course::Down { deadline: now.mono + grace };
        for container in &mut self.containers {
            if container.step == Step::Pulling {
                container.step = Step::Idle;
            }
            for probe in container.probes.iter_mut().take(2).flatten() {
                probe.hold();
            }
        }
    }
}

impl Container {
    /// How it ended last, whether it shows that or waits to be started again.
    pub(super) fn last_end(&self) -> Option<&Ended> {
        match &self.shown {
            Shown::Terminated(ended) => Some(ended),
            Shown::Waiting(_) => self.last.as_deref(),
            Shown::Running { .. } => None,
        }
    }
}

/// Message of containers that are all started again.
const REMOVED: &str = "The container is removed because RestartAllContainers in place";
