//! The conditions that the node owns.

use super::pod::OtherCondition;
use super::spec::LifeSpec;
use super::{PodMachine, Sandbox};
use jiff::Timestamp;
use kube_core::view::PodPhase;
use std::sync::Arc;

/// A condition that the node owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Own {
    ReadyToStart,
    Initialized,
    Ready,
    ContainersReady,
    AllRestarting,
}

impl Own {
    pub(super) const ALL: [Self; 5] =
        [Self::ReadyToStart, Self::Initialized, Self::Ready, Self::ContainersReady, Self::AllRestarting];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::ReadyToStart => "PodReadyToStartContainers",
            Self::Initialized => "Initialized",
            Self::Ready => "Ready",
            Self::ContainersReady => "ContainersReady",
            Self::AllRestarting => "AllContainersRestarting",
        }
    }

    /// The condition of that name.
    pub(super) fn of(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.as_str() == kind)
    }
}

/// What a condition says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Says {
    pub(super) status: bool,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

#[derive(Clone, Debug)]
struct Held {
    says: Says,
    since: Timestamp,
}

/// The conditions, and since when.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    held: [Held; 5],
    disruption: Option<Box<(String, Timestamp)>>,
}

impl Conditions {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { held: [const { Says::NO }; 5].map(|says| Held { says, since: now }), disruption: None }
    }

    pub(super) fn is_true(&self, own: Own) -> bool {
        self.held[own as usize].says.status
    }

    /// It shows as if it had become so just now.
    pub(super) fn renew(&mut self, own: Own, now: Timestamp) {
        self.held[own as usize].since = now;
    }

    /// What it says, and since when, as reported before.
    pub(super) fn resume(&mut self, own: Own, says: Says, since: Timestamp) {
        self.held[own as usize] = Held { says, since };
    }

    pub(super) fn disrupt(&mut self, message: &str, now: Timestamp) {
        self.disruption = Some(Box::new((message.to_owned(), now)));
    }

    pub(super) fn is_disrupted(&self) -> bool {
        self.disruption.is_some()
    }

    /// Whether that is news.
    fn set(&mut self, own: Own, says: Says, now: Timestamp) -> bool {
        let held = &mut self.held[own as usize];
        if held.says == says {
            return false;
        }
        if held.says.status != says.status {
            held.since = now;
        }
        held.says = says;
        true
    }
}

impl Says {
    const NO: Self = Self { status: false, reason: "", message: String::new() };

    fn yes() -> Self {
        Self { status: true, ..Self::NO }
    }

    fn no(reason: &'static str, message: String) -> Self {
        Self { status: false, reason, message }
    }
}

impl PodMachine {
    /// Computes all conditions. Whether there is news.
    ///
    /// Source: `k8s.io/kubernetes/pkg/kubelet/status` (`generate.go`).
    pub(super) fn settle_conditions(&mut self, now: Timestamp) -> bool {
        let sandbox = Says { status: self.sandbox == Sandbox::Ready, ..Says::NO };
        let containers = self.containers_ready();
        let ready = self.ready(&containers);
        let mut news = self.conditions.set(Own::ReadyToStart, sandbox, now);
        news |= self.conditions.set(Own::Initialized, self.initialized(), now);
        news |= self.conditions.set(Own::Ready, ready, now);
        news |= self.conditions.set(Own::ContainersReady, containers, now);
        if self.spec.can_restart_all() {
            let restarting = match self.phase {
                PodPhase::Succeeded => Says::no("PodCompleted", String::new()),
                PodPhase::Failed => Says::no("PodFailed", String::new()),
                _ if self.restarting_all => Says {
                    status: true,
                    reason: "RestartAllContainersStarted",
                    message: "container exited with restart policy rule".to_owned(),
                },
                _ => Says::NO,
            };
            news |= self.conditions.set(Own::AllRestarting, restarting, now);
        }
        news
    }

    fn initialized(&self) -> Says {
        if self.phase == PodPhase::Succeeded {
            return Says { status: true, reason: "PodCompleted", message: String::new() };
        }
        let inits = self.spec.init_containers.len();
        if self.containers.iter().skip(inits).any(|c| c.ran) {
            return Says::yes();
        }
        let incomplete = names(&self.spec, |index| {
            let container = &self.containers[index];
            let done = if self.spec.is_sidecar(index) { container.started } else { container.ready };
            index < inits && !done
        });
        match incomplete {
            None => Says::yes(),
            Some(names) => {
                Says::no("ContainersNotInitialized", format!("containers with incomplete status: {names}"))
            }
        }
    }

    fn containers_ready(&self) -> Says {
        match self.phase {
            PodPhase::Succeeded => return Says::no("PodCompleted", String::new()),
            PodPhase::Failed => return Says::no("PodFailed", String::new()),
            _ => {}
        }
        let inits = self.spec.init_containers.len();
        let unready = names(&self.spec, |index| {
            (index >= inits || self.spec.is_sidecar(index)) && !self.containers[index].ready
        });
        match unready {
            None => Says::yes(),
            Some(names) => Says::no("ContainersNotReady", format!("containers with unready status: {names}")),
        }
    }

    fn ready(&self, containers: &Says) -> Says {
        if !containers.status {
            return containers.clone();
        }
        let shut: Vec<String> = self
            .spec
            .readiness_gates
            .iter()
            .filter_map(|gate| match (&gate.condition_type, self.other(&gate.condition_type)) {
                (_, Some("True")) => None,
                (kind, None) => {
                    Some(format!("corresponding condition of pod readiness gate \"{kind}\" does not exist."))
                }
                (kind, Some(status)) => {
                    Some(format!("the status of pod readiness gate \"{kind}\" is not \"True\", but {status}"))
                }
            })
            .collect();
        if shut.is_empty() { Says::yes() } else { Says::no("ReadinessGatesNotReady", shut.join(", ")) }
    }

    /// All conditions, as the status lists them.
    pub(super) fn all_conditions(&self) -> Vec<OtherCondition> {
        let generation = Some(self.meta.generation).filter(|generation| *generation > 0);
        let mut all = self.others.clone();
        if let Some(disruption) = &self.conditions.disruption {
            let (message, since) = &**disruption;
            all.push(OtherCondition {
                kind: "DisruptionTarget".into(),
                status: "True".into(),
                reason: Some("TerminationByKubelet".into()),
                message: Some(message.as_str().into()),
                last_transition_time: Some(*since),
                observed_generation: generation,
                ..OtherCondition::default()
            });
        }
        for own in Own::ALL {
            let rejected = self.rejected && !matches!(own, Own::Ready | Own::ContainersReady);
            if rejected || (own == Own::AllRestarting && !self.spec.can_restart_all()) {
                continue;
            }
            let held = &self.conditions.held[own as usize];
            let text = |text: &str| Some(Arc::from(text)).filter(|text: &Arc<str>| !text.is_empty());
            all.push(OtherCondition {
                kind: own.as_str().into(),
                status: if held.says.status { "True" } else { "False" }.into(),
                reason: text(held.says.reason),
                message: text(&held.says.message),
                last_transition_time: Some(held.since),
                observed_generation: generation,
                ..OtherCondition::default()
            });
        }
        all.push(OtherCondition {
            kind: "PodScheduled".into(),
            status: "True".into(),
            last_transition_time: Some(self.scheduled.unwrap_or(self.accepted)),
            observed_generation: generation,
            ..OtherCondition::default()
        });
        all
    }
}

/// The names of the containers that `chosen` picks, as Go prints a list; `None` of no container.
fn names(spec: &LifeSpec, chosen: impl Fn(usize) -> bool) -> Option<String> {
    let all = spec.all().enumerate().filter(|(index, _)| chosen(*index)).map(|(_, c)| &*c.name);
    let names: Vec<&str> = all.collect();
    (!names.is_empty()).then(|| format!("[{}]", names.join(" ")))
}
