//! Which runs were missed, and when the next one is due.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/cronjob` (`mostRecentScheduleTime`, `nextScheduleTimeDuration`).

use super::schedule::Schedule;
use jiff::{SignedDuration, Timestamp};
use kube_core::kinds::batch::v1::CronJob;
use std::fmt;
use std::time::Duration;

/// More missed runs than these are told to people.
const MANY: i64 = 100;

/// Added to every wait, so that clocks that differ a little do not make a run come too early.
const PADDING: SignedDuration = SignedDuration::from_millis(100);

/// How many runs were missed, as far as that is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// None, or one.
    #[default]
    None,
    /// Some.
    Few,
    /// More than a hundred.
    Many,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Due {
    /// Since when runs are counted.
    pub earliest: Timestamp,
    /// The last time that a run was due, if there was one since.
    pub most_recent: Option<Timestamp>,
    /// How many were.
    pub missed: Missed,
}

/// A schedule without a distance between two runs: it never fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeverDue {
    /// Since when runs were looked for.
    pub earliest: Timestamp,
}

impl fmt::Display for NeverDue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("time difference between two schedules is less than 1 second")
    }
}

impl std::error::Error for NeverDue {}

/// What is due at `now`; runs before the starting deadline do not count when `with_deadline`.
///
/// # Errors
/// The schedule never fires.
pub fn due(
    cron_job: &CronJob,
    schedule: &Schedule,
    now: Timestamp,
    with_deadline: bool,
) -> Result<Due, NeverDue> {
    let earliest = earliest(cron_job, now, with_deadline);
    let none = Due { earliest, most_recent: None, missed: Missed::None };
    let never = NeverDue { earliest };
    let first = schedule.next(earliest).ok_or(never)?;
    if now < first {
        return Ok(none);
    }
    let second = schedule.next(first).ok_or(never)?;
    if now < second {
        return Ok(Due { most_recent: Some(first), ..none });
    }
    let between = second.as_second() - first.as_second();
    if between < 1 {
        return Err(never);
    }
    let count = now.duration_since(first).as_secs() / between + 1;
    // Two before the last that a regular schedule would have had: from there on the schedule itself is asked.
    let from = first.saturating_add(SignedDuration::from_secs((count - 2) * between)).unwrap_or(first);
    let mut most_recent = None;
    let mut next = schedule.next(from);
    while let Some(at) = next.filter(|at| *at <= now) {
        most_recent = Some(at);
        next = schedule.next(at);
    }
    let missed = if count > MANY { Missed::Many } else { Missed::Few };
    Ok(Due { earliest, most_recent, missed })
}

/// The run to start now, if one is due.
///
/// # Errors
/// The schedule never fires.
pub fn unmet(cron_job: &CronJob, schedule: &Schedule, now: Timestamp) -> Result<Due, NeverDue> {
    let due = due(cron_job, schedule, now, true)?;
    let missed = if due.most_recent.is_some() { due.missed } else { Missed::None };
    Ok(Due { missed, ..due })
}

/// How long until the next run is due; `None` when there is none.
pub fn next_delay(cron_job: &CronJob, schedule: &Schedule, now: Timestamp) -> Option<Duration> {
    let from = match due(cron_job, schedule, now, false) {
        Ok(Due { most_recent: Some(at), .. }) => at,
        Ok(Due { missed: Missed::None, earliest, .. }) => earliest,
        _ => now,
    };
    let wait = schedule.next(from)?.duration_since(now) + PADDING;
    Some(Duration::try_from(wait).unwrap_or_default())
}

fn earliest(cron_job: &CronJob, now: Timestamp, with_deadline: bool) -> Timestamp {
    let created = cron_job.metadata.creation_timestamp.as_ref().map_or(Timestamp::UNIX_EPOCH, |time| time.0);
    let last = cron_job.status.as_ref().and_then(|status| status.last_schedule_time.as_ref());
    let earliest = last.map_or(created, |time| time.0);
    let seconds = cron_job.spec.starting_deadline_seconds;
    let deadline = seconds
        .filter(|_| with_deadline)
        .and_then(|seconds| now.saturating_sub(SignedDuration::from_secs(seconds)).ok());
    deadline.map_or(earliest, |deadline| deadline.max(earliest))
}
