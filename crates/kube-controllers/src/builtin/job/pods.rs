//! What a Job sees of its pods.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/job` (`job_controller.go`, `indexed_job_utils.go`, `tracking_utils.go`).

use jiff::{SignedDuration, Timestamp};
use kube_core::kinds::batch::v1::{Job, JobSpec};
use kube_core::view::{ContainerStatusView, PodPhase, PodView};

/// Finalizer of pods that are not counted yet.
pub const TRACKING: &str = "batch.kubernetes.io/job-tracking";
/// Annotation and label: the pod's index.
pub const COMPLETION_INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// Annotation: how often the index has failed before.
pub const FAILURE_COUNT: &str = "batch.kubernetes.io/job-index-failure-count";
/// Annotation: failures of the index before that did not count.
pub const IGNORED_FAILURE_COUNT: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

/// What a Job wants, with its defaults.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The spec.
    pub spec: &'a JobSpec,
    /// Number of completions, if there is one to reach.
    pub completions: Option<i32>,
    /// Whether each pod has an index.
    pub indexed: bool,
}

impl<'a> Wanted<'a> {
    /// What `job` wants; `None` for a Job without a spec.
    pub fn of(job: &'a Job) -> Option<Self> {
        let spec = job.spec.as_ref()?;
        let indexed = spec.completion_mode.as_deref() == Some("Indexed");
        Some(Self { spec, completions: spec.completions, indexed })
    }

    /// Pods that may run at a time.
    pub fn parallelism(&self) -> i32 {
        self.spec.parallelism.unwrap_or(1)
    }

    /// Failures that are accepted in all.
    pub fn backoff_limit(&self) -> i32 {
        let default = if self.per_index().is_some() { i32::MAX } else { 6 };
        self.spec.backoff_limit.unwrap_or(default)
    }

    /// Failures that are accepted of each index, where that is counted.
    pub fn per_index(&self) -> Option<i32> {
        self.spec.backoff_limit_per_index.filter(|_| self.indexed)
    }

    /// Whether pods are replaced only once they have failed for good.
    pub fn replaces_failed_only(&self) -> bool {
        self.spec.pod_replacement_policy.as_deref() == Some("Failed")
            || self.spec.pod_failure_policy.is_some()
    }

    /// Whether the Job is to have no pods for now.
    pub fn is_suspended(&self) -> bool {
        self.spec.suspend.unwrap_or(false)
    }

    /// The index of a pod, if it is one that the Job has.
    pub fn index_of(&self, pod: &PodView) -> Option<i32> {
        completion_index(pod).filter(|index| self.indexed && *index < self.completions.unwrap_or(0))
    }

    /// Whether the pod has failed: a pod that is deleted without having succeeded has, unless the end is waited for.
    pub fn is_failed(&self, pod: &PodView) -> bool {
        match pod.status.phase {
            PodPhase::Failed => true,
            PodPhase::Succeeded => false,
            _ => pod.is_terminating() && !self.replaces_failed_only(),
        }
    }
}

/// Whether the pod is not counted yet.
pub fn is_tracked(pod: &PodView) -> bool {
    pod.meta.finalizers.iter().any(|finalizer| &**finalizer == TRACKING)
}

/// The index that the pod says it has.
pub fn completion_index(pod: &PodView) -> Option<i32> {
    annotation(pod, COMPLETION_INDEX).filter(|index| *index >= 0)
}

/// How often the index of the pod had failed before; what is no number of failures counts as none.
pub fn failure_count(pod: &PodView) -> i32 {
    annotation(pod, FAILURE_COUNT).unwrap_or(0).max(0)
}

/// Failures of the pod's index before that did not count.
pub fn ignored_failure_count(pod: &PodView) -> i32 {
    annotation(pod, IGNORED_FAILURE_COUNT).unwrap_or(0).max(0)
}

fn annotation(pod: &PodView, key: &str) -> Option<i32> {
    pod.meta.annotations.get(key)?.parse().ok()
}

/// When the pod ended, as far as it tells: by its containers, by its readiness, by its deletion, else by its creation.
pub fn finished_at(pod: &PodView) -> Timestamp {
    let ready = || {
        let ready = pod.condition("Ready").filter(|ready| &*ready.status == "False")?;
        ready.last_transition_time
    };
    let deleted = || {
        let grace = SignedDuration::from_secs(pod.meta.deletion_grace_period_seconds.unwrap_or(0));
        pod.meta.deletion_timestamp?.saturating_sub(grace).ok()
    };
    by_containers(pod)
        .or_else(ready)
        .or_else(deleted)
        .or(pod.meta.creation_timestamp)
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

/// When the last container ended, if all have: that is a sidecar, where there is one.
fn by_containers(pod: &PodView) -> Option<Timestamp> {
    let is_sidecar = |name: &str| {
        let mut containers = pod.spec.init_containers.iter();
        containers.any(|c| *c.name == *name && c.restart_policy.as_deref() == Some("Always"))
    };
    let sidecars = pod.status.init_container_statuses.iter().filter(|status| is_sidecar(&status.name));
    last_end(last_end(None, pod.status.container_statuses.iter()), sidecars)
}

/// When the last of these containers ended, or `before` if that is later; `None` if one has not.
fn last_end<'a>(
    before: Option<Timestamp>,
    statuses: impl IntoIterator<Item = &'a ContainerStatusView>,
) -> Option<Timestamp> {
    let mut last = before;
    for status in statuses {
        last = last.max(Some(status.state.terminated.as_ref()?.finished_at?));
    }
    last
}
