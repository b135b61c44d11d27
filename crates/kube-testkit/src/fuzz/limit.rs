//! When a campaign stops.
#![expect(clippy::disallowed_types, reason = "a campaign is bounded by the time of its machine")]

use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    Inputs(u64),
    Until(Instant),
}

impl Limit {
    pub(super) fn time(time: Duration) -> Self {
        Self::Until(Instant::now() + time)
    }

    pub(super) fn is_reached(self, inputs: u64) -> bool {
        match self {
            Self::Inputs(most) => inputs >= most,
            // The clock is looked at now and then.
            Self::Until(end) => inputs.is_multiple_of(64) && Instant::now() >= end,
        }
    }
}
