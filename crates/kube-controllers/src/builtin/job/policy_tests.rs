//! What policies say of successes and failures, beside the cases that Kubernetes' own code has answered.

use super::backoff::Backoff;
use super::failure_policy::judge;
use super::indexes::Intervals;
use super::plan::{Op, View, failed_indexes, plan};
use super::pods::{COMPLETION_INDEX, FAILURE_COUNT, IGNORED_FAILURE_COUNT, TRACKING, Wanted};
use super::success_policy::met;
use super::tests::job;
use jiff::Timestamp;
use kube_core::view::{self, PodView};
use serde_json::{Value, json};
use std::sync::Arc;

fn rules(rules: &Value, completions: i32, succeeded: &str) -> Option<String> {
    let policy = serde_json::from_value(json!({ "rules": rules })).expect("a policy");
    met(Some(&policy), completions, &Intervals::parse(succeeded, completions))
}

#[test]
fn a_success_rule_asks_for_all_its_indexes_or_for_so_many_of_them() {
    let all = json!([{ "succeededIndexes": "0,2-3" }]);
    assert_eq!(rules(&all, 5, "0-2"), None);
    assert_eq!(rules(&all, 5, "0-3").as_deref(), Some("Matched rules at index 0"));
    let some = json!([{ "succeededIndexes": "0,2-3", "succeededCount": 2 }]);
    assert_eq!(rules(&some, 5, "0,4"), None, "the fourth is not among those asked for");
    assert!(rules(&some, 5, "0,3").is_some());
    let count = json!([{ "succeededCount": 2 }]);
    assert_eq!((rules(&count, 5, "4"), rules(&count, 5, "1,4").is_some()), (None, true));
}

#[test]
fn a_success_rule_that_names_no_index_is_passed_over() {
    for none in ["", "a-b", "7", "-"] {
        let policy = json!([{ "succeededIndexes": none }, { "succeededCount": 2 }]);
        assert_eq!(rules(&policy, 5, "0"), None, "{none:?}");
        assert_eq!(rules(&policy, 5, "0-1").as_deref(), Some("Matched rules at index 1"), "{none:?}");
    }
    let beyond = json!([{ "succeededIndexes": "3-9" }]);
    assert!(rules(&beyond, 5, "3-4").is_some(), "indexes that the Job does not have are not asked for");
    let more = json!([{ "succeededIndexes": "0-1", "succeededCount": 5 }]);
    assert!(rules(&more, 5, "0-1").is_some(), "all of them are enough");
    assert_eq!(met(None, 5, &Intervals::of([0, 1, 2, 3, 4])), None);
}

#[test]
fn corrupt_intervals_are_left_out_and_the_rest_is_read() {
    for (text, read) in [
        ("0,x,2", "0,2"),
        ("1-,3", "3"),
        ("-2,3", "3"),
        ("0-1-7", "0,1"),
        ("+1", "1"),
        ("4,5,0", "4"),
        ("3-99", "3,4"),
        (" 1,2", "2"),
    ] {
        assert_eq!(Intervals::parse(text, 5).to_string(), read, "{text:?}");
    }
}

/// A pod of an indexed Job that failed with `code`.
fn failed(index: i32, code: i32, counts: (&str, &str)) -> Arc<PodView> {
    let ended = json!({ "terminated": { "exitCode": code, "finishedAt": "2026-01-01T00:00:00Z" } });
    let container = |name: &str, state: &Value| {
        json!({
            "name": name, "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": state,
        })
    };
    let pod = json!({
        "metadata": {
            "name": "p", "namespace": "default", "uid": format!("p{index}"), "finalizers": [TRACKING],
            "annotations": {
                COMPLETION_INDEX: index.to_string(), FAILURE_COUNT: counts.0, IGNORED_FAILURE_COUNT: counts.1,
            },
        },
        "status": {
            "phase": "Failed",
            "conditions": [{ "type": "DisruptionTarget", "status": "True" }],
            "initContainerStatuses": [container("init", &json!({ "terminated": { "exitCode": 9 } }))],
            "containerStatuses": [container("main", &ended), container("side", &json!({ "running": {} }))],
        },
    });
    Arc::new(view::from_value(pod).expect("a pod"))
}

fn verdict(rules: &Value, code: i32) -> (Option<String>, bool, Option<String>) {
    let policy = serde_json::from_value(json!({ "rules": rules })).expect("a policy");
    let verdict = judge(Some(&policy), &failed(0, code, ("0", "0")));
    (verdict.action, verdict.counts, verdict.message)
}

#[test]
fn the_first_failure_rule_that_matches_decides() {
    let codes = |action: &str, operator: &str, values: &[i32]| json!({ "action": action, "onExitCodes": { "operator": operator, "values": values } });
    let disrupted = |action: &str| json!({ "action": action, "onPodConditions": [{ "type": "DisruptionTarget", "status": "True" }] });
    let in_order = json!([codes("FailJob", "In", &[42]), disrupted("Ignore"), codes("Count", "In", &[1])]);
    let message =
        "Container main for pod default/p failed with exit code 42 matching FailJob rule at index 0";
    assert_eq!(verdict(&in_order, 42), (Some("FailJob".to_owned()), true, Some(message.to_owned())));
    assert_eq!(verdict(&in_order, 1), (Some("Ignore".to_owned()), false, None), "the second comes first");
    let fails = verdict(&json!([disrupted("FailJob")]), 1).2;
    let message = "Pod default/p has condition DisruptionTarget matching FailJob rule at index 0";
    assert_eq!(fails.as_deref(), Some(message));
    assert_eq!(verdict(&json!([codes("FailIndex", "In", &[7])]), 1), (None, true, None));
}

#[test]
fn exit_codes_of_zero_and_of_running_containers_match_nothing_and_init_containers_come_last() {
    let not_in = |values: &[i32]| json!([{ "action": "Ignore", "onExitCodes": { "operator": "NotIn", "values": values } }]);
    assert!(!verdict(&not_in(&[1]), 2).1);
    // Of `main` with 0 nothing is asked: the init container matches in its place.
    assert!(!verdict(&not_in(&[1]), 0).1);
    assert!(verdict(&not_in(&[9]), 0).1);
    let of = |name: &str| {
        json!([{
            "action": "Ignore", "onExitCodes": { "containerName": name, "operator": "In", "values": [1, 9] },
        }])
    };
    assert!(!verdict(&of("init"), 1).1 && !verdict(&of("main"), 1).1 && verdict(&of("side"), 1).1);
}

#[test]
fn a_count_of_failures_that_is_no_number_of_failures_counts_as_none() {
    let job = job(&json!({ "completions": 9, "completionMode": "Indexed", "backoffLimitPerIndex": 1 }));
    let wanted = Wanted::of(&job).expect("a spec");
    for (count, gone) in [("0", ""), ("1", "3"), ("2", "3"), ("-5", ""), ("many", ""), ("99999999999", "")] {
        let pods = [failed(3, 1, (count, "7"))];
        let indexes = failed_indexes(&job, wanted, &pods).expect("they are counted");
        assert_eq!(indexes.to_string(), gone, "{count:?}");
    }
}

/// A failure that is ignored makes the wait longer, but the index is not given up for it.
#[test]
fn what_is_ignored_is_handed_on_to_the_next_pod_of_the_index() {
    let mut job = job(&json!({
        "completions": 1, "completionMode": "Indexed", "backoffLimitPerIndex": 1,
        "podFailurePolicy": { "rules": [
            { "action": "Ignore", "onExitCodes": { "operator": "In", "values": [3] } },
        ] },
    }));
    job.metadata.generation = Some(1);
    let created = |code: i32, counts: (&str, &str)| {
        let pods = [failed(0, code, counts)];
        let now: Timestamp = "2026-01-01T01:00:00Z".parse().expect("a time");
        let plan = plan(&View { job: &job, pods: &pods, backoff: Backoff::default(), now });
        plan.expect("a plan").ops.into_iter().find_map(|op| match op {
            Op::Create(new) => Some((new.failures, new.ignored_failures)),
            Op::Delete(..) | Op::Withdraw(..) => None,
        })
    };
    assert_eq!(created(1, ("0", "2")), Some((Some(1), 2)));
    assert_eq!(created(3, ("1", "2")), Some((Some(1), 3)), "ignored: the index is tried again");
    assert_eq!(created(1, ("1", "0")), None, "given up");
    assert_eq!(created(3, ("-1", "-8")), Some((Some(0), 1)));
}
