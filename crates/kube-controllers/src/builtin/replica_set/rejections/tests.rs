//! How long a ReplicaSet waits, round by round.

use super::wait;
use jiff::Timestamp;
use kube_core::view::{self, PodView};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

fn pod(created: i64, status: &Value) -> Arc<PodView> {
    let meta = json!({
        "name": format!("p{created}"), "namespace": "default", "uid": format!("p{created}"),
        "creationTimestamp": at(created).to_string(),
    });
    Arc::new(view::from_value(json!({ "metadata": meta, "status": status })).expect("a pod"))
}

fn rejected(created: i64) -> Arc<PodView> {
    pod(created, &json!({ "phase": "Failed", "reason": "OutOfcpu" }))
}

/// Ended with an error of its own.
fn failed(created: i64) -> Arc<PodView> {
    let ended = json!({ "terminated": { "exitCode": 1, "finishedAt": at(created).to_string() } });
    let container = json!({
        "name": "c", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": ended,
    });
    pod(created, &json!({ "phase": "Failed", "containerStatuses": [container] }))
}

fn seconds(wait: Option<Duration>) -> Option<u64> {
    wait.map(|wait| wait.as_secs())
}

#[test]
fn the_first_round_is_replaced_at_once_and_each_further_one_waits_twice_as_long() {
    for (rounds, expected) in [
        (0, None),
        (1, None),
        (2, Some(1)),
        (3, Some(2)),
        (4, Some(4)),
        (9, Some(128)),
        (10, Some(256)),
        (11, Some(300)),
        (60, Some(300)),
    ] {
        let pods: Vec<_> = (0..rounds).map(|_| rejected(100)).collect();
        assert_eq!(seconds(wait(&pods, 1, at(100))), expected, "{rounds} rounds");
    }
}

#[test]
fn a_round_is_as_many_pods_as_are_wanted() {
    let pods: Vec<_> = (0..6).map(|_| rejected(100)).collect();
    let after = |count: usize| seconds(wait(&pods[..count], 3, at(100)));
    assert_eq!([after(3), after(4), after(6)], [None, Some(1), Some(1)]);
    assert_eq!(seconds(wait(&pods[..2], 0, at(100))), Some(1), "nothing is wanted: no division by it");
}

#[test]
fn the_wait_begins_with_the_youngest_pod_and_ends() {
    let pods = [rejected(90), rejected(100), rejected(80)];
    assert_eq!(seconds(wait(&pods, 1, at(101))), Some(1), "two seconds from the hundredth");
    assert_eq!(wait(&pods, 1, at(102)), None);
    assert_eq!(wait(&pods, 1, at(5_000)), None);
}

#[test]
fn a_pod_that_runs_makes_the_rejections_before_it_history() {
    let running = pod(95, &json!({ "phase": "Running" }));
    let mut pods = vec![rejected(80), rejected(90), rejected(91), running];
    assert_eq!(wait(&pods, 1, at(91)), None);
    pods.push(rejected(100));
    assert_eq!(wait(&pods, 1, at(100)), None, "the first round again");
    pods.push(rejected(100));
    assert_eq!(seconds(wait(&pods, 1, at(100))), Some(1));
}

#[test]
fn a_pod_that_failed_by_itself_is_no_rejection_and_shows_that_pods_run() {
    let own: Vec<_> = (0..8).map(|n| failed(90 + n)).collect();
    assert_eq!(wait(&own, 1, at(98)), None);
    let pods = [rejected(80), rejected(81), rejected(82), failed(90)];
    assert_eq!(wait(&pods, 1, at(90)), None);
}
