//! Durations that read as they are said.

use std::time::Duration;

/// `10.minutes()`.
pub trait Units {
    /// So many milliseconds.
    fn millis(self) -> Duration;
    /// So many seconds.
    fn seconds(self) -> Duration;
    /// So many minutes.
    fn minutes(self) -> Duration;
    /// So many hours.
    fn hours(self) -> Duration;
}

impl Units for u64 {
    fn millis(self) -> Duration {
        Duration::from_millis(self)
    }

    fn seconds(self) -> Duration {
        Duration::from_secs(self)
    }

    fn minutes(self) -> Duration {
        Duration::from_mins(self)
    }

    fn hours(self) -> Duration {
        Duration::from_hours(self)
    }
}
