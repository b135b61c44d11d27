//! What budgets allow.

use super::plan::{DISRUPTION_ALLOWED, View, counts_owners, fail_safe, plan};
use super::stale::marked_since;
use jiff::Timestamp;
use kube_core::condition;
use kube_core::kinds::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetStatus};
use kube_core::view::{self, PodView};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

fn budget(spec: &Value, status: &Value) -> PodDisruptionBudget {
    let meta = json!({ "name": "web", "namespace": "default", "generation": 7 });
    serde_json::from_value(json!({ "metadata": meta, "spec": spec, "status": status })).expect("a budget")
}

fn pod(name: &str, ready: bool, terminating: bool) -> Arc<PodView> {
    let ready = if ready { "True" } else { "False" };
    let object = json!({
        "metadata": { "name": name, "namespace": "default", "deletionTimestamp": terminating.then_some("1970-01-01T00:10:00Z") },
        "spec": {},
        "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": ready }] },
    });
    Arc::new(view::from_value(object).expect("a pod"))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a time")
}

/// Desired, healthy, allowed.
fn numbers(status: &PodDisruptionBudgetStatus) -> (i32, i32, i32) {
    let all = (status.desired_healthy, status.current_healthy, status.disruptions_allowed);
    (all.0.expect("desired"), all.1.expect("healthy"), all.2.expect("allowed"))
}

fn planned(spec: &Value, pods: &[Arc<PodView>], expected: i32) -> PodDisruptionBudgetStatus {
    let budget = budget(spec, &json!({}));
    let status = plan(&View { budget: &budget, pods, expected, now: at(1_000) }).expect("a plan").status;
    assert_eq!((status.observed_generation, status.expected_pods), (Some(7), Some(expected)));
    let conditions = status.conditions.as_deref().unwrap_or_default();
    assert_eq!(condition::is_true(conditions, DISRUPTION_ALLOWED), status.disruptions_allowed > Some(0));
    status
}

#[test]
fn healthy_pods_beyond_what_is_needed_may_go() {
    let pods: Vec<_> = (0..5).map(|n| pod(&n.to_string(), n > 0, n == 4)).collect();
    // Three of five are ready and not terminating.
    assert_eq!(numbers(&planned(&json!({ "minAvailable": 2 }), &pods, 5)), (2, 3, 1));
    assert_eq!(numbers(&planned(&json!({ "minAvailable": 4 }), &pods, 5)), (4, 3, 0));
    assert_eq!(numbers(&planned(&json!({ "maxUnavailable": 3 }), &pods, 5)), (2, 3, 1));
    assert_eq!(numbers(&planned(&json!({ "maxUnavailable": 9 }), &pods, 5)), (0, 3, 3));
    // Percentages are rounded up, in whichever direction that helps.
    assert_eq!(numbers(&planned(&json!({ "minAvailable": "21%" }), &pods, 5)), (2, 3, 1));
    assert_eq!(numbers(&planned(&json!({ "maxUnavailable": "41%" }), &pods, 5)), (2, 3, 1));
    assert_eq!(numbers(&planned(&json!({}), &pods, 0)), (0, 3, 0));
}

#[test]
fn a_budget_without_pods_allows_nothing() {
    assert_eq!(numbers(&planned(&json!({ "minAvailable": 0 }), &[], 0)), (0, 0, 0));
    assert_eq!(numbers(&planned(&json!({ "maxUnavailable": "100%" }), &[], 0)), (0, 0, 0));
}

#[test]
fn only_a_plain_minimum_needs_no_owners() {
    let counts = |spec: &Value| counts_owners(&budget(spec, &json!({})));
    assert!(!counts(&json!({ "minAvailable": 2 })) && !counts(&json!({})));
    assert!(counts(&json!({ "minAvailable": "50%" })));
    assert!(counts(&json!({ "maxUnavailable": 1 })) && counts(&json!({ "maxUnavailable": "1%" })));
}

#[test]
fn an_evicted_pod_counts_as_gone_for_two_minutes() {
    let known = json!({ "disruptedPods": {
        "0": "1970-01-01T00:16:00Z", "1": "1970-01-01T00:14:41Z", "2": "1970-01-01T00:10:00Z",
        "gone": "1970-01-01T00:16:00Z", "3": "1970-01-01T00:16:00Z",
    } });
    let budget = budget(&json!({ "minAvailable": 1 }), &known);
    let pods: Vec<_> = (0..4).map(|n| pod(&n.to_string(), true, n == 3)).collect();
    let plan = plan(&View { budget: &budget, pods: &pods, expected: 4, now: at(1_000) }).expect("a plan");
    // 0 and 1 are on their way, 2 should be gone, 3 goes.
    assert_eq!(numbers(&plan.status), (1, 1, 0));
    let left: Vec<String> = plan.status.disrupted_pods.expect("pods").into_keys().collect();
    assert_eq!(left, ["0", "1"]);
    assert_eq!(plan.late.iter().map(|pod| &*pod.meta.name).collect::<Vec<_>>(), ["2"]);
    assert_eq!(plan.requeue, Some(Duration::from_secs(1)));
}

#[test]
fn what_cannot_be_counted_allows_nothing() {
    let known =
        json!({ "disruptionsAllowed": 3, "currentHealthy": 4, "desiredHealthy": 1, "expectedPods": 4 });
    let mut status = budget(&json!({}), &known).status.expect("a status");
    fail_safe(&mut status, "no owner", at(5));
    assert_eq!(numbers(&status), (1, 4, 0));
    let conditions = status.conditions.expect("conditions");
    assert_eq!((conditions[0].reason.as_str(), conditions[0].message.as_str()), ("SyncFailed", "no owner"));
    let broken = budget(&json!({ "minAvailable": "many" }), &json!({}));
    assert!(plan(&View { budget: &broken, pods: &[], expected: 0, now: at(0) }).is_err());
}

#[test]
fn only_pods_that_stay_are_marked_in_vain() {
    let marked = |phase: &str, reason: &str, terminating: bool| {
        let since = "1970-01-01T00:00:09Z";
        let target = json!({ "type": "DisruptionTarget", "status": "True", "reason": reason, "lastTransitionTime": since });
        let object = json!({
            "metadata": { "name": "p", "namespace": "n", "deletionTimestamp": terminating.then_some(since) },
            "spec": {},
            "status": { "phase": phase, "conditions": [target] },
        });
        marked_since(&view::from_value(object).expect("a pod"))
    };
    assert_eq!(marked("Running", "EvictionByEvictionAPI", false), Some(at(9)));
    assert_eq!(marked("Running", "EvictionByEvictionAPI", true), None);
    assert_eq!(marked("Failed", "EvictionByEvictionAPI", false), None);
    assert_eq!(marked("Running", "TerminationByKubelet", false), None);
}
