//! How fast failed pods of one node are replaced.
//!
//! Source: `k8s.io/client-go/util/flowcontrol` (`Backoff`).

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(15);

/// When the last failed pod of a node was replaced, and how long the next one waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    delay: Duration,
    since: Timestamp,
}

impl Backoff {
    /// How long the next one still waits, if it does.
    pub fn left(&self, now: Timestamp) -> Option<Duration> {
        self.delay.checked_sub(self.age(now)).filter(|left| !left.is_zero())
    }

    /// After one more at `now`: twice as long, and from the beginning after a long calm.
    pub fn after(last: Option<&Self>, now: Timestamp) -> Self {
        let last = last.filter(|last| !last.is_over(now));
        let delay = last.map_or(FIRST, |last| last.delay.saturating_mul(2).min(LONGEST));
        Self { delay, since: now }
    }

    /// Whether it has been calm for so long that it can be forgotten.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.age(now) > LONGEST * 2
    }

    fn age(&self, now: Timestamp) -> Duration {
        let age: SignedDuration = now.duration_since(self.since);
        Duration::try_from(age).unwrap_or_default()
    }
}
