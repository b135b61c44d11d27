//! Reading schedules.
//!
//! Source: `github.com/robfig/cron/v3` (`ParseStandard`).

use super::{ANY, Calendar, Form, time_zone};
use jiff::tz::TimeZone;
use std::fmt;
use std::time::Duration;

/// A text that is no schedule, or a zone that is not known. `Display` is Kubernetes' message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleError(String);

impl ScheduleError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    pub(super) fn unknown_zone(name: &str) -> Self {
        Self(format!("unknown time zone {name}"))
    }
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ScheduleError {}

/// The numbers that a field may have, and their names.
struct Bounds {
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const MINUTES: Bounds = Bounds { min: 0, max: 59, names: &[] };
const HOURS: Bounds = Bounds { min: 0, max: 23, names: &[] };
const DAYS: Bounds = Bounds { min: 1, max: 31, names: &[] };
const MONTHS: Bounds = Bounds {
    min: 1,
    max: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAYS: Bounds = Bounds { min: 0, max: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

pub(super) fn parse(text: &str, mut zone: TimeZone) -> Result<Form, ScheduleError> {
    if text.is_empty() {
        return Err(ScheduleError::new("empty spec string"));
    }
    let mut rest = text;
    if let Some(named) = text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ=")) {
        let Some((name, after)) = named.split_once(' ') else {
            return Err(ScheduleError::new("invalid schedule format: a time zone without a schedule"));
        };
        zone = time_zone(name)
            .map_err(|error| ScheduleError::new(format!("provided bad location {name}: {error}")))?;
        rest = after.trim();
    }
    if rest.starts_with('@') {
        return descriptor(rest, zone);
    }
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = *fields else {
        let (count, shown) = (fields.len(), fields.join(" "));
        return Err(ScheduleError::new(format!("expected exactly 5 fields, found {count}: [{shown}]")));
    };
    Ok(Form::Calendar(Box::new(Calendar {
        minutes: field(minute, &MINUTES)?,
        hours: field(hour, &HOURS)?,
        days_of_month: field(day, &DAYS)?,
        months: field(month, &MONTHS)?,
        days_of_week: field(weekday, &WEEKDAYS)?,
        zone,
    })))
}

fn descriptor(text: &str, zone: TimeZone) -> Result<Form, ScheduleError> {
    if let Some(every) = text.strip_prefix("@every ") {
        let delay = go_duration(every).ok_or_else(|| {
            ScheduleError::new(format!("failed to parse duration {text}: time: invalid duration {every:?}"))
        })?;
        // Whole seconds, at least one.
        return Ok(Form::Every(Duration::from_secs(delay.as_secs().max(1))));
    }
    let all = |bounds: &Bounds| bits(bounds.min, bounds.max, 1) | ANY;
    let mut calendar = Calendar {
        minutes: 1 << MINUTES.min,
        hours: 1 << HOURS.min,
        days_of_month: 1 << DAYS.min,
        months: 1 << MONTHS.min,
        days_of_week: all(&WEEKDAYS),
        zone,
    };
    match text {
        "@yearly" | "@annually" => return Ok(Form::Calendar(Box::new(calendar))),
        "@monthly" | "@weekly" | "@daily" | "@midnight" | "@hourly" => calendar.months = all(&MONTHS),
        _ => return Err(ScheduleError::new(format!("unrecognized descriptor: {text}"))),
    }
    if text != "@monthly" {
        calendar.days_of_month = all(&DAYS);
    }
    match text {
        "@weekly" => calendar.days_of_week = 1 << WEEKDAYS.min,
        "@hourly" => calendar.hours = all(&HOURS),
        _ => {}
    }
    Ok(Form::Calendar(Box::new(calendar)))
}

/// Ranges with commas between; nothing between two commas is no range.
fn field(text: &str, bounds: &Bounds) -> Result<u64, ScheduleError> {
    text.split(',').filter(|part| !part.is_empty()).try_fold(0, |set, part| Ok(set | range(part, bounds)?))
}

/// `*`, `5`, `1-5`, each with `/step` or without.
fn range(text: &str, bounds: &Bounds) -> Result<u64, ScheduleError> {
    let fail = |what: String| Err(ScheduleError::new(what));
    let parts: Vec<&str> = text.split('/').collect();
    let ends: Vec<&str> = parts[0].split('-').collect();
    let any = matches!(ends[0], "*" | "?");
    let (start, mut end) = match (any, ends.as_slice()) {
        (true, _) => (bounds.min, bounds.max),
        (false, [only]) => {
            let only = number_or_name(only, bounds)?;
            (only, only)
        }
        (false, [first, last]) => (number_or_name(first, bounds)?, number_or_name(last, bounds)?),
        _ => return fail(format!("too many hyphens: {text}")),
    };
    let step = match parts.as_slice() {
        [_] => 1,
        [_, step] => {
            // `N/step` means from N on.
            if ends.len() == 1 {
                end = bounds.max;
            }
            number(step)?
        }
        _ => return fail(format!("too many slashes: {text}")),
    };
    let Bounds { min, max, .. } = bounds;
    if start < *min {
        return fail(format!("beginning of range ({start}) below minimum ({min}): {text}"));
    }
    if end > *max {
        return fail(format!("end of range ({end}) above maximum ({max}): {text}"));
    }
    if start > end {
        return fail(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    if step == 0 {
        return fail(format!("step of range should be a positive number: {text}"));
    }
    // `*/2` is a restriction, `*/1` is none.
    Ok(bits(start, end, step) | if any && step == 1 { ANY } else { 0 })
}

/// The numbers from `start` to `end` in steps, as bits. All are below 63.
fn bits(start: u32, end: u32, step: u32) -> u64 {
    (start..=end).step_by(step as usize).fold(0, |set, number| set | 1 << number)
}

fn number_or_name(text: &str, bounds: &Bounds) -> Result<u32, ScheduleError> {
    let lower = text.to_ascii_lowercase();
    let named = (bounds.min..).zip(bounds.names).find(|(_, name)| **name == lower);
    named.map_or_else(|| number(text), |(number, _)| Ok(number))
}

/// A number as Go's `strconv.Atoi` reads it.
fn number(text: &str) -> Result<u32, ScheduleError> {
    let fail = |why: &str| {
        ScheduleError::new(format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: {why}"))
    };
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(fail("invalid syntax"));
    }
    let number: i64 = text.parse().map_err(|_| fail("value out of range"))?;
    // Whatever is larger than every bound is refused by its bound.
    u32::try_from(number.min(i64::from(u32::MAX)))
        .map_err(|_| ScheduleError::new(format!("negative number ({number}) not allowed: {text}")))
}

/// A duration as Go's `time.ParseDuration` reads it, as `1h30m`, `1.5s`, `-2m`; negative ones are zero.
fn go_duration(text: &str) -> Option<Duration> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanos: u128 = 0;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (amount, tail) = rest.split_at(unit_at);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, after) = tail.split_at(end);
        nanos = nanos.checked_add(scaled(amount, unit_nanos(unit)?)?)?;
        rest = after;
    }
    let nanos = i64::try_from(nanos).ok()?;
    Some(if negative { Duration::ZERO } else { Duration::from_nanos(nanos.unsigned_abs()) })
}

fn unit_nanos(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// `amount`, which may have a fraction, times `unit`.
fn scaled(amount: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let read = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<u128>().ok() };
    // Digits behind the eighteenth are less than a nanosecond of any unit.
    let fraction = fraction.get(..18).unwrap_or(fraction);
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    read(whole)?.checked_mul(unit)?.checked_add(read(fraction)?.checked_mul(unit)? / scale)
}
