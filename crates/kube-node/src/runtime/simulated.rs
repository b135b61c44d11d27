//! Containers that only behave as if.

use super::PodRuntime;
use crate::behavior::{Image, Script};
use crate::machine::{Answer, Command, Exit, KnownObjects, LifeSpec, ProbeKind, PullFailure, StartFailure};
use kube_core::env::Mono;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// The containers of one pod, behaving by a [`Script`].
#[derive(Clone, Debug)]
pub struct SimRuntime {
    script: Box<Script>,
    ip: Option<IpAddr>,
    pulls_failed: u32,
    pulled: bool,
    containers: Box<[SimContainer]>,
    /// Answers to come, by time; of one time in the order in which they were made. A few per container.
    pending: Vec<(Mono, Answer)>,
    /// What variables come from, and the pod's namespace; where nobody looks at that, `None`.
    objects: Option<(Arc<dyn KnownObjects>, Arc<str>)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct SimContainer {
    since: Mono,
    runs: u32,
}

impl SimRuntime {
    /// Containers that do what `script` says, in a pod of that address.
    pub fn new(script: Script, ip: Option<IpAddr>, spec: &LifeSpec) -> Self {
        Self {
            script: Box::new(script),
            ip,
            pulls_failed: 0,
            pulled: false,
            containers: vec![SimContainer::default(); spec.len()].into_boxed_slice(),
            pending: Vec::new(),
            objects: None,
        }
    }

    /// The same, but containers of this namespace only start when what their variables come from is there.
    #[must_use]
    pub fn objects(mut self, objects: Arc<dyn KnownObjects>, namespace: Arc<str>) -> Self {
        self.objects = Some((objects, namespace));
        self
    }

    /// Why the environment of a container cannot be made.
    fn config_error(&self, spec: &LifeSpec, container: usize) -> Option<String> {
        let (objects, namespace) = self.objects.as_ref()?;
        let checked = spec.container(container)?.check_environment(namespace, &**objects);
        checked.err().map(|error| error.to_string())
    }

    fn later(&mut self, at: Mono, answer: Answer) {
        let place = self.pending.partition_point(|(other, _)| *other <= at);
        self.pending.insert(place, (at, answer));
    }

    fn pull(&mut self, container: usize, now: Mono) {
        let failed =
            |failure, message: &str| Answer::PullFailed { container, failure, message: message.to_owned() };
        match self.script.image {
            Image::Present => self.later(now, Answer::Pulled { container }),
            Image::Takes(time) => {
                let time = if self.pulled { Duration::ZERO } else { time };
                self.pulled = true;
                self.later(now + time, Answer::Pulled { container });
            }
            Image::FailsFirst(times) if self.pulls_failed >= times => {
                self.later(now, Answer::Pulled { container });
            }
            Image::FailsFirst(_) | Image::Missing => {
                self.pulls_failed = self.pulls_failed.saturating_add(1);
                self.later(now, failed(PullFailure::ErrImagePull, "not found"));
            }
            Image::InvalidName => {
                self.later(now, failed(PullFailure::InvalidImageName, "couldn't parse image name"));
            }
        }
    }

    fn start(&mut self, spec: &LifeSpec, container: usize, now: Mono) {
        let error = self.script.config_error.clone().or_else(|| self.config_error(spec, container));
        if let Some(message) = error {
            let failure = StartFailure::CreateContainerConfigError;
            return self.later(now, Answer::StartFailed { container, failure, message });
        }
        self.later(now, Answer::Started { container });
        self.run(spec, container, now);
    }

    /// What happens to a container that runs from now on.
    fn run(&mut self, spec: &LifeSpec, container: usize, now: Mono) {
        let Some(state) = self.containers.get_mut(container) else { return };
        state.since = now;
        state.runs = state.runs.saturating_add(1);
        let runs = state.runs;
        if spec.is_sidecar(container) {
            return;
        }
        if container < spec.init_containers.len() {
            let (after, code) = self.script.init;
            return self.later(now + after, Answer::Exited { container, exit: Exit::code(code) });
        }
        let exits = self.script.crashes.is_none_or(|crashes| runs <= crashes);
        if let Some((after, code)) = self.script.exit.filter(|_| exits) {
            let exit = if self.script.out_of_memory { Exit::out_of_memory() } else { Exit::code(code) };
            self.later(now + after, Answer::Exited { container, exit });
        }
        // Who has no probe says by itself when it can serve, if that is not at once.
        let probed = spec.container(container).is_some_and(|spec| spec.readiness_probe.is_some());
        if !probed && (self.script.ready != Some(Duration::ZERO) || self.script.toggles.is_some()) {
            let (ready, until) = self.serves(now, now);
            self.later(now, Answer::Readiness { container, ready });
            self.turn(container, ready, until);
        }
    }

    /// The next change of a container's readiness.
    fn turn(&mut self, container: usize, ready: bool, until: Option<Mono>) {
        if let Some(until) = until {
            self.later(until, Answer::Readiness { container, ready: !ready });
        }
    }

    /// Whether a container that runs since `since` can serve at `now`, and until when that stays.
    fn serves(&self, since: Mono, now: Mono) -> (bool, Option<Mono>) {
        let Some(delay) = self.script.ready else { return (false, None) };
        let first = since + delay;
        if now < first {
            return (false, Some(first));
        }
        let Some((up, down)) = self.script.toggles else { return (true, None) };
        let cycle = (up + down).as_nanos().max(1);
        let into = now.since(first).as_nanos() % cycle;
        let (ready, left) =
            if into < up.as_nanos() { (true, up.as_nanos() - into) } else { (false, cycle - into) };
        (ready, Some(now + Duration::from_nanos(u64::try_from(left).unwrap_or(u64::MAX))))
    }

    fn probe(&mut self, container: usize, probe: ProbeKind, now: Mono) {
        let Some(since) = self.containers.get(container).map(|container| container.since) else { return };
        let (success, until) = match probe {
            ProbeKind::Readiness => self.serves(since, now),
            ProbeKind::Startup => {
                let first = since + self.script.startup;
                if now < first { (false, Some(first)) } else { (true, None) }
            }
            ProbeKind::Liveness => match self.script.unhealthy.map(|after| since + after) {
                Some(at) if now >= at => (false, None),
                until => (true, until),
            },
        };
        let steady_until = Some(until.unwrap_or_else(|| Mono::from_nanos(u64::MAX)));
        self.later(now, Answer::Probed { container, probe, success, steady_until });
    }

    fn stop(&mut self, container: usize, grace: Duration, now: Mono) {
        self.forget(container);
        let exit = Exit::code(if self.script.stop > grace { KILLED } else { self.script.stop_code });
        self.later(now + self.script.stop.min(grace), Answer::Exited { container, exit });
    }

    /// Nothing of what was to come of a container comes any more.
    fn forget(&mut self, of: usize) {
        self.pending.retain(|(_, answer)| {
            !matches!(answer, Answer::Exited { container, .. } | Answer::Readiness { container, .. } if *container == of)
        });
    }
}

impl PodRuntime for SimRuntime {
    fn execute(&mut self, spec: &LifeSpec, command: Command, now: Mono) {
        match command {
            Command::PrepareSandbox => {
                let ips = self.ip.into_iter().collect();
                self.later(now + self.script.start, Answer::SandboxReady { ips });
            }
            Command::Pull { container } => self.pull(container, now),
            Command::Start { container, .. } => self.start(spec, container, now),
            Command::PostStart { container } => {
                self.later(now + self.script.hooks, Answer::PostStartDone { container, failed: None });
            }
            Command::PreStop { container } => {
                self.later(now + self.script.hooks, Answer::PreStopDone { container });
            }
            Command::Probe { container, probe } => self.probe(container, probe, now),
            Command::Stop { container, grace } => self.stop(container, grace, now),
            Command::RemoveSandbox => self.later(now, Answer::SandboxRemoved),
            Command::Note(_) => {}
        }
    }

    fn poll(&mut self, now: Mono) -> Option<Answer> {
        if self.deadline()? > now {
            return None;
        }
        let (at, answer) = self.pending.remove(0);
        match &answer {
            Answer::Exited { container, .. } => self.forget(*container),
            Answer::Readiness { container, ready } if self.script.toggles.is_some() => {
                let since = self.containers.get(*container).map_or(at, |container| container.since);
                let (now_ready, until) = self.serves(since, at);
                // The first of a run is followed by one that is already on its way.
                let awaited = self.pending.iter().any(
                    |(_, other)| matches!(other, Answer::Readiness { container: c, .. } if c == container),
                );
                if !awaited && now_ready == *ready {
                    self.turn(*container, *ready, until);
                }
            }
            _ => {}
        }
        Some(answer)
    }

    fn deadline(&self) -> Option<Mono> {
        self.pending.first().map(|(at, _)| *at)
    }

    fn adopt(&mut self, spec: &LifeSpec, running: &[usize], now: Mono) {
        for container in running {
            self.run(spec, *container, now);
        }
    }
}

/// Exit code of what was killed.
const KILLED: i32 = 137;
