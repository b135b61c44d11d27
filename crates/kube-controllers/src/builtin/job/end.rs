//! How a Job ends: first what is aimed at, then, once its pods are gone and counted, the end itself.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/job` (`FailureTarget` and `Failed`, `SuccessCriteriaMet` and `Complete`).

use jiff::Timestamp;
use kube_core::condition::TRUE;
use kube_core::kinds::batch::v1::{Job, JobCondition, JobStatus};
use kube_core::kinds::meta::v1::Time;

/// Condition: the Job is going to fail.
pub const FAILURE_TARGET: &str = "FailureTarget";
/// Condition: the Job is going to succeed.
pub const SUCCESS_CRITERIA_MET: &str = "SuccessCriteriaMet";
/// Condition: the Job has failed.
pub const FAILED: &str = "Failed";
/// Condition: the Job has succeeded.
pub const COMPLETE: &str = "Complete";
/// Condition: the Job has no pods for now.
pub const SUSPENDED: &str = "Suspended";

/// How a Job is going to end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct End {
    /// Whether it fails.
    pub fails: bool,
    /// Why, for machines.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}

impl End {
    pub(super) fn failure(reason: &str, message: String) -> Self {
        Self { fails: true, reason: reason.to_owned(), message }
    }

    pub(super) fn success_policy(message: String) -> Self {
        Self { fails: false, reason: "SuccessPolicy".to_owned(), message }
    }

    pub(super) fn completions_reached() -> Self {
        let message = "Reached expected number of succeeded pods".to_owned();
        Self { fails: false, reason: "CompletionsReached".to_owned(), message }
    }

    /// The condition that says what is aimed at.
    pub(super) fn aim(&self) -> &'static str {
        if self.fails { FAILURE_TARGET } else { SUCCESS_CRITERIA_MET }
    }

    /// The condition that says that it is over.
    pub(super) fn over(&self) -> &'static str {
        if self.fails { FAILED } else { COMPLETE }
    }

    pub(super) fn condition(&self, type_: &str, now: Timestamp) -> JobCondition {
        condition(type_, TRUE, &self.reason, &self.message, now)
    }
}

/// What the status says that the Job is going to end like.
pub(super) fn already(status: &JobStatus) -> Option<End> {
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let aim = |type_: &str| conditions.iter().find(|c| c.type_ == type_ && c.status == TRUE);
    let (condition, fails) = match (aim(SUCCESS_CRITERIA_MET), aim(FAILURE_TARGET)) {
        (Some(success), _) => (success, false),
        (None, failure) => (failure?, true),
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Some(End { fails, reason: text(&condition.reason), message: text(&condition.message) })
}

/// How the Job has ended: `Complete` or `Failed`; `None` while it has not.
pub fn is_finished(job: &Job) -> Option<&'static str> {
    let conditions = job.status.as_ref()?.conditions.as_deref()?;
    let mut ends = [COMPLETE, FAILED].into_iter();
    ends.find(|end| conditions.iter().any(|c| c.type_ == *end && c.status == TRUE))
}

/// When the Job ended.
pub fn finished_at(job: &Job) -> Option<Timestamp> {
    let end = is_finished(job)?;
    let mut conditions = job.status.as_ref()?.conditions.as_deref()?.iter();
    conditions.find(|c| c.type_ == end)?.last_transition_time.as_ref().map(|Time(time)| *time)
}

pub(super) fn condition(
    type_: &str,
    status: &str,
    reason: &str,
    message: &str,
    now: Timestamp,
) -> JobCondition {
    JobCondition {
        type_: type_.to_owned(),
        status: status.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        last_probe_time: Some(Time(now)),
        last_transition_time: Some(Time(now)),
    }
}
