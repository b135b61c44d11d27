//! What a StatefulSet reports.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/statefulset` (`computeReplicaStatus`, `completeRollingUpdate`).

use super::identity::{Wanted, revision_of};
use super::plan::View;
use jiff::Timestamp;
use kube_core::condition::{self, TRUE};
use kube_core::kinds::apps::v1::{StatefulSetCondition, StatefulSetStatus};
use kube_core::kinds::meta::v1::Time;
use kube_core::view::{PodPhase, PodView};

/// Condition, which Kubernetes does not have: an update waits for a pod that will not become ready, because it was made
/// from a template that has been replaced.
///
/// `OrderedReady` replaces no pod before all are ready. Kubernetes waits for ever and says nothing (#67250).
pub const ROLLOUT_STUCK: &str = "RolloutStuck";

/// Whether the pod runs and is ready.
pub(super) fn is_running_and_ready(pod: &PodView) -> bool {
    pod.status.phase == PodPhase::Running && pod.is_ready()
}

/// Whether it has done so for long enough.
pub(super) fn is_available(pod: &PodView, min_ready_seconds: i32, now: Timestamp) -> bool {
    is_running_and_ready(pod) && pod.is_available(min_ready_seconds, now)
}

/// The counts of `view`, and its revisions.
pub(super) fn calculate(view: &View<'_>, wanted: &Wanted<'_>) -> StatefulSetStatus {
    let old = view.set.status.clone().unwrap_or_default();
    let [mut ready, mut available, mut current, mut updated] = [0; 4];
    for pod in view.pods {
        if is_running_and_ready(pod) {
            ready += 1;
            available += i32::from(is_available(pod, wanted.min_ready_seconds, view.now));
        }
        if !pod.is_terminating() {
            let revision = revision_of(pod);
            current += i32::from(revision == view.current.name);
            updated += i32::from(revision == view.update.name);
        }
    }
    let replicas = i32::try_from(view.pods.len()).unwrap_or(i32::MAX);
    let complete = wanted.rolls && [updated, ready, replicas].iter().all(|count| *count == wanted.replicas);
    let (current, name) = if complete { (updated, view.update.name) } else { (current, view.current.name) };
    let count = |number: i32| (number > 0).then_some(number);
    StatefulSetStatus {
        available_replicas: Some(available),
        collision_count: Some(view.collisions),
        conditions: old.conditions,
        current_replicas: count(current),
        current_revision: Some(name.to_owned()),
        observed_generation: view.set.metadata.generation,
        ready_replicas: count(ready),
        replicas,
        update_revision: Some(view.update.name.to_owned()),
        updated_replicas: count(updated),
    }
}

/// Says that an update waits for the pod `stuck`, or that none does. Gives what to tell people when that is news.
pub(super) fn report_stuck(
    status: &mut StatefulSetStatus,
    stuck: Option<&str>,
    now: Timestamp,
) -> Option<String> {
    let mut conditions = status.conditions.take().unwrap_or_default();
    let was = condition::is_true(&conditions, ROLLOUT_STUCK);
    let message = stuck.map(|pod| {
        format!(
            "the update waits for pod {pod} to become ready, but that has a replaced template: \
             delete the pod, and it comes back with the present one"
        )
    });
    match &message {
        None => _ = condition::remove(&mut conditions, ROLLOUT_STUCK),
        Some(message) => {
            let new = StatefulSetCondition {
                type_: ROLLOUT_STUCK.to_owned(),
                status: TRUE.to_owned(),
                reason: Some("WaitsForReplacedTemplate".to_owned()),
                message: Some(message.clone()),
                last_transition_time: None,
            };
            condition::set(&mut conditions, new, &Time(now));
        }
    }
    status.conditions = Some(conditions).filter(|conditions| !conditions.is_empty());
    message.filter(|_| !was)
}
