//! What a Deployment reports of itself.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/deployment` (`calculateStatus`, `syncRolloutStatus`), `deployment/util`
//! (`DeploymentComplete`, `DeploymentProgressing`, `DeploymentTimedOut`).

use jiff::{SignedDuration, Timestamp};
use kube_core::condition::{self, FALSE, TRUE, UNKNOWN};
use kube_core::kinds::apps::v1::{Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet};
use kube_core::kinds::meta::v1::Time;
use kube_core::resource::ResourceExt;
use std::sync::Arc;
use std::time::Duration;

use super::fenceposts::Target;
use super::sets::Sets;

/// Condition: enough pods are available.
pub const AVAILABLE: &str = "Available";
/// Condition: the rollout moves, or has arrived.
pub const PROGRESSING: &str = "Progressing";
/// Condition: pods cannot be created or deleted.
pub const REPLICA_FAILURE: &str = "ReplicaFailure";

/// Reason: the rollout has arrived.
pub const NEW_SET_AVAILABLE: &str = "NewReplicaSetAvailable";
/// Reason: the rollout did not move for too long.
pub const TIMED_OUT: &str = "ProgressDeadlineExceeded";
/// Reason: somebody paused the rollout.
pub const PAUSED: &str = "DeploymentPaused";

/// A condition that is new at `now`.
pub(super) fn new_condition(
    type_: &str,
    status: &str,
    reason: &str,
    message: String,
    now: Timestamp,
) -> DeploymentCondition {
    DeploymentCondition {
        type_: type_.to_owned(),
        status: status.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message),
        last_update_time: Some(Time(now)),
        last_transition_time: Some(Time(now)),
    }
}

/// The condition of that type.
pub(super) fn find<'a>(status: &'a DeploymentStatus, type_: &str) -> Option<&'a DeploymentCondition> {
    condition::find(status.conditions.as_deref().unwrap_or_default(), type_)
}

/// Sets a condition. One of the same status and reason stays as it is, also its message and times.
pub(super) fn set(status: &mut DeploymentStatus, mut new: DeploymentCondition) {
    if let Some(old) = find(status, &new.type_) {
        if old.status == new.status && old.reason == new.reason {
            return;
        }
        if old.status == new.status {
            new.last_transition_time = old.last_transition_time.clone();
        }
    }
    remove(status, &new.type_);
    status.conditions.get_or_insert_default().push(new);
}

pub(super) fn remove(status: &mut DeploymentStatus, type_: &str) {
    if let Some(conditions) = &mut status.conditions {
        condition::remove(conditions, type_);
    }
}

/// Whether progress is watched.
pub fn has_deadline(deployment: &Deployment) -> bool {
    deadline(deployment).is_some()
}

fn deadline(deployment: &Deployment) -> Option<SignedDuration> {
    let seconds = deployment.spec.as_ref()?.progress_deadline_seconds.filter(|s| *s != i32::MAX)?;
    Some(SignedDuration::from_secs(i64::from(seconds)))
}

/// The numbers and the `Available` condition; other conditions are those of `base`.
pub fn calculate(
    deployment: &Deployment,
    base: &DeploymentStatus,
    target: &Target,
    sets: &Sets,
    now: Timestamp,
) -> DeploymentStatus {
    let available = sets.total_available();
    let terminating: Option<Vec<i32>> = sets.all().map(|set| set.terminating).collect();
    let mut status = DeploymentStatus {
        observed_generation: deployment.metadata.generation,
        replicas: count(sets.total_replicas()),
        updated_replicas: count(sets.new.as_ref().map_or(0, |set| set.replicas)),
        ready_replicas: count(super::sets::sum(sets.all().map(|set| set.ready))),
        available_replicas: count(available),
        unavailable_replicas: count(sets.total_size().saturating_sub(available)),
        terminating_replicas: terminating.map(|counts| super::sets::sum(counts.into_iter())),
        collision_count: base.collision_count,
        conditions: base.conditions.clone(),
    };
    let enough = available >= target.replicas - target.max_unavailable();
    let (state, reason, verb) = if enough {
        (TRUE, "MinimumReplicasAvailable", "has")
    } else {
        (FALSE, "MinimumReplicasUnavailable", "does not have")
    };
    let message = format!("Deployment {verb} minimum availability.");
    set(&mut status, new_condition(AVAILABLE, state, reason, message, now));
    status
}

/// Numbers that are 0 are left out, as Kubernetes does.
fn count(number: i32) -> Option<i32> {
    (number > 0).then_some(number)
}

/// Whether the rollout has arrived: all pods are of the new template and available, and no others are left.
pub fn is_complete(deployment: &Deployment, target: &Target, status: &DeploymentStatus) -> bool {
    let all = [status.updated_replicas, status.replicas, status.available_replicas];
    all.iter().all(|count| count.unwrap_or(0) == target.replicas)
        && status.observed_generation.unwrap_or(0) >= deployment.metadata.generation.unwrap_or(0)
}

/// Whether the rollout moved between `old` and `new`.
pub fn is_progressing(old: &DeploymentStatus, new: &DeploymentStatus) -> bool {
    let updated = |status: &DeploymentStatus| status.updated_replicas.unwrap_or(0);
    let outdated = |status: &DeploymentStatus| status.replicas.unwrap_or(0) - updated(status);
    updated(new) > updated(old)
        || outdated(new) < outdated(old)
        || new.ready_replicas.unwrap_or(0) > old.ready_replicas.unwrap_or(0)
        || new.available_replicas.unwrap_or(0) > old.available_replicas.unwrap_or(0)
}

/// Whether the rollout did not move for longer than its deadline.
pub fn is_timed_out(deployment: &Deployment, status: &DeploymentStatus, now: Timestamp) -> bool {
    let (Some(deadline), Some(progress)) = (deadline(deployment), find(status, PROGRESSING)) else {
        return false;
    };
    match progress.reason.as_deref() {
        Some(NEW_SET_AVAILABLE) => false,
        Some(TIMED_OUT) => true,
        _ => {
            let since = progress.last_update_time.as_ref().map_or(Timestamp::MIN, |time| time.0);
            since.saturating_add(deadline).is_ok_and(|end| end < now)
        }
    }
}

/// When the deadline has to be looked at again, if nothing else happens.
pub(super) fn next_check(
    deployment: &Deployment,
    target: &Target,
    status: &DeploymentStatus,
    now: Timestamp,
) -> Option<Duration> {
    let (deadline, progress) = (deadline(deployment)?, find(status, PROGRESSING)?);
    if is_complete(deployment, target, status) || progress.reason.as_deref() == Some(TIMED_OUT) {
        return None;
    }
    let end = progress.last_update_time.as_ref()?.0.saturating_add(deadline).ok()?;
    let left = Duration::try_from(end.duration_since(now)).unwrap_or_default();
    // One second more, since the times in conditions are whole seconds.
    Some(left + Duration::from_secs(1))
}

/// Says in the `Progressing` condition how the rollout goes. `old` is the status before.
pub(super) fn report_progress(
    deployment: &Deployment,
    target: &Target,
    old: &DeploymentStatus,
    new: &mut DeploymentStatus,
    (set_name, now): (Option<&str>, Timestamp),
) {
    if !has_deadline(deployment) {
        remove(new, PROGRESSING);
        return;
    }
    let current = find(old, PROGRESSING).cloned();
    let arrived = current.as_ref().is_some_and(|c| c.reason.as_deref() == Some(NEW_SET_AVAILABLE));
    if arrived && new.replicas == new.updated_replicas {
        return;
    }
    let subject = set_name
        .map_or_else(|| format!("Deployment {:?}", deployment.name()), |name| format!("ReplicaSet {name:?}"));
    if is_complete(deployment, target, new) {
        let message = format!("{subject} has successfully progressed.");
        set(new, new_condition(PROGRESSING, TRUE, NEW_SET_AVAILABLE, message, now));
    } else if is_progressing(old, new) {
        let message = format!("{subject} is progressing.");
        let mut moved = new_condition(PROGRESSING, TRUE, "ReplicaSetUpdated", message, now);
        // The update time tells of progress even where reason and status stay.
        if let Some(current) = current.filter(|current| current.status == TRUE) {
            moved.last_transition_time = current.last_transition_time;
        }
        remove(new, PROGRESSING);
        set(new, moved);
    } else if is_timed_out(deployment, new, now) {
        let message = format!("{subject} has timed out progressing.");
        set(new, new_condition(PROGRESSING, FALSE, TIMED_OUT, message, now));
    }
}

/// Says in the `Progressing` condition that the rollout was paused or resumed.
pub(super) fn report_pause(deployment: &Deployment, status: &mut DeploymentStatus, now: Timestamp) {
    let reason = find(status, PROGRESSING).and_then(|c| c.reason.as_deref());
    if !has_deadline(deployment) || reason == Some(TIMED_OUT) {
        return;
    }
    let paused = deployment.spec.as_ref().and_then(|spec| spec.paused).unwrap_or(false);
    let (reason, message) = match (paused, reason == Some(PAUSED)) {
        (true, false) => (PAUSED, "Deployment is paused"),
        (false, true) => ("DeploymentResumed", "Deployment is resumed"),
        _ => return,
    };
    set(status, new_condition(PROGRESSING, UNKNOWN, reason, message.to_owned(), now));
}

/// Passes on the failure condition of a ReplicaSet, of the new one first.
pub(super) fn report_failure(
    status: &mut DeploymentStatus,
    new: Option<&ReplicaSet>,
    all: &[Arc<ReplicaSet>],
) {
    let failure = new.into_iter().chain(all.iter().map(|set| &**set)).find_map(|set| {
        let conditions = set.status.as_ref()?.conditions.as_deref()?;
        condition::find(conditions, REPLICA_FAILURE)
    });
    match failure {
        None => remove(status, REPLICA_FAILURE),
        Some(failure) => set(
            status,
            DeploymentCondition {
                type_: failure.type_.clone(),
                status: failure.status.clone(),
                reason: failure.reason.clone(),
                message: failure.message.clone(),
                last_transition_time: failure.last_transition_time.clone(),
                last_update_time: failure.last_transition_time.clone(),
            },
        ),
    }
}
