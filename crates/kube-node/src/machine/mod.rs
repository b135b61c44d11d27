//! The life of one pod on its node, without I/O: times in, status out.
//!
//! The machine is told what is wanted ([`PodMachine::observe`]) and what time it is ([`PodMachine::advance`]); it
//! answers with what to report and when it wants to be asked again.

mod status;
#[cfg(test)]
mod tests;

pub use status::PodReport;

use crate::behavior::Script;
use jiff::Timestamp;
use kube_core::env::Mono;
use kube_core::view::{PodPhase, PodView};
use std::time::Duration;

/// First wait before a container is started again.
///
/// Source: `k8s.io/kubernetes/pkg/kubelet` (`initialNodeBackoff`).
const BACKOFF_BASE: Duration = Duration::from_secs(10);

/// Longest wait before a container is started again.
const BACKOFF_MAX: Duration = Duration::from_mins(5);

/// Grace of a pod that names none, in seconds.
const DEFAULT_GRACE_SECONDS: i64 = 30;

/// A moment on both clocks: deadlines count on one, reports show the other.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Monotonic time.
    pub mono: Mono,
    /// Wall time.
    pub wall: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Bound; the containers are being prepared.
    Starting { until: Mono },
    /// The containers run.
    Running { since: Timestamp, ready_at: Option<Mono>, exit_at: Option<Mono> },
    /// The containers have exited and will be started again.
    BackingOff { until: Mono },
    /// The containers have exited for good.
    Ended { phase: PodPhase },
    /// The containers have been told to stop.
    Stopping { until: Mono },
    /// Nothing is left to do.
    Gone,
}

/// What the caller has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Report this status.
    Report(Box<PodReport>),
    /// The containers are gone: delete the object, without grace.
    Remove,
}

/// One pod on its node.
#[derive(Clone, Debug)]
pub struct PodMachine {
    script: Script,
    state: State,
    accepted: Timestamp,
    restarts: i32,
    ready_since: Option<Timestamp>,
    unready_since: Timestamp,
    ip: std::net::IpAddr,
    reported: bool,
}

impl PodMachine {
    /// A pod that its node has just accepted.
    pub fn new(script: Script, ip: std::net::IpAddr, now: Now) -> Self {
        Self {
            state: State::Starting { until: now.mono + script.start },
            script,
            accepted: now.wall,
            restarts: 0,
            ready_since: None,
            unready_since: now.wall,
            ip,
            reported: false,
        }
    }

    /// A pod that its node already reported on, before the node's agent was started again.
    pub fn resume(script: Script, ip: std::net::IpAddr, pod: &PodView, now: Now) -> Self {
        let mut machine = Self::new(script, ip, now);
        machine.accepted = pod.status.start_time.unwrap_or(now.wall);
        machine.restarts = pod.status.container_statuses.iter().map(|c| c.restart_count).max().unwrap_or(0);
        let ready = pod.condition("Ready").filter(|c| &*c.status == "True");
        match pod.status.phase {
            PodPhase::Running => {
                machine.run(now);
                machine.ready_since = ready.map(|c| c.last_transition_time.unwrap_or(now.wall));
                machine.reported = true;
            }
            phase @ (PodPhase::Succeeded | PodPhase::Failed) => {
                machine.state = State::Ended { phase };
                machine.reported = true;
            }
            PodPhase::Pending | PodPhase::Unknown => {}
        }
        machine
    }

    /// Reports once more at the next [`PodMachine::advance`]: the last report did not get through.
    pub fn repeat_report(&mut self) {
        self.reported = false;
    }

    /// The pod's address.
    pub fn ip(&self) -> std::net::IpAddr {
        self.ip
    }

    /// Takes notice of what is wanted and of what others wrote: a deletion stops the containers, a shorter grace hastens
    /// the stop, and who says that a ready pod is not is contradicted.
    pub fn observe(&mut self, pod: &PodView, now: Now) {
        if !pod.is_terminating() {
            return self.contradict(pod, now);
        }
        let seconds = pod.meta.deletion_grace_period_seconds.unwrap_or(DEFAULT_GRACE_SECONDS);
        let grace = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        match self.state {
            State::Starting { .. } | State::BackingOff { .. } | State::Ended { .. } => {
                self.state = State::Stopping { until: now.mono };
            }
            State::Running { .. } => {
                self.state = State::Stopping { until: now.mono + self.script.stop.min(grace) };
            }
            State::Stopping { until } => {
                self.state = State::Stopping { until: until.min(now.mono + grace) };
            }
            State::Gone => {}
        }
    }

    /// Reports again where somebody else has written that a pod which is ready is not: the node was silent, and its
    /// controller gave it up.
    fn contradict(&mut self, pod: &PodView, now: Now) {
        let given_up = pod.status.phase == PodPhase::Running && !pod.is_ready();
        if self.reported && given_up && self.ready_since.is_some() {
            self.ready_since = Some(now.wall);
            self.reported = false;
        }
    }

    /// Whether there is something to report that [`PodMachine::deadline`] does not tell of.
    pub fn has_news(&self) -> bool {
        !self.reported && matches!(self.state, State::Running { .. })
    }

    /// When the machine wants to be asked again; `None` while only the outside can move it.
    pub fn deadline(&self) -> Option<Mono> {
        match self.state {
            State::Starting { until } | State::BackingOff { until } | State::Stopping { until } => {
                Some(until)
            }
            State::Running { ready_at, exit_at, .. } => {
                let ready = ready_at.filter(|_| self.ready_since.is_none());
                [ready, exit_at].into_iter().flatten().min()
            }
            State::Ended { .. } | State::Gone => None,
        }
    }

    /// Moves on to `now`. At most one effect: ask again until there is none.
    pub fn advance(&mut self, pod: &PodView, now: Now) -> Option<Effect> {
        let changed = match self.state {
            State::Starting { until } | State::BackingOff { until } if now.mono >= until => {
                self.run(now);
                true
            }
            State::Running { exit_at: Some(at), .. } if now.mono >= at => {
                self.exit(pod, now);
                true
            }
            State::Running { ready_at: Some(at), .. } if self.ready_since.is_none() && now.mono >= at => {
                self.ready_since = Some(now.wall);
                true
            }
            State::Stopping { until } if now.mono >= until => {
                self.state = State::Gone;
                self.reported = true;
                return Some(Effect::Remove);
            }
            State::Gone if !self.reported => {
                self.reported = true;
                return Some(Effect::Remove);
            }
            _ => false,
        };
        // A pod that stops is not reported on any more: its deletion says all there is to say.
        let stopping = matches!(self.state, State::Stopping { .. } | State::Gone);
        if changed || (!self.reported && !stopping) {
            self.reported = true;
            return Some(Effect::Report(Box::new(self.report(pod))));
        }
        None
    }

    fn run(&mut self, now: Now) {
        let ready_at = self.script.ready.map(|delay| now.mono + delay);
        let exit_at = self.script.exit.map(|(after, _)| now.mono + after);
        // A pod without a readiness delay is ready in the same report that says it runs.
        if ready_at.is_some_and(|at| at <= now.mono) {
            self.ready_since = Some(now.wall);
        }
        self.state = State::Running { since: now.wall, ready_at, exit_at };
    }

    fn exit(&mut self, pod: &PodView, now: Now) {
        let code = self.script.exit.map_or(0, |(_, code)| code);
        let again = match pod.spec.restart_policy.as_deref().unwrap_or("Always") {
            "Never" => false,
            "OnFailure" => code != 0,
            _ => true,
        };
        self.ready_since = None;
        self.unready_since = now.wall;
        if again {
            let doubled = BACKOFF_BASE.saturating_mul(1 << self.restarts.clamp(0, 10));
            self.restarts += 1;
            self.state = State::BackingOff { until: now.mono + doubled.min(BACKOFF_MAX) };
        } else {
            let phase = if code == 0 { PodPhase::Succeeded } else { PodPhase::Failed };
            self.state = State::Ended { phase };
        }
    }
}
