//! How long a stage waits.

use super::path::Path;
use jiff::Timestamp;
use kube_core::env::Rng;
use serde_json::Value;
use std::time::Duration;

/// How long a stage waits: a duration, or one between that and another.
#[derive(Clone, Debug)]
pub(super) struct Delay {
    pub(super) duration: Amount,
    pub(super) jitter: Amount,
}

/// A duration: fixed, or read from the pod where that is possible.
#[derive(Clone, Debug)]
pub(super) struct Amount {
    fixed: Option<Duration>,
    from: Option<Path>,
}

impl Delay {
    /// Source: `sigs.k8s.io/kwok/pkg/utils/lifecycle` (`Stage.Delay`).
    pub(super) fn of(&self, pod: &Value, wall: Timestamp, rng: &mut Rng) -> Duration {
        let duration = self.duration.of(pod, wall).unwrap_or_default();
        match self.jitter.of(pod, wall) {
            Some(jitter) if jitter > duration => rng.between(duration, jitter),
            Some(jitter) => jitter,
            None => duration,
        }
    }
}

impl Amount {
    pub(super) fn new(milliseconds: Option<i64>, from: Option<String>) -> Result<Self, String> {
        let fixed = milliseconds.map(|n| Duration::from_millis(u64::try_from(n).unwrap_or(0)));
        Ok(Self { fixed, from: from.map(|text| Path::parse(&text)).transpose()? })
    }

    /// A time is as long as it is still to come; a text is a duration as Go writes it.
    fn of(&self, pod: &Value, wall: Timestamp) -> Option<Duration> {
        let found = self.from.as_ref().and_then(|path| path.find(pod).first().copied());
        let text = found.and_then(Value::as_str);
        let read = text.and_then(|text| match text.parse::<Timestamp>() {
            Ok(at) => Some(Duration::try_from(at.duration_since(wall)).unwrap_or_default()),
            Err(_) => go_duration(text),
        });
        read.or(self.fixed)
    }
}

/// A duration as Go writes it: `1h2m3.5s`, `300ms`.
fn go_duration(text: &str) -> Option<Duration> {
    let mut total = 0.0;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let after = &rest[digits..];
        let unit_end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        total += number
            * match &after[..unit_end] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &after[unit_end..];
    }
    Duration::try_from_secs_f64(total).ok()
}
