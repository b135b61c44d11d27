//! Durations as Go writes them: `1h30m`, `1.5s`, `-2us`.

use crate::error::quoted;
use std::time::Duration;

/// What is wrong with a duration, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DurationError {
    #[error("time: invalid duration {}", quoted(.0))]
    Invalid(String),
    #[error("time: missing unit in duration {}", quoted(.0))]
    NoUnit(String),
    #[error("time: unknown unit {} in duration {}", quoted(.unit), quoted(.text))]
    Unit { unit: String, text: String },
}

/// Source: Go's `time.ParseDuration`. One below zero counts as zero: nothing here waits for less.
pub(super) fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let invalid = || DurationError::Invalid(text.to_owned());
    let negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanos: u128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (amount, tail) = rest.split_at(end);
        let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return Err(invalid());
        }
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        if unit.is_empty() {
            return Err(DurationError::NoUnit(text.to_owned()));
        }
        let unit = nanos_of(unit)
            .ok_or_else(|| DurationError::Unit { unit: unit.to_owned(), text: text.to_owned() })?;
        nanos += scaled(whole, fraction, unit).ok_or_else(invalid)?;
        if nanos > i64::MAX.unsigned_abs().into() {
            return Err(invalid());
        }
        rest = tail;
    }
    let nanos = if negative { 0 } else { nanos };
    Ok(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
}

fn scaled(whole: &str, fraction: &str, unit: u64) -> Option<u128> {
    // More digits than a nanosecond of the largest unit has are cut off.
    const DIGITS: usize = 18;
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let kept = &fraction[..fraction.len().min(DIGITS)];
    let parts: u128 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    let scale = 10_u128.pow(u32::try_from(kept.len()).ok()?);
    whole.checked_mul(unit.into())?.checked_add(parts * u128::from(unit) / scale)
}

fn nanos_of(unit: &str) -> Option<u64> {
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
