//! Schedules of cron jobs: five fields, descriptors as `@daily` and `@every 1h30m`, and an optional time zone.
//!
//! ```
//! use kube_core::cron::Schedule;
//!
//! assert!("*/15 9-17 * * MON-FRI".parse::<Schedule>().is_ok());
//! let error = "0 0 32 * *".parse::<Schedule>().unwrap_err();
//! assert_eq!(error.to_string(), "end of range (32) above maximum (31): 32");
//! ```
//!
//! Source: `github.com/robfig/cron/v3` (`ParseStandard`), as Kubernetes 1.36 calls it.

mod duration;
mod parse;
#[cfg(test)]
mod tests;
mod zone;

pub use parse::ScheduleError;
pub use zone::{UnknownZone, time_zone};

use jiff::tz::TimeZone;
use std::str::FromStr;
use std::time::Duration;

/// When something is to happen, again and again.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Schedule {
    /// At the minutes that all fields allow.
    Fields(Fields),
    /// This long after the time before; at least a second, and whole seconds.
    Every(Duration),
}

/// The minutes that a schedule names: bit `n` of a field stands for the value `n`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Fields {
    /// Minutes, 0 to 59.
    pub minutes: u64,
    /// Hours, 0 to 23.
    pub hours: u64,
    /// Days of the month, 1 to 31.
    pub days_of_month: u64,
    /// Months, 1 to 12.
    pub months: u64,
    /// Days of the week, 0 (Sunday) to 6.
    pub days_of_week: u64,
    /// Whether the day of the month was left open (`*` or `?`, without steps). A day counts if both kinds of day allow it, or, when
    /// neither was left open, if one does.
    pub any_day_of_month: bool,
    /// Whether the day of the week was left open.
    pub any_day_of_week: bool,
    /// The zone that the schedule itself names (`TZ=Europe/Berlin 0 6 * * *`).
    pub zone: Option<TimeZone>,
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::parse(text)
    }
}
