//! Jobs and cron jobs.

use crate::kinds::batch::v1::{CronJob, Job};
use crate::validate::Kind;
use crate::validate::check::{filled, update_refusals, with};
use serde_json::{Value, json};

fn job() -> Value {
    json!({"metadata": {"name": "j", "uid": "u"}, "spec": {"template": {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]},
    }}})
}

/// The errors of a new job, as they are printed.
fn refusals(changes: &[(&str, Value)]) -> Vec<String> {
    let mut job = Job::decode(&with(&job(), changes)).unwrap();
    job.set_defaults();
    job.prepare_create();
    job.validate().iter().map(ToString::to_string).collect()
}

#[test]
fn a_job_gets_a_selector_of_its_own() {
    let mut made = Job::decode(&job()).unwrap();
    made.set_defaults();
    made.prepare_create();
    let made = serde_json::to_value(&made).unwrap();
    assert_eq!(made["spec"]["selector"]["matchLabels"], json!({"batch.kubernetes.io/controller-uid": "u"}));
    assert_eq!(
        made["spec"]["template"]["metadata"]["labels"],
        json!({
            "a": "b", "job-name": "j", "controller-uid": "u",
            "batch.kubernetes.io/job-name": "j", "batch.kubernetes.io/controller-uid": "u",
        })
    );
    assert_eq!(made["metadata"]["labels"], json!({"a": "b"}));
    assert_eq!(refusals(&[]), [""; 0]);
    let own = "/spec/template/metadata/labels";
    assert_eq!(
        refusals(&[(own, json!({"job-name": "x"}))])[0],
        "spec.template.metadata.labels[job-name]: Invalid value: \
         {\"batch.kubernetes.io/controller-uid\":\"u\",\"batch.kubernetes.io/job-name\":\"j\",\
         \"controller-uid\":\"u\",\"job-name\":\"x\"}: must be 'j'"
    );
}

#[test]
fn defaults_depend_on_what_is_given() {
    let spec = |changes: &[(&str, Value)]| filled::<Job>(&with(&job(), changes))["spec"].clone();
    let plain = spec(&[]);
    assert_eq!(
        (&plain["completions"], &plain["parallelism"], &plain["backoffLimit"]),
        (&json!(1), &json!(1), &json!(6))
    );
    assert_eq!(plain["podReplacementPolicy"], "TerminatingOrFailed");
    assert_eq!(spec(&[("/spec/parallelism", json!(3))])["completions"], Value::Null);
    let rule = json!({"rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]});
    let policed = spec(&[("/spec/podFailurePolicy", rule)]);
    assert_eq!(policed["podReplacementPolicy"], "Failed");
    assert_eq!(policed["podFailurePolicy"]["rules"][0]["onPodConditions"][0]["status"], "True");
    let indexed = spec(&[("/spec/backoffLimitPerIndex", json!(1))]);
    assert_eq!(indexed["backoffLimit"], i32::MAX);
}

#[test]
fn indexed_jobs_have_rules_of_their_own() {
    let indexed = ("/spec/completionMode", json!("Indexed"));
    assert_eq!(
        refusals(&[indexed.clone(), ("/spec/parallelism", json!(1))]),
        ["spec.completions: Required value: when completion mode is Indexed"]
    );
    assert_eq!(
        refusals(&[("/spec/backoffLimitPerIndex", json!(1))]),
        ["spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"]
    );
    let success = |indexes: &str| {
        let policy = json!({"rules": [{"succeededIndexes": indexes}]});
        refusals(&[indexed.clone(), ("/spec/completions", json!(5)), ("/spec/successPolicy", policy)])
    };
    assert_eq!(success("0,2-4"), [""; 0]);
    let path = "spec.successPolicy.rules[0].succeededIndexes: Invalid value:";
    assert_eq!(
        success("2,1"),
        [format!(
            "{path} \"2,1\": error parsing succeededIndexes: non-increasing order, previous: 2, current: 1"
        )]
    );
    assert_eq!(
        success("3,2-x"),
        [format!(
            "{path} \"3,2-x\": error parsing succeededIndexes: cannot convert string to integer for index: \"x\""
        )]
    );
    assert_eq!(
        success("5"),
        [format!("{path} \"5\": error parsing succeededIndexes: too large index: \"5\"")]
    );
}

#[test]
fn failure_policies_are_judged() {
    let check = |rule: Value, expected: &[&str]| {
        let policy = json!({"rules": [rule]});
        assert_eq!(refusals(&[("/spec/podFailurePolicy", policy)]), expected);
    };
    check(
        json!({"action": "", "onExitCodes": {"operator": "In", "values": [3, 0, 3]}}),
        &[
            "spec.podFailurePolicy.rules[0].action: Required value: valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]",
            "spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator",
            "spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 3",
            "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,0,3]: must be ordered",
        ],
    );
    check(
        json!({"action": "FailJob"}),
        &[
            "spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required",
        ],
    );
}

#[test]
fn a_template_may_be_moved_until_the_job_starts() {
    let made = |changes: &[(&str, Value)]| {
        let mut job = Job::decode(&with(&job(), changes)).unwrap();
        job.set_defaults();
        job.prepare_create();
        serde_json::to_value(&job).unwrap()
    };
    let node = ("/spec/template/spec/nodeSelector", json!({"zone": "a"}));
    let old = made(&[("/spec/suspend", json!(true))]);
    let moved = with(&old, std::slice::from_ref(&node));
    assert_eq!(update_refusals::<Job>(&old, &moved), [""; 0]);
    let running = made(&[]);
    let errors = update_refusals::<Job>(&running, &with(&running, &[node]));
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0].starts_with("spec.template: Invalid value: {")
            && errors[0].ends_with(": field is immutable")
    );
    let image = ("/spec/template/spec/containers/0/image", json!("other"));
    assert_eq!(update_refusals::<Job>(&old, &with(&old, &[image])).len(), 1);
}

/// KEP-5440.
#[test]
fn a_suspended_job_may_ask_for_other_resources_once_its_pods_are_gone() {
    let made = |status: Value| {
        let changes = [("/spec/suspend", json!(true)), ("/status", status)];
        let mut job = Job::decode(&with(&job(), &changes)).unwrap();
        job.set_defaults();
        job.prepare_create();
        serde_json::to_value(&job).unwrap()
    };
    let more = |job: &Value, field: &str, value: Value| {
        let pointer = format!("/spec/template/spec/containers/0/resources/{field}");
        with(job, &[(pointer.as_str(), value)])
    };
    let started = json!({"startTime": "2026-01-01T00:00:00Z"});
    for old in [made(json!({})), made(started)] {
        for (field, value) in [("requests", json!({"cpu": "2"})), ("limits", json!({"example.com/gpu": "1"}))]
        {
            assert_eq!(update_refusals::<Job>(&old, &more(&old, field, value)), [""; 0], "{field}");
        }
        let claims = more(&old, "claims", json!([{"name": "c"}]));
        assert!(
            update_refusals::<Job>(&old, &claims).iter().any(|error| error.ends_with("field is immutable"))
        );
    }
    let leaving = made(json!({"startTime": "2026-01-01T00:00:00Z", "active": 1}));
    let refused = update_refusals::<Job>(&leaving, &more(&leaving, "requests", json!({"cpu": "2"})));
    assert!(refused.len() == 1 && refused[0].ends_with("field is immutable"), "{refused:?}");
}

#[test]
fn cron_jobs_keep_what_they_had() {
    let job = json!({"metadata": {"name": "c"}, "spec": {
        "schedule": "* * * * *",
        "jobTemplate": {"spec": job()["spec"]},
    }});
    let old = with(&job, &[("/spec/schedule", json!("TZ=UTC 0 0 * * *"))]);
    let mut stored = CronJob::decode(&old).unwrap();
    stored.set_defaults();
    let mut both = CronJob::decode(&with(&old, &[("/spec/timeZone", json!("UTC"))])).unwrap();
    both.set_defaults();
    assert_eq!(both.validate_update(&both.clone()).len(), 1, "both zones");
    assert_eq!(stored.validate_update(&stored.clone()), [], "a zone in the schedule stays");
    let errors = |changes: &[(&str, Value)]| {
        let mut job = CronJob::decode(&with(&job, changes)).unwrap();
        job.set_defaults();
        job.validate().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let manual = ("/spec/jobTemplate/spec/manualSelector", json!(true));
    assert_eq!(
        errors(&[manual]),
        [
            "spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: \"nil\", \"false\""
        ]
    );
    let name = "x".repeat(53);
    assert_eq!(
        errors(&[("/metadata/name", json!(name))]),
        [format!("metadata.name: Invalid value: \"{name}\": must be no more than 52 characters")]
    );
}
