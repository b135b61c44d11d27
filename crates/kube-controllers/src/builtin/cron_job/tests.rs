//! What a CronJob does at a moment.

use super::plan::{Plan, SCHEDULED_TIMESTAMP, View, plan};
use super::schedule::Schedule;
use jiff::Timestamp;
use kube_core::kinds::batch::v1::{CronJob, Job};
use kube_core::resource::ResourceExt;
use serde_json::{Value, json};
use std::sync::Arc;

fn cron_job(spec: &Value, status: &Value) -> CronJob {
    let mut spec = spec.clone();
    spec["jobTemplate"] = json!({
        "metadata": { "labels": { "app": "report" } },
        "spec": { "template": { "spec": { "containers": [{ "name": "c" }] } } },
    });
    let meta = json!({
        "name": "report", "namespace": "default", "uid": "c", "creationTimestamp": "2026-05-19T08:30:00Z",
    });
    serde_json::from_value(json!({ "metadata": meta, "spec": spec, "status": status })).expect("a cron job")
}

fn job(name: &str, started: &str, end: Option<&str>) -> Arc<Job> {
    let condition = end.map(|end| json!({ "type": end, "status": "True", "lastTransitionTime": started }));
    let status = json!({
        "startTime": started,
        "completionTime": end.filter(|end| *end == "Complete").map(|_| started),
        "conditions": condition.into_iter().collect::<Vec<_>>(),
    });
    let meta = json!({ "name": name, "namespace": "default", "uid": name });
    Arc::new(serde_json::from_value(json!({ "metadata": meta, "status": status })).expect("a job"))
}

fn active(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "kind": "Job", "name": name, "uid": name })).collect()
}

fn at(cron_job: &CronJob, jobs: &[Arc<Job>], now: &str) -> Plan {
    let now: Timestamp = now.parse().expect("a time");
    plan(&View { cron_job, jobs, missing: &[], now })
}

fn reasons(plan: &Plan) -> Vec<&'static str> {
    plan.events.iter().map(|(_, reason, _)| *reason).collect()
}

#[test]
fn a_job_is_created_when_it_is_due_and_named_by_its_time() {
    let hourly = cron_job(&json!({ "schedule": "0 * * * *", "timeZone": "Europe/Berlin" }), &json!({}));
    let early = at(&hourly, &[], "2026-05-19T08:59:59Z");
    assert_eq!((early.create, early.requeue.map(|d| d.as_millis())), (None, Some(1_100)));
    let plan = at(&hourly, &[], "2026-05-19T09:00:00Z");
    let created = plan.create.expect("a job");
    assert_eq!(created.name(), "report-29653020");
    let annotations = created.metadata.annotations.expect("annotations");
    assert_eq!(annotations[SCHEDULED_TIMESTAMP], "2026-05-19T11:00:00+02:00");
    assert_eq!(created.metadata.labels.expect("labels")["app"], "report");
    let started = json!({ "lastScheduleTime": "2026-05-19T09:00:00Z" });
    let again = cron_job(&json!({ "schedule": "0 * * * *" }), &started);
    assert_eq!(at(&again, &[], "2026-05-19T09:00:01Z").create, None, "once per time");
}

#[test]
fn policies_decide_what_becomes_of_a_run_that_is_still_there() {
    let running = [job("report-1", "2026-05-19T08:40:00Z", None)];
    let status = json!({ "active": active(&["report-1"]) });
    let with = |policy: &str| {
        let spec = json!({ "schedule": "0 * * * *", "concurrencyPolicy": policy });
        at(&cron_job(&spec, &status), &running, "2026-05-19T09:00:00Z")
    };
    let allow = with("Allow");
    assert!(allow.create.is_some() && allow.delete.is_empty());
    let forbid = with("Forbid");
    assert!(forbid.create.is_none() && forbid.delete.is_empty());
    assert_eq!(reasons(&forbid), ["JobAlreadyActive"]);
    let replace = with("Replace");
    assert!(replace.create.is_some());
    assert_eq!(replace.delete.iter().map(|job| job.name.as_str()).collect::<Vec<_>>(), ["report-1"]);
    assert_eq!(replace.status.active, None);
    let mut refused = replace;
    let gone = refused.delete.remove(0);
    assert!(gone.replaced, "the new run waits for it");
    refused.not_deleted(gone);
    let kept = refused.status.active.iter().flatten().map(|job| job.name.as_deref());
    assert!(kept.eq([Some("report-1")]), "what cannot be deleted is active still, or two would run");
}

#[test]
fn what_ended_is_noted_and_old_history_goes() {
    let spec =
        json!({ "schedule": "0 0 1 1 *", "successfulJobsHistoryLimit": 1, "failedJobsHistoryLimit": 0 });
    let jobs = [
        job("report-2", "2026-05-19T08:42:00Z", Some("Complete")),
        job("report-1", "2026-05-19T08:41:00Z", Some("Complete")),
        job("report-3", "2026-05-19T08:43:00Z", Some("Failed")),
        job("report-4", "2026-05-19T08:44:00Z", None),
    ];
    let status = json!({ "active": active(&["report-2", "report-4"]) });
    let plan = at(&cron_job(&spec, &status), &jobs, "2026-05-19T09:00:00Z");
    assert_eq!(plan.delete.iter().map(|job| job.name.as_str()).collect::<Vec<_>>(), ["report-3", "report-1"]);
    assert_eq!(reasons(&plan), ["SawCompletedJob"]);
    let left: Vec<_> = plan.status.active.iter().flatten().filter_map(|job| job.name.as_deref()).collect();
    assert_eq!(left, ["report-4"]);
    let last = plan.status.last_successful_time.expect("a time").0.to_string();
    assert_eq!(last, "2026-05-19T08:42:00Z");
}

#[test]
fn what_cannot_be_read_or_is_suspended_starts_nothing() {
    for (spec, reason) in [
        (json!({ "schedule": "0 * * * *", "timeZone": "Nowhere/City" }), vec!["UnknownTimeZone"]),
        (json!({ "schedule": "every day" }), vec!["UnparseableSchedule"]),
        (json!({ "schedule": "59 23 31 2 *" }), vec!["InvalidSchedule"]),
        (json!({ "schedule": "0 * * * *", "suspend": true }), vec![]),
    ] {
        let plan = at(&cron_job(&spec, &json!({})), &[], "2026-05-19T09:05:00Z");
        assert_eq!((plan.create.is_none(), reasons(&plan)), (true, reason), "{spec}");
    }
}

#[test]
fn a_run_that_is_too_late_is_told() {
    // The deadline hides runs before it, so that only a clock that stands between can be too late.
    let spec = json!({ "schedule": "0 * * * *", "startingDeadlineSeconds": 60 });
    let plan = at(&cron_job(&spec, &json!({})), &[], "2026-05-19T09:00:59Z");
    assert!(plan.create.is_some(), "the last second of the deadline");
    let plan = at(&cron_job(&spec, &json!({})), &[], "2026-05-19T09:01:00Z");
    assert_eq!((&plan.create, reasons(&plan)), (&None, vec![]));
}

#[test]
fn a_job_that_is_gone_is_no_longer_active() {
    let spec = json!({ "schedule": "0 0 1 1 *" });
    let status = json!({ "active": active(&["report-1"]) });
    let cron_job = cron_job(&spec, &status);
    let now = "2026-05-19T09:00:00Z".parse().expect("a time");
    let missing = ["report-1".to_owned()];
    let plan = plan(&View { cron_job: &cron_job, jobs: &[], missing: &missing, now });
    assert_eq!((plan.status.active.clone(), reasons(&plan)), (None, vec!["MissingJob"]));
}

/// Clocks that go back show an hour twice: the library that Kubernetes uses names both times.
#[test]
fn a_time_that_clocks_show_twice_is_named_twice() {
    let from = "2026-10-24T22:00:00Z".parse().expect("a time");
    let runs = |text: &str| -> Vec<String> {
        let schedule = Schedule::parse(text, Some("Europe/Berlin")).expect("a schedule");
        let times = std::iter::successors(schedule.next(from), |at| schedule.next(*at));
        let times = times.map(|at| at.to_string());
        times.take_while(|time| time.as_str() < "2026-10-25T03:00:00Z").collect()
    };
    assert_eq!(runs("0 1 * * *"), ["2026-10-24T23:00:00Z"]);
    assert_eq!(runs("30 2 * * *"), ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]);
}

/// Of the two only the first is a run where the schedule is one of the day; one of every hour has both.
#[test]
fn a_daily_run_happens_once_when_clocks_go_back() {
    let starts = |schedule: &str, last: &str, now: &str| {
        let spec = json!({ "schedule": schedule, "timeZone": "Europe/Berlin" });
        at(&cron_job(&spec, &json!({ "lastScheduleTime": last })), &[], now).create.is_some()
    };
    let (day_before, first, second) =
        ("2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z");
    assert!(starts("30 2 * * *", day_before, first));
    assert!(!starts("30 2 * * *", first, second), "it ran an hour ago, at half past two");
    assert!(starts("30 2 * * *", day_before, second), "the first was missed");
    assert!(starts("30 * * * *", first, second), "every hour");
    assert!(!starts("0,30 2 * * *", first, "2026-10-25T01:00:00Z"), "two o'clock came before half past two");
    assert!(starts("30 2 * * *", first, "2026-10-26T01:30:00Z"), "the next day");
}
