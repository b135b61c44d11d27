//! Schedules of CronJobs: when the next run is due.
//!
//! What is accepted, and which times come out of it where clocks change, is what `github.com/robfig/cron/v3` does as
//! Kubernetes uses it, oddities included: a time that clocks skip is left out, one that they repeat comes twice for
//! schedules by the minute, and a schedule that names both days of the month and of the week is due on either.

mod next;
mod parse;

pub use parse::ScheduleError;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::time::Duration;

/// When something is due.
///
/// ```
/// use kube_controllers::builtin::cron_job::schedule::Schedule;
///
/// let weekdays = Schedule::parse("30 9 * * MON-FRI", Some("Europe/Berlin"))?;
/// let friday = "2026-03-27T12:00:00Z".parse()?;
/// // The clocks change on the Sunday between.
/// assert_eq!(weekdays.next(friday), Some("2026-03-30T07:30:00Z".parse()?));
/// assert!(Schedule::parse("every day", None).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Form);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// At times of the calendar.
    Calendar(Box<Calendar>),
    /// Whenever so much time has passed.
    Every(Duration),
}

/// Times of the calendar: sets of numbers, one bit each.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Calendar {
    minutes: u64,
    hours: u64,
    days_of_month: u64,
    months: u64,
    days_of_week: u64,
    zone: TimeZone,
}

/// The bit that says that a field restricts nothing.
const ANY: u64 = 1 << 63;

impl Schedule {
    /// Reads five fields (`minute hour day-of-month month day-of-week`), `@hourly` and the like, or `@every 1h30m`.
    /// Times are those of `zone` (UTC unless told), or of the zone that the text begins with, as `TZ=Asia/Tokyo `.
    ///
    /// # Errors
    /// The text is no schedule, or the zone is not known.
    pub fn parse(text: &str, zone: Option<&str>) -> Result<Self, ScheduleError> {
        let given = zone.filter(|_| !text.contains("TZ")).map(time_zone).transpose()?;
        Self::parse_in(text, given.unwrap_or(TimeZone::UTC))
    }

    /// As [`Schedule::parse`], with the times of a zone that need not be in the database.
    ///
    /// # Errors
    /// The text is no schedule.
    pub fn parse_in(text: &str, zone: TimeZone) -> Result<Self, ScheduleError> {
        parse::parse(text, zone).map(Self)
    }

    /// The first time after `after`, in whole seconds; `None` when there is none within five years.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.0 {
            Form::Every(delay) => Timestamp::from_second(after.as_second()).ok()?.checked_add(*delay).ok(),
            Form::Calendar(calendar) => next::next(calendar, after),
        }
    }
}

/// The zone of that name in the database that comes with this crate, so that the same name means the same everywhere.
///
/// # Errors
/// There is no zone of exactly that name.
pub fn time_zone(name: &str) -> Result<TimeZone, ScheduleError> {
    if matches!(name, "" | "UTC" | "Local") {
        return Ok(TimeZone::UTC);
    }
    let found = TimeZoneDatabase::bundled().get(name).ok();
    // The database answers to any case of letters, Kubernetes does not.
    found.filter(|zone| zone.iana_name() == Some(name)).ok_or_else(|| ScheduleError::unknown_zone(name))
}
