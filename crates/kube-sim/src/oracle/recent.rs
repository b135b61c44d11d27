//! The largest and the smallest of what a number was lately.

use kube_core::env::Mono;
use std::collections::VecDeque;
use std::time::Duration;

/// How far a component may rightly be behind: what it does may rest on anything that was so within this time.
pub(super) const BEHIND: Duration = Duration::from_mins(2);

/// What a number was within the last [`BEHIND`].
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<(Mono, i64)>);

impl Recent {
    /// The number is `value` from now on.
    pub(super) fn set(&mut self, now: Mono, value: i64) {
        if self.0.back().is_some_and(|(_, last)| *last == value) {
            return;
        }
        self.0.push_back((now, value));
    }

    /// Forgets what nobody can believe any more. The value that holds at the edge stays.
    fn prune(&mut self, now: Mono) {
        while self.0.get(1).is_some_and(|(since, _)| *since + BEHIND < now) {
            self.0.pop_front();
        }
    }

    pub(super) fn max(&mut self, now: Mono) -> Option<i64> {
        self.prune(now);
        self.0.iter().map(|(_, value)| *value).max()
    }

    pub(super) fn min(&mut self, now: Mono) -> Option<i64> {
        self.prune(now);
        self.0.iter().map(|(_, value)| *value).min()
    }
}
