//! Pods that become available by waiting.

use jiff::{SignedDuration, Timestamp};
use kube_core::view::PodView;
use std::sync::Arc;
use std::time::Duration;

/// How long after `now` the next of the ready `pods` has been so for `min_ready_seconds`; `None` if all have.
pub(super) fn next_availability<'a>(
    pods: impl IntoIterator<Item = &'a Arc<PodView>>,
    min_ready_seconds: i32,
    now: Timestamp,
) -> Option<Duration> {
    if min_ready_seconds == 0 {
        return None;
    }
    let left = |pod: &Arc<PodView>| {
        if !pod.is_ready() || pod.is_available(min_ready_seconds, now) {
            return None;
        }
        let since = pod.condition("Ready")?.last_transition_time?;
        let at = since.saturating_add(SignedDuration::from_secs(i64::from(min_ready_seconds))).ok()?;
        Duration::try_from(at.duration_since(now)).ok()
    };
    pods.into_iter().filter_map(left).min().map(|left| left.max(Duration::from_millis(1)))
}
