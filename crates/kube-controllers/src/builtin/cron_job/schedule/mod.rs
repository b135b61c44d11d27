//! Schedules of CronJobs: when the next run is due.
//!
//! What is accepted, and which times come out of it where clocks change, is what `github.com/robfig/cron/v3` does as
//! Kubernetes uses it, oddities included: a time that clocks skip is left out, one that they repeat comes twice for
//! schedules by the minute, and a schedule that names both days of the month and of the week is due on either.

mod next;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kube_core::cron::{self, UnknownZone, time_zone};

/// Bits of all hours of a day.
const EVERY_HOUR: u64 = (1 << 24) - 1;

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
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    form: cron::Schedule,
    zone: TimeZone,
}

/// A text that is no schedule, or a zone that is not known. `Display` is Kubernetes' message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// The text is no schedule.
    #[error(transparent)]
    Text(#[from] cron::ScheduleError),
    /// The zone is not known.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
}

impl Schedule {
    /// Reads a schedule as [`cron::Schedule`] does. Times are those of `zone` (UTC unless told), or of the zone that
    /// the text begins with, as `TZ=Asia/Tokyo `.
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
        let form: cron::Schedule = text.parse()?;
        let named = match &form {
            cron::Schedule::Fields(fields) => fields.zone.clone(),
            _ => None,
        };
        Ok(Self { form, zone: named.unwrap_or(zone) })
    }

    /// Whether clocks showed the time of day of `at` before, at `last` or earlier, and then went back. A schedule of
    /// every hour does not repeat itself: it is due in each of the two.
    pub fn repeats(&self, last: Timestamp, at: Timestamp) -> bool {
        let cron::Schedule::Fields(fields) = &self.form else { return false };
        let wall = |at: Timestamp| self.zone.to_offset(at).to_datetime(at);
        fields.hours & EVERY_HOUR != EVERY_HOUR && last < at && wall(at) <= wall(last)
    }

    /// The first time after `after`, in whole seconds; `None` when there is none within five years.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.form {
            cron::Schedule::Every(delay) => {
                Timestamp::from_second(after.as_second()).ok()?.checked_add(*delay).ok()
            }
            cron::Schedule::Fields(fields) => next::next(fields, &self.zone, after),
            _ => None,
        }
    }
}
