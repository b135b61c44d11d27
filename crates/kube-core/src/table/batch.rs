//! What runs to completion.

use super::age::human_duration;
use super::cells::{NONE, Object, UNSET};
use jiff::Timestamp;
use serde_json::Value;

/// Source: `printJob`.
pub(super) fn job(object: &Object<'_>) -> Vec<Value> {
    let done = object.int("/status/succeeded");
    let completions = match (object.value("/spec/completions"), object.int("/spec/parallelism")) {
        (Some(wanted), _) => format!("{done}/{wanted}"),
        (None, parallelism) if parallelism > 1 => format!("{done}/1 of {parallelism}"),
        (None, _) => format!("{done}/1"),
    };
    let [names, images] = object.containers("/spec/template/spec/containers");
    vec![
        object.name(),
        status(object).into(),
        completions.into(),
        duration(object).into(),
        object.age(),
        names,
        images,
        object.selector("/spec/selector"),
    ]
}

fn status(job: &Object<'_>) -> &'static str {
    let holds = |kind: &str| job.condition(kind).is_some_and(|c| c.text("/status") == "True");
    if holds("Complete") {
        return "Complete";
    }
    if holds("Failed") {
        return "Failed";
    }
    if job.is_terminating() {
        return "Terminating";
    }
    let known = ["Suspended", "FailureTarget", "SuccessCriteriaMet"];
    known.into_iter().find(|kind| holds(kind)).unwrap_or("Running")
}

/// How long it has been running, or did.
fn duration(job: &Object<'_>) -> String {
    let time = |pointer| job.text(pointer).parse::<Timestamp>().ok();
    let Some(start) = time("/status/startTime") else { return String::new() };
    let end = time("/status/completionTime").unwrap_or_else(|| job.now());
    human_duration(end.duration_since(start).as_secs())
}

/// Source: `printCronJob`.
pub(super) fn cron_job(object: &Object<'_>) -> Vec<Value> {
    const LAST: &str = "/status/lastScheduleTime";
    let suspended = match object.value("/spec/suspend").and_then(Value::as_bool) {
        None => UNSET,
        Some(true) => "True",
        Some(false) => "False",
    };
    let last = if object.has(LAST) { object.ago(LAST) } else { NONE.to_owned() };
    let [names, images] = object.containers("/spec/jobTemplate/spec/template/spec/containers");
    vec![
        object.name(),
        object.text("/spec/schedule").into(),
        object.value("/spec/timeZone").and_then(Value::as_str).unwrap_or(NONE).into(),
        suspended.into(),
        object.count("/status/active").into(),
        last.into(),
        object.age(),
        names,
        images,
        object.selector("/spec/jobTemplate/spec/selector"),
    ]
}
