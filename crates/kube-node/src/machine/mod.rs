//! The life of one pod on its node, without I/O: what is wanted, what the runtime says and what time it is go in;
//! commands and reports come out.
//!
//! [`PodMachine`] decides, and nothing else: [`Command`]s say what the runtime has to do, [`Answer`]s what came of it.
//! What the machine decides by lies in one file per concern: `start` (what comes up next), `stop` (in which order all goes
//! down), `restart` (what exits lead to), `backoff`, `probe`, `phase`, `conditions`, `report` (the status as the API
//! shows it), `resume` (going on after the node's agent was started again), `admission` (pods that a node refuses).
//!
//! ```
//! use jiff::Timestamp;
//! use kube_core::env::Mono;
//! use kube_core::view::{PodPhase, from_value};
//! use kube_node::machine::{Answer, Command, Effect, NodePod, Now, PodMachine};
//! use std::net::IpAddr;
//!
//! let now = Now { mono: Mono::default(), wall: Timestamp::UNIX_EPOCH };
//! let pod: NodePod = from_value(serde_json::json!({
//!     "metadata": { "name": "web", "namespace": "default", "uid": "u" },
//!     "spec": { "nodeName": "n", "containers": [{ "name": "c", "image": "i" }] },
//! }))?;
//! let (node, own): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
//! let mut machine = PodMachine::new(pod.spec()?.into(), &pod, node, now);
//! let mut commands = Vec::new();
//! machine.tick(now, &mut commands);
//! while let Some(command) = commands.pop() {
//!     let answer = match command {
//!         Command::PrepareSandbox => Answer::SandboxReady { ips: vec![own] },
//!         Command::Pull { container } => Answer::Pulled { container },
//!         Command::Start { container, .. } => Answer::Started { container },
//!         _ => continue,
//!     };
//!     machine.answer(answer, now, &mut commands);
//! }
//! let Some(Effect::Report(report)) = machine.news() else { unreachable!() };
//! assert!(report.ready && report.phase == PodPhase::Running);
//! # Ok::<(), kube_core::view::DecodeError>(())
//! ```

pub mod admission;
mod answers;
mod backoff;
mod command;
mod conditions;
mod container;
mod environment;
mod note;
mod observe;
mod phase;
mod pod;
mod probe;
mod probing;
mod report;
mod restart;
mod resume;
mod spec;
mod start;
mod stop;
#[cfg(test)]
mod tests;

pub use command::{Answer, Command, Exit, Note, ProbeKind, PullFailure, StartFailure};
pub use environment::{Known, KnownObjects, Reference, SourceKind};
pub use pod::{NodePod, OtherCondition, ReportedContainer, ReportedStatus};
pub use report::PodReport;
pub use spec::{
    ContainerSpec, ExitCodes, Gate, LifeSpec, Lifecycle, ProbeSpec, PullPolicy, RestartPolicy, RestartRule,
    RuleAction,
};

use conditions::Conditions;
use container::{Container, Step};
use jiff::Timestamp;
use kube_core::env::Mono;
use kube_core::pod_resources::QosClass;
use kube_core::view::{Meta, PodPhase};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Wait after something failed that does not make later attempts wait longer.
///
/// Source: `k8s.io/kubernetes/pkg/kubelet` (`backOffPeriod`).
const RESYNC: Duration = Duration::from_secs(10);

/// A moment on both clocks: deadlines count on one, reports show the other.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Monotonic time.
    pub mono: Mono,
    /// Wall time.
    pub wall: Timestamp,
}

/// What is to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Report this status.
    Report(Box<PodReport>),
    /// Give the object these finalizers. Of pods that go through stages only.
    Finalizers(Vec<String>),
    /// Nothing of the pod is left on the node: delete the object, without grace.
    Remove,
}

/// Where the pod is going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    /// Containers are started and kept up.
    Up,
    /// All are being stopped; at that moment nobody is waited for any longer.
    Down { deadline: Mono },
    /// Nothing is left on the node, and the pod ends.
    Over,
    /// The object's deletion was asked for.
    Gone,
}

/// Volumes and network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sandbox {
    Absent { not_before: Mono },
    Preparing,
    Ready,
    Removing,
}

/// Why the pod fails, whatever its containers do.
#[derive(Clone, Debug)]
struct Failure {
    reason: String,
    message: String,
}

/// One pod on its node.
///
/// # Invariants
/// - The phase never goes back, and a terminal one stays.
/// - A container that is ready has started; its restart count never falls.
/// - Containers come up one after the other, init containers first; sidecars go down last, in reverse order.
/// - At one time one answer at most is expected per container and kind.
#[derive(Clone, Debug)]
pub struct PodMachine {
    spec: Arc<LifeSpec>,
    meta: Arc<Meta>,
    qos: Option<QosClass>,
    host_ip: IpAddr,
    accepted: Timestamp,
    accepted_at: Mono,
    scheduled: Option<Timestamp>,
    course: Course,
    sandbox: Sandbox,
    ips: Vec<IpAddr>,
    containers: Box<[Container]>,
    phase: PodPhase,
    failure: Option<Box<Failure>>,
    rejected: bool,
    restarting_all: bool,
    conditions: Conditions,
    /// Conditions that others own: they stay as they are.
    others: Vec<OtherCondition>,
    looked: Mono,
    dirty: bool,
}

impl PodMachine {
    /// A pod that its node has just accepted; `host_ip` is the node's address.
    pub fn new(spec: Arc<LifeSpec>, pod: &NodePod, host_ip: IpAddr, now: Now) -> Self {
        let containers = (0..spec.len()).map(|_| Container::new()).collect();
        let mut machine = Self {
            spec,
            meta: pod.meta.clone(),
            qos: None,
            host_ip,
            accepted: now.wall,
            accepted_at: now.mono,
            scheduled: None,
            course: Course::Up,
            sandbox: Sandbox::Absent { not_before: now.mono },
            ips: Vec::new(),
            containers,
            phase: PodPhase::Pending,
            failure: None,
            rejected: false,
            restarting_all: false,
            conditions: Conditions::new(now.wall),
            others: Vec::new(),
            looked: now.mono,
            dirty: true,
        };
        machine.learn(pod.status().unwrap_or_default().conditions);
        machine
    }

    /// The same, of this quality of service.
    #[must_use]
    pub fn qos(mut self, qos: QosClass) -> Self {
        self.qos = Some(qos);
        self
    }

    /// Moves on to `now`; what is to be done is added to `out`.
    pub fn tick(&mut self, now: Now, out: &mut Vec<Command>) {
        self.looked = now.mono;
        self.expire(now);
        self.settle_containers();
        if self.course == Course::Up {
            self.step_up(now, out);
        }
        if let Course::Down { deadline } = self.course {
            self.step_down(deadline, now, out);
        }
        self.settle_containers();
        self.probe_all(now, out);
        self.settle_containers();
        self.settle_phase(now);
    }

    /// When [`PodMachine::tick`] is to be called next; `None` while only answers and changes can move the pod.
    pub fn deadline(&self) -> Option<Mono> {
        if matches!(self.course, Course::Over | Course::Gone) {
            return None;
        }
        let mut times = Times { after: self.looked, first: None };
        times.add(self.expiry());
        if let (Sandbox::Absent { not_before }, Course::Up) = (self.sandbox, self.course) {
            times.add(Some(not_before));
        }
        if let Course::Down { deadline } = self.course {
            times.add(Some(deadline));
        }
        for container in &self.containers {
            match container.step {
                Step::PreStop { until } => times.add(Some(until)),
                Step::Idle if !container.up && self.course == Course::Up => {
                    times.add(Some(container.not_before));
                    times.add(container.pull_trouble.as_ref().map(|trouble| trouble.1));
                }
                _ => {}
            }
            if container.is_running() {
                let probes = container.probes.iter().flatten();
                probes.for_each(|probe| times.add(probe.deadline()));
            }
        }
        times.first
    }

    /// What is to be written, once. Only the newest report counts: it includes what earlier ones said.
    pub fn news(&mut self) -> Option<Effect> {
        if self.course == Course::Gone {
            return None;
        }
        if self.dirty {
            self.dirty = false;
            return Some(Effect::Report(Box::new(self.report())));
        }
        if self.has_news() {
            self.course = Course::Gone;
            return Some(Effect::Remove);
        }
        None
    }

    /// Whether [`PodMachine::news`] has something.
    pub fn has_news(&self) -> bool {
        match self.course {
            Course::Gone => false,
            Course::Over => self.dirty || self.meta.is_terminating(),
            Course::Up | Course::Down { .. } => self.dirty,
        }
    }

    /// What [`PodMachine::news`] gave last did not get through: it is given again.
    pub fn repeat(&mut self) {
        if self.course == Course::Gone {
            self.course = Course::Over;
        } else {
            self.dirty = true;
        }
    }

    /// Where the pod is in its life.
    pub fn phase(&self) -> PodPhase {
        self.phase
    }

    /// Whether nothing of the pod is left on the node.
    pub fn is_over(&self) -> bool {
        matches!(self.course, Course::Over | Course::Gone)
    }

    /// What its life depends on.
    pub fn spec(&self) -> &Arc<LifeSpec> {
        &self.spec
    }

    /// Its metadata as last seen.
    pub fn meta(&self) -> &Arc<Meta> {
        &self.meta
    }

    /// The pod fails: its node takes it down, for want of something (`Evicted`) or to make room (`Preempting`), and says
    /// so with the condition `DisruptionTarget`.
    pub fn evict(&mut self, reason: &str, message: &str, now: Now, out: &mut Vec<Command>) {
        if self.course == Course::Up {
            self.conditions.disrupt(message, now.wall);
            self.fail(reason, message, now);
            self.dirty = true;
        }
        self.tick(now, out);
    }

    fn fail(&mut self, reason: &str, message: &str, now: Now) {
        let failure = Failure { reason: reason.to_owned(), message: message.to_owned() };
        self.failure = Some(Box::new(failure));
        self.go_down(self.spec.grace(), now);
    }

    /// When the pod has been active for too long.
    fn expiry(&self) -> Option<Mono> {
        let seconds = self.spec.active_deadline_seconds.filter(|_| self.course == Course::Up)?;
        Some(self.accepted_at + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
    }

    /// Source: `k8s.io/kubernetes/pkg/kubelet` (`active_deadline.go`).
    fn expire(&mut self, now: Now) {
        if self.expiry().is_some_and(|at| now.mono >= at) {
            self.fail(
                "DeadlineExceeded",
                "Pod was active on the node longer than the specified deadline",
                now,
            );
        }
    }
}

/// The first of several times that are still to come.
struct Times {
    after: Mono,
    first: Option<Mono>,
}

impl Times {
    fn add(&mut self, at: Option<Mono>) {
        if let Some(at) = at.filter(|at| *at > self.after) {
            self.first = Some(self.first.map_or(at, |first| first.min(at)));
        }
    }
}
