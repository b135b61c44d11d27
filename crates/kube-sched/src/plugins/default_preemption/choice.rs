//! Where the least harm is done.

use crate::snapshot::Rank;
use std::cmp::Reverse;

/// What making room on one node would do.
pub(super) trait Harm {
    /// How many of the pods that go a disruption budget protects.
    fn violations(&self) -> usize;

    /// How important the pods that go are, the most important first.
    fn victims(&self) -> impl ExactSizeIterator<Item = Rank>;
}

/// The candidates that no criterion puts behind another.
///
/// Source: `pkg/scheduler/framework/preemption` (`pickOneNodeForPreemption`).
pub(super) fn best<H: Harm>(mut candidates: Vec<&H>) -> Vec<&H> {
    let priorities = |c: &H| c.victims().map(|victim| i64::from(victim.priority()) + OFFSET).sum::<i64>();
    keep_least(&mut candidates, H::violations);
    keep_least(&mut candidates, |c| c.victims().next().map(Rank::priority));
    keep_least(&mut candidates, priorities);
    keep_least(&mut candidates, |c| c.victims().len());
    keep_least(&mut candidates, |c| Reverse(earliest_start(c)));
    candidates
}

fn keep_least<H: Harm, K: Ord>(candidates: &mut Vec<&H>, key: impl Fn(&H) -> K) {
    if let Some(least) = candidates.iter().map(|candidate| key(candidate)).min() {
        candidates.retain(|candidate| key(candidate) == least);
    }
}

/// Since when the first of the most important victims has run.
fn earliest_start(candidate: &impl Harm) -> Option<(i64, i32)> {
    let highest = candidate.victims().map(Rank::priority).max();
    let important = candidate.victims().filter(|victim| Some(victim.priority()) == highest);
    important.map(Rank::started).min()
}

/// Makes priorities positive, so that more victims are never better.
const OFFSET: i64 = 1 << 31;
