//! Jobs against answers computed by Kubernetes' own code.

use jiff::{SignedDuration, Timestamp};
use kube_controllers::builtin::job::backoff::Backoff;
use kube_controllers::builtin::job::indexes::Intervals;
use kube_controllers::builtin::job::pods::{
    COMPLETION_INDEX, FAILURE_COUNT, IGNORED_FAILURE_COUNT, TRACKING, Wanted,
};
use kube_controllers::builtin::job::{failure_policy, plan, success_policy};
use kube_core::kinds::batch::v1::{Job, PodFailurePolicy};
use kube_core::view::{self, PodView};
use serde_json::{Map, Value, json};
use std::sync::Arc;

fn run(file: &str, check: impl Fn(&Value) -> Value) {
    kube_testkit::parity::run(env!("CARGO_MANIFEST_DIR"), "job", file, |input, want| {
        let got = check(input);
        if got == *want { Ok(()) } else { Err(format!("got {got}, want {want}")) }
    });
}

fn number(value: &Value) -> i32 {
    i32::try_from(value.as_i64().expect("a number")).expect("a small number")
}

fn numbers(value: &Value) -> Vec<i32> {
    value.as_array().into_iter().flatten().map(number).collect()
}

fn indexes(value: &Value) -> Value {
    let list: Vec<Value> = match value["op"].as_str().expect("an operation") {
        "parse" => {
            let text = value["indexes"].as_str().expect("a text");
            let set = Intervals::parse(text, number(&value["completions"]));
            let intervals: Vec<Value> = set.iter().map(|(first, last)| json!([first, last])).collect();
            return json!({ "intervals": intervals, "string": set.to_string(), "total": set.total() });
        }
        "format" => return json!({ "string": Intervals::of(numbers(&value["list"])).to_string() }),
        "succeeded" => return succeeded(value),
        _ => pending(value).into_iter().map(Value::from).collect(),
    };
    json!({ "indexes": list })
}

/// An indexed Job with these fields of spec and status, and its pods.
fn job(input: &Value, spec: &Value, status: &Value) -> (Job, Vec<Arc<PodView>>) {
    let mut fields = spec.as_object().cloned().expect("an object");
    fields.insert("completionMode".to_owned(), json!("Indexed"));
    fields.insert("completions".to_owned(), input["completions"].clone());
    fields.insert("template".to_owned(), json!({}));
    let job = json!({ "metadata": { "name": "j" }, "spec": fields, "status": status });
    let pods = input["pods"].as_array().into_iter().flatten().map(pod).collect();
    (serde_json::from_value(job).expect("a job"), pods)
}

fn pod(input: &Value) -> Arc<PodView> {
    let mut annotations = Map::new();
    for (field, key) in [
        ("completionIndex", COMPLETION_INDEX),
        ("indexFailureCount", FAILURE_COUNT),
        ("indexIgnoredFailureCount", IGNORED_FAILURE_COUNT),
    ] {
        annotations.extend(input.get(field).map(|value| (key.to_owned(), value.clone())));
    }
    let tracked = input.get("trackingFinalizer").is_none_or(|value| *value == json!(true));
    let code = input.get("exitCode").unwrap_or(&Value::Null);
    let ended = json!([{ "name": "main", "state": { "terminated": { "exitCode": code } } }]);
    let object = json!({
        "metadata": {
            "name": "p", "namespace": "ns", "uid": input.to_string(), "annotations": annotations,
            "finalizers": if tracked { json!([TRACKING]) } else { json!([]) },
        },
        "status": {
            "phase": input["phase"], "containerStatuses": if code.is_null() { json!([]) } else { ended },
        },
    });
    Arc::new(view::from_value(object).expect("a pod"))
}

fn succeeded(input: &Value) -> Value {
    let (job, pods) = job(input, &json!({}), &json!({ "completedIndexes": input["completedIndexes"] }));
    let (_, after) = plan::succeeded_indexes(&job, Wanted::of(&job).expect("a spec"), &pods);
    json!({ "completedIndexes": after.to_string(), "total": after.total() })
}

fn pending(input: &Value) -> Vec<i32> {
    let mut taken = Intervals::of(numbers(&input["succeeded"])).with(numbers(&input["active"]));
    if input["podReplacementPolicyFailed"] == json!(true) {
        taken = taken.with(numbers(&input["terminating"]));
    }
    let count = usize::try_from(number(&input["count"])).unwrap_or(0);
    taken.with(numbers(&input["failed"])).absent(count, number(&input["completions"]))
}

#[test]
fn parity_job_indexes() {
    run("indexes", indexes);
}

#[test]
fn parity_job_failed_indexes() {
    run("failed_indexes", |input| {
        let spec = json!({
            "backoffLimitPerIndex": input["backoffLimitPerIndex"],
            "podFailurePolicy": input.get("podFailurePolicy"),
        });
        let (job, pods) = job(input, &spec, &json!({ "failedIndexes": input.get("failedIndexes") }));
        let failed = plan::failed_indexes(&job, Wanted::of(&job).expect("a spec"), &pods);
        json!({ "failedIndexes": failed.expect("they are counted").to_string() })
    });
}

#[test]
fn parity_job_success_policy() {
    run("success_policy", |input| {
        let completions = number(&input["completions"]);
        let policy = serde_json::from_value(input["successPolicy"].clone()).expect("a policy");
        let succeeded = Intervals::parse(input["completedIndexes"].as_str().expect("a text"), completions);
        let met = success_policy::met(Some(&policy), completions, &succeeded);
        json!({ "met": met.is_some(), "message": met.unwrap_or_default() })
    });
}

#[test]
fn parity_job_pod_failure_policy() {
    run("pod_failure_policy", |input| {
        let policy: Option<PodFailurePolicy> =
            serde_json::from_value(input["podFailurePolicy"].clone()).expect("a policy");
        let mut pod = input["pod"].clone();
        pod["spec"] = json!({});
        let pod: PodView = view::from_value(pod).expect("a pod");
        let verdict = failure_policy::judge(policy.as_ref(), &pod);
        json!({
            "action": verdict.action,
            "countsTowardsBackoffLimit": verdict.counts,
            "failJobMessage": verdict.message,
        })
    });
}

fn now() -> Timestamp {
    Timestamp::from_second(1_900_000_000).expect("a time")
}

fn ago(seconds: &Value) -> Timestamp {
    now() - SignedDuration::from_secs(seconds.as_i64().expect("a number"))
}

fn ended(input: &Value) -> PodView {
    let mut meta = json!({ "name": "p", "namespace": "ns", "uid": "u" });
    let mut status = json!({ "phase": "Failed" });
    if let Some(seconds) = input.get("onlyCreatedSecondsAgo") {
        meta["creationTimestamp"] = json!(ago(seconds).to_string());
    }
    if let Some(seconds) = input.get("deletedSecondsAgo") {
        meta["deletionTimestamp"] = json!(ago(seconds).to_string());
        meta["deletionGracePeriodSeconds"] = input["gracePeriodSeconds"].clone();
    }
    if let Some(seconds) = input.get("readyFalseSecondsAgo") {
        let since = ago(seconds).to_string();
        status["conditions"] = json!([{ "type": "Ready", "status": "False", "lastTransitionTime": since }]);
    }
    if let Some(all) = input.get("containersFinishedSecondsAgo") {
        let state = |seconds: &Value| json!({ "name": "c", "state": { "terminated": { "finishedAt": ago(seconds).to_string() } } });
        status["containerStatuses"] = all.as_array().into_iter().flatten().map(state).collect();
    }
    view::from_value(json!({ "metadata": meta, "status": status })).expect("a pod")
}

#[test]
fn parity_job_backoff() {
    run("backoff", |input| {
        if input["op"] == "remaining" {
            let last_failure = Some(ago(&input["secondsSinceLastFailure"]));
            let backoff = Backoff { failures: number(&input["failures"]), last_failure };
            return json!({ "remainingSeconds": backoff.remaining(now()).as_secs() });
        }
        let before = input.get("previous").map_or_else(Backoff::default, |previous| Backoff {
            failures: number(&previous["failures"]),
            last_failure: Some(ago(&previous["lastFailureSecondsAgo"])),
        });
        let pods = |field: &str| -> Vec<PodView> {
            input[field].as_array().into_iter().flatten().map(ended).collect()
        };
        let after = before.after(&pods("newSucceeded"), &pods("newFailed"));
        json!({
            "failures": after.failures,
            "lastFailureSecondsAgo": after.last_failure.map(|at| now().duration_since(at).as_secs()),
            "remainingSeconds": after.remaining(now()).as_secs(),
        })
    });
}
