//! Reading a schedule.

use super::duration::parse_duration;
use super::zone::{UnknownZone, time_zone};
use super::{Fields, Schedule};
use crate::error::quoted;
use jiff::tz::TimeZone;
use std::time::Duration;

/// What is wrong with a schedule, in the words of Kubernetes' parser.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// Nothing is there.
    #[error("empty spec string")]
    Empty,
    /// A time zone without a schedule.
    #[error("invalid schedule format: runtime error: slice bounds out of range [:-1]")]
    OnlyZone,
    /// The schedule names a zone that does not exist.
    #[error("provided bad location {0}: {1}")]
    Zone(String, UnknownZone),
    /// A word after `@` that means nothing.
    #[error("unrecognized descriptor: {0}")]
    Descriptor(String),
    /// `@every` without a duration.
    #[error("failed to parse duration {0}: {1}")]
    Duration(String, String),
    /// Not five fields.
    #[error("expected exactly 5 fields, found {}: [{}]", .0.len(), .0.join(" "))]
    Count(Vec<String>),
    /// Neither a number nor a name.
    #[error("failed to parse int from {0}: strconv.Atoi: parsing {text}: {1}", text = quoted(.0))]
    Number(String, &'static str),
    /// A number below zero.
    #[error("negative number ({1}) not allowed: {0}")]
    Negative(String, i64),
    /// More than two ends of a range.
    #[error("too many hyphens: {0}")]
    Hyphens(String),
    /// More than one step.
    #[error("too many slashes: {0}")]
    Slashes(String),
    /// The range begins too early.
    #[error("beginning of range ({start}) below minimum ({min}): {text}")]
    Below {
        /// Where it begins.
        start: u64,
        /// Where the field begins.
        min: u64,
        /// The range.
        text: String,
    },
    /// The range ends too late.
    #[error("end of range ({end}) above maximum ({max}): {text}")]
    Above {
        /// Where it ends.
        end: u64,
        /// Where the field ends.
        max: u64,
        /// The range.
        text: String,
    },
    /// The range ends before it begins.
    #[error("beginning of range ({start}) beyond end of range ({end}): {text}")]
    Reversed {
        /// Where it begins.
        start: u64,
        /// Where it ends.
        end: u64,
        /// The range.
        text: String,
    },
    /// A step of zero.
    #[error("step of range should be a positive number: {0}")]
    Step(String),
}

pub(super) fn parse(text: &str) -> Result<Schedule, ScheduleError> {
    if text.is_empty() {
        return Err(ScheduleError::Empty);
    }
    let (zone, text) = split_zone(text)?;
    if text.starts_with('@') {
        return descriptor(text, zone);
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields[..] else {
        return Err(ScheduleError::Count(fields.into_iter().map(str::to_owned).collect()));
    };
    let (minutes, _) = MINUTE.read(minute)?;
    let (hours, _) = HOUR.read(hour)?;
    let (days_of_month, any_day_of_month) = DAY.read(day)?;
    let (months, _) = MONTH.read(month)?;
    let (days_of_week, any_day_of_week) = WEEKDAY.read(weekday)?;
    Ok(Schedule::Fields(Fields {
        minutes,
        hours,
        days_of_month,
        months,
        days_of_week,
        any_day_of_month,
        any_day_of_week,
        zone,
    }))
}

fn split_zone(text: &str) -> Result<(Option<TimeZone>, &str), ScheduleError> {
    let Some(rest) = text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ=")) else {
        return Ok((None, text));
    };
    let (name, rest) = rest.split_once(' ').ok_or(ScheduleError::OnlyZone)?;
    let zone = time_zone(name).map_err(|error| ScheduleError::Zone(name.to_owned(), error))?;
    Ok((Some(zone), rest.trim()))
}

fn descriptor(text: &str, zone: Option<TimeZone>) -> Result<Schedule, ScheduleError> {
    let fields = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => {
            let Some(duration) = text.strip_prefix("@every ") else {
                return Err(ScheduleError::Descriptor(text.to_owned()));
            };
            let duration = parse_duration(duration)
                .map_err(|error| ScheduleError::Duration(text.to_owned(), error.to_string()))?;
            return Ok(Schedule::Every(Duration::from_secs(duration.as_secs().max(1))));
        }
    };
    let mut schedule = parse(fields)?;
    if let Schedule::Fields(fields) = &mut schedule {
        fields.zone = zone;
    }
    Ok(schedule)
}

/// What one of the fields may hold.
#[derive(Clone, Copy)]
struct Bounds {
    min: u64,
    max: u64,
    /// Names of the values from `min` on.
    names: &'static [&'static str],
}

const MINUTE: Bounds = Bounds { min: 0, max: 59, names: &[] };
const HOUR: Bounds = Bounds { min: 0, max: 23, names: &[] };
const DAY: Bounds = Bounds { min: 1, max: 31, names: &[] };
const MONTH: Bounds = Bounds {
    min: 1,
    max: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAY: Bounds = Bounds { min: 0, max: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

impl Bounds {
    /// The bits of a field, and whether it was left open.
    fn read(self, field: &str) -> Result<(u64, bool), ScheduleError> {
        let (mut bits, mut any) = (0, false);
        for range in field.split(',').filter(|range| !range.is_empty()) {
            let (more, open) = self.range(range)?;
            bits |= more;
            any |= open;
        }
        Ok((bits, any))
    }

    fn range(self, text: &str) -> Result<(u64, bool), ScheduleError> {
        let mut parts = text.split('/');
        let (range, step) = (parts.next().unwrap_or_default(), parts.next());
        let ends: Vec<&str> = range.split('-').collect();
        let open = matches!(ends[0], "*" | "?");
        let (start, mut end) = match ends[..] {
            _ if open => (self.min, self.max),
            [only] => self.value(only).map(|value| (value, value))?,
            [first, last] => (self.value(first)?, self.value(last)?),
            _ => {
                self.value(ends[0])?;
                return Err(ScheduleError::Hyphens(text.to_owned()));
            }
        };
        let step = match step {
            None => 1,
            Some(_) if parts.next().is_some() => return Err(ScheduleError::Slashes(text.to_owned())),
            Some(step) => number(step)?,
        };
        if range.len() < text.len() && ends.len() == 1 {
            end = self.max;
        }
        let text = text.to_owned();
        if start < self.min {
            return Err(ScheduleError::Below { start, min: self.min, text });
        }
        if end > self.max {
            return Err(ScheduleError::Above { end, max: self.max, text });
        }
        if start > end {
            return Err(ScheduleError::Reversed { start, end, text });
        }
        if step == 0 {
            return Err(ScheduleError::Step(text));
        }
        let stride = usize::try_from(step).unwrap_or(usize::MAX);
        // `*/2` restricts, `*/1` does not.
        Ok(((start..=end).step_by(stride).fold(0, |bits, value| bits | 1 << value), open && step == 1))
    }

    fn value(self, text: &str) -> Result<u64, ScheduleError> {
        let lower = text.to_lowercase();
        match self.names.iter().zip(self.min..).find(|(name, _)| **name == lower) {
            Some((_, value)) => Ok(value),
            None => number(text),
        }
    }
}

fn number(text: &str) -> Result<u64, ScheduleError> {
    let wrong = |why| ScheduleError::Number(text.to_owned(), why);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong("invalid syntax"));
    }
    let number: i64 = text.parse().map_err(|_| wrong("value out of range"))?;
    u64::try_from(number).map_err(|_| ScheduleError::Negative(text.to_owned(), number))
}
