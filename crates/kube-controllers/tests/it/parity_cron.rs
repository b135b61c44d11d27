//! CronJobs against answers computed by Kubernetes' own code.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kube_controllers::builtin::cron_job::missed::{Missed, due, next_delay, unmet};
use kube_controllers::builtin::cron_job::plan::{
    TOO_MANY, is_too_late, job_name, schedule_of, scheduled_timestamp,
};
use kube_controllers::builtin::cron_job::schedule::Schedule;
use kube_core::cron::time_zone;
use kube_core::kinds::batch::v1::CronJob;
use serde_json::{Value, json};

fn run(file: &str, check: impl Fn(&Value, &Value) -> Result<(), String>) {
    kube_testkit::parity::run(env!("CARGO_MANIFEST_DIR"), "cron", file, check);
}

fn same(got: &Value, want: &Value) -> Result<(), String> {
    if got == want { Ok(()) } else { Err(format!("got {got}, want {want}")) }
}

fn time(value: &Value) -> Timestamp {
    value.as_str().expect("a text").parse().expect("a time")
}

/// Zones whose clocks stand otherwise since, as they were when the answers were computed (tzdata 2025b).
fn zone_of_2025(name: &str) -> Option<TimeZone> {
    let rules: &[u8] = match name {
        "Africa/Casablanca" => include_bytes!("../data/cron/Casablanca.tzif"),
        "America/Havana" => include_bytes!("../data/cron/Havana.tzif"),
        _ => return None,
    };
    Some(TimeZone::tzif(name, rules).expect("a zone"))
}

#[test]
fn parity_cron_next() {
    run("next", |input, want| {
        let zone = input["timeZone"].as_str().filter(|zone| !zone.is_empty());
        if want.get("timeZoneError").is_some() {
            return time_zone(zone.expect("a zone")).map_or(Ok(()), |_| Err("the zone is known".to_owned()));
        }
        let text = input["schedule"].as_str().expect("a schedule");
        let schedule = match zone.and_then(zone_of_2025) {
            Some(zone) => Schedule::parse_in(text, zone),
            None => Schedule::parse(text, zone),
        };
        if want.get("error").is_some() {
            return schedule.map_or(Ok(()), |schedule| Err(format!("read as {schedule:?}")));
        }
        let schedule = schedule.map_err(|error| error.to_string())?;
        let mut at = time(&input["start"]);
        let mut times = Vec::new();
        while let Some(next) = schedule.next(at).filter(|_| times.len() < 10) {
            times.push(next.to_string());
            at = next;
        }
        // What Go never answers need only be answered.
        if want.get("hangs").is_some() { Ok(()) } else { same(&json!(times), &want["next"]) }
    });
}

fn described(cron_job: &CronJob, schedule: &Schedule, now: Timestamp, with_deadline: bool) -> Value {
    match due(cron_job, schedule, now, with_deadline) {
        Err(error) => json!({
            "earliest": error.earliest.to_string(), "error": error.to_string(), "missed": "none", "mostRecent": null,
        }),
        Ok(due) => json!({
            "earliest": due.earliest.to_string(),
            "missed": match due.missed {
                Missed::None => "none",
                Missed::Few => "few",
                Missed::Many => "many",
            },
            "mostRecent": due.most_recent.map(|at| at.to_string()),
        }),
    }
}

fn next(cron_job: &CronJob, schedule: &Schedule, now: Timestamp) -> Value {
    let due = match unmet(cron_job, schedule, now) {
        Err(error) => return json!({ "error": error.to_string(), "scheduledTime": null }),
        Ok(due) => due,
    };
    let Some(at) = due.most_recent else { return json!({ "scheduledTime": null }) };
    let mut next = json!({
        "scheduledTime": at.to_string(),
        "jobName": job_name(cron_job, at),
        "scheduledTimestampAnnotation": scheduled_timestamp(cron_job, at),
    });
    if cron_job.spec.starting_deadline_seconds.is_some() {
        next["tooLate"] = json!(is_too_late(cron_job, at, now));
    }
    if due.missed == Missed::Many {
        next["event"] = json!(format!("Warning TooManyMissedTimes {TOO_MANY}"));
    }
    next
}

#[test]
fn parity_cron_cronjob_missed() {
    run("cronjob_missed", |input, want| {
        let cron_job: CronJob = serde_json::from_value(json!({
            "metadata": { "name": "cj", "creationTimestamp": input["creationTimestamp"] },
            "spec": {
                "schedule": input["schedule"],
                "timeZone": input.get("timeZone"),
                "startingDeadlineSeconds": input.get("startingDeadlineSeconds"),
                "jobTemplate": {},
            },
            "status": { "lastScheduleTime": input.get("lastScheduleTime") },
        }))
        .expect("a cron job");
        let schedule = schedule_of(&cron_job).map_err(|error| error.to_string())?;
        let now = time(&input["now"]);
        let mut got = json!({
            "withDeadline": described(&cron_job, &schedule, now, true),
            "withoutDeadline": described(&cron_job, &schedule, now, false),
            "next": next(&cron_job, &schedule, now),
        });
        // A schedule that never fires is not waited for.
        if want.get("requeueAfterSeconds").is_some() {
            got["requeueAfterSeconds"] =
                json!(next_delay(&cron_job, &schedule, now).map(|d| d.as_secs_f64()));
        }
        same(&got, want)
    });
}
