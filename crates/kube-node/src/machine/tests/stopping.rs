//! How pods go down.

use super::{Life, secs};
use crate::behavior::Script;
use kube_core::view::PodPhase;
use serde_json::json;

fn slow(stop: u64) -> Script {
    Script { stop: secs(stop), ..Script::default() }
}

#[test]
fn a_deleted_pod_reports_its_end_and_is_removed() {
    let mut life = Life::new(json!({}), slow(3));
    assert_eq!(life.news(), ["Running"]);
    life.delete(10);
    life.to(2);
    assert_eq!((life.phase(), life.news()), (PodPhase::Running, vec![]));
    life.to(3);
    assert_eq!(life.log[1..], ["0 stop c 10s", "3 remove"]);
    assert_eq!(life.news(), ["Failed", "Remove"], "143 is not 0");
    assert_eq!(life.container("c")["state"]["terminated"]["exitCode"], 143);
}

#[test]
fn a_server_that_ends_well_on_the_signal_has_succeeded() {
    let mut life = Life::new(json!({}), Script { stop_code: 0, ..Script::default() });
    life.news();
    life.delete(30);
    assert_eq!(life.news(), ["Succeeded", "Remove"]);
}

#[test]
fn who_does_not_stop_within_the_grace_is_killed() {
    let mut life = Life::new(json!({}), slow(60));
    life.delete(10);
    life.to(9);
    assert!(!life.machine.is_over());
    life.to(10);
    assert!(life.machine.is_over());
    assert_eq!(life.container("c")["state"]["terminated"]["exitCode"], 137);
}

#[test]
fn a_shorter_grace_hastens_the_end_and_a_longer_one_changes_nothing() {
    let mut life = Life::new(json!({}), slow(60));
    life.delete(30);
    life.now = 5;
    life.delete(4);
    life.delete(20);
    life.to(8);
    assert!(!life.machine.is_over());
    life.to(9);
    assert!(life.machine.is_over(), "{:?}", life.log);
    assert_eq!(life.log[1..], ["0 stop c 30s", "5 stop c 4s", "9 remove"]);
}

#[test]
fn sidecars_go_down_last_and_in_reverse_order() {
    let sidecar = |name: &str| json!({ "name": name, "restartPolicy": "Always" });
    let spec = json!({ "initContainers": [sidecar("one"), sidecar("two")],
        "containers": [{ "name": "c" }, { "name": "d" }] });
    let mut life = Life::new(spec, slow(2));
    life.delete(30);
    life.to(60);
    let expected = ["0 stop c 30s", "0 stop d 30s", "2 stop two 28s", "4 stop one 26s", "6 remove"];
    assert_eq!(life.log[4..], expected);
}

#[test]
fn when_the_grace_is_over_nobody_waits_for_anybody() {
    let sidecar = |name: &str| json!({ "name": name, "restartPolicy": "Always" });
    let mut life = Life::new(json!({ "initContainers": [sidecar("one"), sidecar("two")] }), slow(100));
    life.delete(10);
    life.to(60);
    let expected = ["0 stop c 10s", "10 stop two 2s", "10 stop one 2s", "12 remove"];
    assert_eq!(life.log[3..], expected);
}

#[test]
fn hooks_before_the_stop_eat_of_the_grace() {
    let hook = json!({ "preStop": { "sleep": { "seconds": 4 } } });
    let spec = json!({ "containers": [{ "name": "c", "lifecycle": hook }] });
    let mut life = Life::new(spec.clone(), Script { hooks: secs(4), stop: secs(100), ..Script::default() });
    life.delete(10);
    life.to(60);
    assert_eq!(life.log[1..], ["0 preStop c", "4 stop c 6s", "10 remove"]);
    let mut life = Life::new(spec, Script { hooks: secs(40), stop: secs(100), ..Script::default() });
    life.delete(10);
    life.to(60);
    assert_eq!(
        life.log[1..],
        ["0 preStop c", "10 stop c 2s", "12 remove"],
        "a little time is left in any case"
    );
}

#[test]
fn a_pod_deleted_before_it_ran_fails_and_goes() {
    let mut life = Life::new(json!({}), Script { start: secs(5), ..Script::default() });
    assert_eq!(life.news(), ["Pending"]);
    life.delete(30);
    assert!(!life.machine.is_over(), "what is being prepared is prepared first");
    life.to(5);
    assert_eq!(life.news(), ["Failed", "Remove"]);
    assert_eq!(life.log, ["5 remove"]);
}

#[test]
fn a_crashing_pod_that_is_deleted_does_not_wait_for_its_turn() {
    let mut life = Life::new(json!({}), Script::default().exits(secs(1), 1));
    life.to(3);
    assert_eq!(life.waits("c"), "CrashLoopBackOff");
    life.news();
    life.delete(30);
    assert_eq!(life.news(), ["Failed", "Remove"]);
}

#[test]
fn a_job_that_has_ended_stays_until_it_is_deleted() {
    let mut life = Life::new(json!({ "restartPolicy": "Never" }), Script::default().exits(secs(1), 0));
    life.to(100);
    assert_eq!(life.news(), ["Succeeded"]);
    assert_eq!(life.machine.deadline(), None);
    life.delete(30);
    assert_eq!(life.news(), ["Remove"]);
    assert_eq!(life.phase(), PodPhase::Succeeded);
}

#[test]
fn an_evicted_pod_says_that_its_node_ended_it() {
    let mut life = Life::new(json!({}), slow(2));
    life.evict("Evicted", "The node was low on resource: memory.");
    life.to(1);
    assert_eq!(life.phase(), PodPhase::Running);
    life.to(2);
    assert_eq!((life.phase(), &life.report().status["reason"]), (PodPhase::Failed, &"Evicted".into()));
    let disrupted = life.condition("DisruptionTarget");
    assert_eq!((disrupted.0.as_str(), disrupted.1.as_str()), ("True", "TerminationByKubelet"));
}
