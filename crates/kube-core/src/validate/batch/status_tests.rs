//! What the controller of Jobs may report.

use crate::kinds::batch::v1::Job;
use crate::validate::check::{status_refusals, with};
use serde_json::{Value, json};

/// The errors of `new` as the status of a job of `spec` whose status was `old`.
#[track_caller]
fn check(spec: &Value, old: &Value, new: &Value, expected: &[&str]) {
    let object = |status: &Value| json!({"metadata": {"name": "a"}, "spec": spec, "status": status});
    assert_eq!(status_refusals::<Job>(&object(old), &object(new)), expected, "{new}");
}

fn job_spec(changes: &[(&str, Value)]) -> Value {
    let spec = json!({"template": {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]},
    }});
    with(&spec, changes)
}

fn conditions(types: &[&str]) -> Value {
    types.iter().map(|kind| json!({"type": kind, "status": "True"})).collect()
}

#[test]
fn a_job_ends_once_with_its_times_and_without_pods() {
    let spec = job_spec(&[]);
    let (start, end) = ("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z");
    let running = json!({"startTime": start, "active": 1, "ready": 1});
    let done = json!({
        "startTime": start, "completionTime": end, "succeeded": 1, "ready": 0,
        "conditions": conditions(&["SuccessCriteriaMet", "Complete"]),
    });
    check(&spec, &running, &done, &[]);
    check(&spec, &done, &done, &[]);
    let failed =
        json!({"startTime": start, "failed": 1, "conditions": conditions(&["FailureTarget", "Failed"])});
    check(&spec, &running, &failed, &[]);
    check(
        &spec,
        &running,
        &json!({"active": 1, "terminating": 1, "conditions": conditions(&["Complete"]), "uncountedTerminatedPods": {"failed": ["u"]}}),
        &[
            "status.completionTime: Required value: completionTime is required for Complete jobs",
            "status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
            "status.active: Invalid value: 1: active>0 is invalid for finished job",
            "status.startTime: Required value: startTime is required for finished job",
            "status.uncountedTerminatedPods: Invalid value: {\"failed\":[\"u\"]}: uncountedTerminatedPods needs to be empty for finished job",
            "status.terminating: Invalid value: 1: terminating>0 is invalid for finished job",
            "status.startTime: Invalid value: null: field is immutable for unsuspended job once set",
        ],
    );
    check(
        &spec,
        &done,
        &running,
        &[
            "status.conditions: Invalid value: cannot disable the terminal Complete=True condition",
            "status.succeeded: Invalid value: 0: cannot decrease the succeeded counter",
            "status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition",
        ],
    );
    check(
        &spec,
        &running,
        &with(
            &running,
            &[
                ("/ready", 2.into()),
                ("/uncountedTerminatedPods", json!({"succeeded": ["u", ""], "failed": ["u"]})),
            ],
        ),
        &[
            "status.uncountedTerminatedPods.succeeded[1]: Invalid value: \"\": must not be empty",
            "status.uncountedTerminatedPods.failed[0]: Duplicate value: \"u\"",
            "status.ready: Invalid value: 2: cannot set more ready pods than active",
        ],
    );
}

#[test]
fn indexes_of_a_job_are_in_order_and_end_one_way() {
    let indexed = job_spec(&[
        ("/completionMode", "Indexed".into()),
        ("/completions", 10.into()),
        ("/parallelism", 2.into()),
        ("/backoffLimitPerIndex", 1.into()),
    ]);
    let check = |spec: &Value, done: &str, failed: &str, expected: &[&str]| {
        let status = json!({"completedIndexes": done, "failedIndexes": failed});
        check(spec, &json!({}), &status, expected);
    };
    check(&indexed, "0,2-4", "1,5-9", &[]);
    check(
        &indexed,
        "3-1",
        "9,8",
        &[
            "status.completedIndexes: Invalid value: \"3-1\": error parsing completedIndexes: non-increasing order, previous: 3, current: 1",
            "status.failedIndexes: Invalid value: \"9,8\": error parsing failedIndexes: non-increasing order, previous: 9, current: 8",
        ],
    );
    check(
        &indexed,
        "0-4",
        "3",
        &[
            "status.failedIndexes: Invalid value: \"3\": failedIndexes and completedIndexes overlap at index: 3",
        ],
    );
    check(
        &indexed,
        "x",
        "10",
        &[
            "status.completedIndexes: Invalid value: \"x\": error parsing completedIndexes: cannot convert string to integer for index: \"x\"",
            "status.failedIndexes: Invalid value: \"10\": error parsing failedIndexes: too large index: \"10\"",
        ],
    );
    check(
        &job_spec(&[]),
        "0",
        "1",
        &[
            "status.completedIndexes: Invalid value: \"0\": cannot set non-empty completedIndexes when non-indexed completion mode",
            "status.failedIndexes: Invalid value: \"1\": cannot set non-null failedIndexes when backoffLimitPerIndex is null",
        ],
    );
}

#[test]
fn the_start_of_a_job_changes_only_while_it_stands_still_or_goes_on() {
    let (one, other) = ("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z");
    let suspended = |status: &str| json!([{"type": "Suspended", "status": status}]);
    let status = |start: &str, says: &str| json!({"startTime": start, "conditions": suspended(says)});
    let (runs, stands) = (job_spec(&[]), job_spec(&[("/suspend", true.into())]));
    let immutable = "field is immutable for unsuspended job once set";
    let changed = format!("status.startTime: Invalid value: {other:?}: {immutable}");
    check(&runs, &json!({"startTime": one}), &json!({"startTime": other}), &[&changed]);
    check(&runs, &status(one, "False"), &status(other, "False"), &[&changed]);
    check(&runs, &status(one, "True"), &json!({"startTime": other}), &[&changed]);
    check(&runs, &status(one, "True"), &status(other, "False"), &[]);
    check(&stands, &json!({"startTime": one}), &json!({}), &[]);
}

#[test]
fn a_suspended_job_of_nothing_ends_without_a_start() {
    let ended = json!({
        "completionTime": "2026-01-01T00:01:00Z",
        "conditions": conditions(&["SuccessCriteriaMet", "Complete"]),
    });
    let nothing = [("/completions", 0.into()), ("/suspend", true.into())];
    check(&job_spec(&nothing), &json!({}), &ended, &[]);
    let required = "status.startTime: Required value: startTime is required for finished job";
    check(&job_spec(&nothing[..1]), &json!({}), &ended, &[required]);
    check(&job_spec(&nothing[1..]), &json!({}), &ended, &[required]);
}
