//! Where the least harm is done.

use super::Candidate;
use crate::snapshot::BoundPod;
use std::cmp::Reverse;

/// Sorts the most important first: by priority, then by how long they have run; by name where nothing else tells.
///
/// Source: `k8s.io/kubernetes/pkg/scheduler/util` (`MoreImportantPod`).
pub(super) fn sort_by_importance<P: AsRef<BoundPod>>(pods: &mut [P]) {
    pods.sort_by(|a, b| {
        let (a, b) = (a.as_ref(), b.as_ref());
        let rank = |pod: &BoundPod| (Reverse(pod.priority()), started(pod));
        rank(a).cmp(&rank(b)).then_with(|| {
            let (a, b) = (a.key(), b.key());
            (&a.name, &a.namespace).cmp(&(&b.name, &b.namespace))
        })
    });
}

/// The candidates that no criterion puts behind another.
///
/// Source: `pkg/scheduler/framework/preemption` (`pickOneNodeForPreemption`).
pub(super) fn best(mut candidates: Vec<&Candidate>) -> Vec<&Candidate> {
    let priorities =
        |c: &Candidate| c.victims.iter().map(|pod| i64::from(pod.priority()) + OFFSET).sum::<i64>();
    keep_least(&mut candidates, |c| c.violations);
    keep_least(&mut candidates, |c| c.victims.first().map(|pod| pod.priority()));
    keep_least(&mut candidates, priorities);
    keep_least(&mut candidates, |c| c.victims.len());
    keep_least(&mut candidates, |c| Reverse(earliest_start(c)));
    candidates
}

fn keep_least<K: Ord>(candidates: &mut Vec<&Candidate>, key: impl Fn(&Candidate) -> K) {
    if let Some(least) = candidates.iter().map(|candidate| key(candidate)).min() {
        candidates.retain(|candidate| key(candidate) == least);
    }
}

/// Since when the first of the most important victims has run.
fn earliest_start(candidate: &Candidate) -> i128 {
    let highest = candidate.victims.iter().map(|pod| pod.priority()).max();
    let important = candidate.victims.iter().filter(|pod| Some(pod.priority()) == highest);
    important.map(|pod| started(pod)).min().unwrap_or(i128::MAX)
}

/// When the pod was started, in nanoseconds; one that was not yet comes last.
fn started(pod: &BoundPod) -> i128 {
    pod.started().map_or(i128::MAX, jiff::Timestamp::as_nanosecond)
}

/// Makes priorities positive, so that more victims are never better.
const OFFSET: i64 = 1 << 31;
