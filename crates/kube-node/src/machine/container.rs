//! One container of a pod.

use super::backoff::Backoff;
use super::command::{Exit, ProbeKind};
use super::probe::ProbeState;
use super::spec::ContainerSpec;
use jiff::Timestamp;
use kube_core::env::Mono;
use std::borrow::Cow;

/// What a container is doing, as the status shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Not yet, or not now.
    Waiting(Waiting),
    /// It runs.
    Running {
        /// Since when.
        since: Timestamp,
    },
    /// It has ended.
    Terminated(Box<Ended>),
}

/// Why a container waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    /// In one word; of one that just has not come to it `None`.
    pub(super) reason: Option<&'static str>,
    /// In a sentence.
    pub(super) message: Cow<'static, str>,
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) code: i32,
    pub(super) reason: Cow<'static, str>,
    pub(super) message: Option<String>,
    pub(super) started: Option<Timestamp>,
    pub(super) finished: Option<Timestamp>,
}

/// What is being done with a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing.
    Idle,
    /// Its image is being pulled.
    Pulling,
    /// It is being created and started.
    Starting,
    /// It is up, and its hook has not returned: to the outside it still waits.
    PostStart { since: Timestamp },
    /// Its hook before the stop is being called.
    PreStop { until: Mono },
    /// It was told to stop.
    Stopping { until: Mono },
}

/// One container.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
pub(super) struct Container {
    pub(super) shown: Shown,
    pub(super) step: Step,
    /// How it ended the time before.
    pub(super) last: Option<Box<Ended>>,
    pub(super) restarts: i32,
    /// Whether it was ever started.
    pub(super) ran: bool,
    /// Whether its process is there.
    pub(super) up: bool,
    /// Whether its hook before the stop was called.
    pub(super) hooked: bool,
    /// Whether it has passed its startup.
    pub(super) started: bool,
    pub(super) ready: bool,
    /// What it says of itself, where no probe says it.
    pub(super) told: Option<bool>,
    /// Before that it is not started; meaningful while it waits or has ended.
    pub(super) not_before: Mono,
    /// When it ended last.
    pub(super) failed: Mono,
    pub(super) crashes: Backoff,
    pub(super) pulls: Backoff,
    /// While it waits for its image: why, and when the status begins to speak of the wait.
    pub(super) pull_trouble: Option<Box<(String, Mono)>>,
    pub(super) probes: [Option<Box<ProbeState>>; 3],
}

impl Container {
    /// One that has not run.
    pub(super) fn new() -> Self {
        Self {
            shown: Shown::Waiting(Waiting::fresh()),
            step: Step::Idle,
            last: None,
            restarts: 0,
            ran: false,
            up: false,
            hooked: false,
            started: false,
            ready: false,
            told: None,
            not_before: Mono::default(),
            failed: Mono::default(),
            crashes: Backoff::default(),
            pulls: Backoff::default(),
            pull_trouble: None,
            probes: [const { None }; 3],
        }
    }

    /// Whether the outside sees it running.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.shown, Shown::Running { .. })
    }

    /// Whether it is on its way up.
    pub(super) fn is_rising(&self) -> bool {
        matches!(self.step, Step::Pulling | Step::Starting | Step::PostStart { .. })
    }

    /// Whether it is on its way down.
    pub(super) fn is_falling(&self) -> bool {
        matches!(self.step, Step::PreStop { .. } | Step::Stopping { .. })
    }

    /// How it ended, while it shows that.
    pub(super) fn ended(&self) -> Option<&Ended> {
        match &self.shown {
            Shown::Terminated(ended) => Some(ended),
            _ => None,
        }
    }

    /// Waits, for this reason. How it ended stays known.
    pub(super) fn wait(&mut self, reason: &'static str, message: impl Into<Cow<'static, str>>) -> bool {
        let waiting = Shown::Waiting(Waiting { reason: Some(reason), message: message.into() });
        if self.shown == waiting {
            return false;
        }
        if let Shown::Terminated(ended) = std::mem::replace(&mut self.shown, waiting) {
            self.last = Some(ended);
        }
        true
    }

    /// It is up.
    pub(super) fn run(&mut self, spec: &ContainerSpec, since: Timestamp, at: Mono) {
        if let Shown::Terminated(ended) = std::mem::replace(&mut self.shown, Shown::Running { since }) {
            self.last = Some(ended);
        }
        self.step = Step::Idle;
        for kind in ProbeKind::ALL {
            let spec = spec.probe(kind);
            self.probes[kind as usize] =
                spec.map(|spec| Box::new(ProbeState::new(at + spec.initial_delay())));
        }
    }

    /// It has ended.
    pub(super) fn exit(&mut self, exit: Exit, finished: Timestamp, at: Mono) {
        let started = match (&self.shown, &self.step) {
            (Shown::Running { since }, _) | (_, Step::PostStart { since }) => Some(*since),
            _ => None,
        };
        if let Shown::Terminated(before) =
            std::mem::replace(&mut self.shown, Shown::Waiting(Waiting::fresh()))
        {
            self.last = Some(before);
        }
        let by_code = if exit.code == 0 { "Completed" } else { "Error" };
        self.shown = Shown::Terminated(Box::new(Ended {
            code: exit.code,
            reason: exit.reason.unwrap_or(by_code).into(),
            message: exit.message,
            started,
            finished: Some(finished),
        }));
        self.fall(at);
    }

    /// It is not up any more.
    pub(super) fn fall(&mut self, at: Mono) {
        self.step = Step::Idle;
        self.up = false;
        self.hooked = false;
        self.failed = at;
        self.told = None;
        self.probes = [const { None }; 3];
    }
}

impl Waiting {
    /// Of a container that has not come to it: the report says why.
    pub(super) fn fresh() -> Self {
        Self { reason: None, message: "".into() }
    }
}

impl ContainerSpec {
    /// The probe of that kind.
    pub(super) fn probe(&self, kind: ProbeKind) -> Option<&super::spec::ProbeSpec> {
        match kind {
            ProbeKind::Startup => self.startup_probe.as_ref(),
            ProbeKind::Liveness => self.liveness_probe.as_ref(),
            ProbeKind::Readiness => self.readiness_probe.as_ref(),
        }
    }
}
