//! Pods that nodes reject, and how long to wait before others are made in their place.
//!
//! A node that has no room for a pod, or must not run it, ends it before anything of it has run. Kubernetes makes another
//! at once, which the same node may reject as fast (kubernetes#89007, #120160). Here every round of rejections doubles
//! the wait. The pods themselves are what is counted, so that nothing is lost with the controller.

#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use kube_core::view::{PodPhase, PodView};
use std::sync::Arc;
use std::time::Duration;

/// The first wait, after the second round.
const FIRST: SignedDuration = SignedDuration::from_secs(1);

/// The longest wait.
const LONGEST: SignedDuration = SignedDuration::from_mins(5);

/// How long to wait before more of the `wanted` pods are made; `None` where nothing is against it.
pub(super) fn wait(pods: &[Arc<PodView>], wanted: usize, now: Timestamp) -> Option<Duration> {
    let created = |pod: &Arc<PodView>| pod.meta.creation_timestamp;
    let mut rejected = pods.iter().filter(|pod| is_rejected(pod)).peekable();
    rejected.peek()?;
    // Once a pod runs the rejections before it are history.
    let last_run = pods.iter().filter(|pod| has_run(pod)).filter_map(created).max();
    let rejected: Vec<Timestamp> = rejected.filter_map(created).filter(|at| Some(*at) > last_run).collect();
    let rounds = u32::try_from(rejected.len().div_ceil(wanted.max(1))).unwrap_or(u32::MAX);
    let doublings = rounds.checked_sub(2)?;
    let wait = 2_i32.checked_pow(doublings).and_then(|times| FIRST.checked_mul(times));
    let until = rejected.into_iter().max()?.saturating_add(wait.unwrap_or(LONGEST).min(LONGEST)).ok()?;
    Duration::try_from(until.duration_since(now)).ok().filter(|left| !left.is_zero())
}

/// Whether the pod ended before anything of it ran.
fn is_rejected(pod: &PodView) -> bool {
    pod.status.phase == PodPhase::Failed && !has_run(pod)
}

fn has_run(pod: &PodView) -> bool {
    let statuses = pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses);
    matches!(pod.status.phase, PodPhase::Running | PodPhase::Succeeded)
        || statuses.into_iter().any(|status| status.state.terminated.is_some())
}
