//! What of a pod's spec its life depends on.

use super::environment::{Reference, of_sources, of_variables};
use kube_core::view::{DecodeError, RawObject, View};
use serde::{Deserialize, Deserializer};
use std::sync::Arc;
use std::time::Duration;

/// What of a pod's spec its life depends on. Pods of one template have equal ones, which a fleet holds once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct LifeSpec {
    /// What exits lead to.
    #[serde(deserialize_with = "or_default")]
    pub restart_policy: RestartPolicy,
    /// Seconds that containers get to stop; 30 when absent.
    pub termination_grace_period_seconds: Option<i64>,
    /// Seconds after which the pod fails.
    pub active_deadline_seconds: Option<i64>,
    /// Whether it uses the node's network, and so the node's address.
    #[serde(deserialize_with = "or_default")]
    pub host_network: bool,
    /// Conditions that readiness also needs.
    #[serde(deserialize_with = "or_default")]
    pub readiness_gates: Vec<Gate>,
    /// Init containers, sidecars among them.
    #[serde(deserialize_with = "or_default")]
    pub init_containers: Vec<ContainerSpec>,
    /// Containers.
    #[serde(deserialize_with = "or_default")]
    pub containers: Vec<ContainerSpec>,
}

/// A condition that readiness also needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Gate {
    /// Type of the condition.
    pub condition_type: Arc<str>,
}

/// What exits lead to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
pub enum RestartPolicy {
    /// The container is started again.
    #[default]
    Always,
    /// It is started again unless it exited with 0.
    OnFailure,
    /// It stays as it is.
    Never,
}

/// When images are pulled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
pub enum PullPolicy {
    /// When they are not there.
    #[default]
    IfNotPresent,
    /// Before every start.
    Always,
    /// Not at all.
    Never,
}

/// What of a container its life depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ContainerSpec {
    /// Name.
    pub name: Arc<str>,
    /// Image.
    pub image: Option<Arc<str>>,
    /// When it is pulled.
    #[serde(deserialize_with = "or_default")]
    pub image_pull_policy: PullPolicy,
    /// What its own exits lead to; `Always` makes an init container a sidecar.
    pub restart_policy: Option<RestartPolicy>,
    /// What certain exit codes lead to.
    #[serde(deserialize_with = "or_default")]
    pub restart_policy_rules: Vec<RestartRule>,
    /// Says that it has started.
    pub startup_probe: Option<ProbeSpec>,
    /// Says that it is still alive.
    pub liveness_probe: Option<ProbeSpec>,
    /// Says that it can serve.
    pub readiness_probe: Option<ProbeSpec>,
    /// What is called around its life.
    #[serde(deserialize_with = "or_default")]
    pub lifecycle: Lifecycle,
    /// What single variables come from, optional ones left out.
    #[serde(deserialize_with = "of_variables")]
    pub env: Vec<Reference>,
    /// What several variables come from, optional ones left out.
    #[serde(deserialize_with = "of_sources")]
    pub env_from: Vec<Reference>,
}

/// What certain exit codes of a container lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct RestartRule {
    /// What to do.
    pub action: RuleAction,
    /// For which codes.
    pub exit_codes: Option<ExitCodes>,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
pub enum RuleAction {
    /// Starts the container again.
    #[default]
    Restart,
    /// Starts all containers of the pod again, init containers first.
    RestartAllContainers,
    /// One that is not known, which leaves the decision to the policies.
    #[serde(other)]
    Other,
}

/// A set of exit codes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ExitCodes {
    /// `In` or `NotIn`.
    pub operator: Arc<str>,
    /// The codes.
    #[serde(deserialize_with = "or_default")]
    pub values: Vec<i32>,
}

/// A probe, as far as its course goes; what it asks is the runtime's business.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ProbeSpec {
    /// Seconds before the first one.
    pub initial_delay_seconds: Option<u32>,
    /// Seconds from one to the next; 10 when absent.
    pub period_seconds: Option<u32>,
    /// Seconds that one may take; 1 when absent.
    pub timeout_seconds: Option<u32>,
    /// How many in a row make a success; 1 when absent.
    pub success_threshold: Option<u32>,
    /// How many in a row make a failure; 3 when absent.
    pub failure_threshold: Option<u32>,
    /// Seconds that the container gets to stop after a failure, instead of the pod's.
    pub termination_grace_period_seconds: Option<i64>,
}

impl ProbeSpec {
    /// Time before the first probe.
    pub fn initial_delay(&self) -> Duration {
        seconds(self.initial_delay_seconds, 0)
    }

    /// Time from one probe to the next.
    pub fn period(&self) -> Duration {
        seconds(self.period_seconds.filter(|n| *n > 0), 10)
    }

    /// Time that one probe may take.
    pub fn timeout(&self) -> Duration {
        seconds(self.timeout_seconds.filter(|n| *n > 0), 1)
    }

    /// How many in a row make a success.
    pub fn successes(&self) -> u32 {
        self.success_threshold.unwrap_or(1).max(1)
    }

    /// How many in a row make a failure.
    pub fn failures(&self) -> u32 {
        self.failure_threshold.unwrap_or(3).max(1)
    }
}

/// What is called around a container's life; only that it is called matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Lifecycle {
    /// Called after the start.
    #[serde(deserialize_with = "is_there")]
    pub post_start: bool,
    /// Called before the stop.
    #[serde(deserialize_with = "is_there")]
    pub pre_stop: bool,
}

impl LifeSpec {
    /// Seconds that containers get to stop.
    pub fn grace(&self) -> Duration {
        grace(self.termination_grace_period_seconds)
    }

    /// How many containers there are, init containers included.
    pub fn len(&self) -> usize {
        self.init_containers.len() + self.containers.len()
    }

    /// Whether there is no container.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Container `index`: init containers first.
    pub fn container(&self, index: usize) -> Option<&ContainerSpec> {
        let main = index.checked_sub(self.init_containers.len());
        match main {
            Some(main) => self.containers.get(main),
            None => self.init_containers.get(index),
        }
    }

    /// All containers, init containers first.
    pub fn all(&self) -> impl Iterator<Item = &ContainerSpec> {
        self.init_containers.iter().chain(&self.containers)
    }

    /// Whether container `index` is an init container that stays.
    pub fn is_sidecar(&self, index: usize) -> bool {
        self.init_containers.get(index).is_some_and(|c| c.restart_policy == Some(RestartPolicy::Always))
    }
}

impl View for LifeSpec {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        #[derive(Deserialize)]
        struct Pod {
            spec: LifeSpec,
        }
        let pod: Pod = serde_json::from_slice(&raw.bytes).map_err(DecodeError::new)?;
        Ok(pod.spec)
    }
}

/// Seconds of grace as a duration; 30 s when absent.
pub(crate) fn grace(seconds: Option<i64>) -> Duration {
    Duration::from_secs(u64::try_from(seconds.unwrap_or(DEFAULT_GRACE_SECONDS)).unwrap_or(0))
}

fn seconds(given: Option<u32>, default: u32) -> Duration {
    Duration::from_secs(given.unwrap_or(default).into())
}

pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<serde::de::IgnoredAny>::deserialize(deserializer)?.is_some())
}

/// Grace of a pod that names none, in seconds.
const DEFAULT_GRACE_SECONDS: i64 = 30;
