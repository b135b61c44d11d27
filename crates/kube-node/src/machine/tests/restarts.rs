//! What exits lead to.

use super::{Life, secs};
use crate::behavior::Script;
use kube_core::view::PodPhase;
use serde_json::{Value, json};

#[test]
fn restart_policies_decide_what_an_exit_means() {
    let check = |policy: &str, code: i32, expected: PodPhase| {
        let mut life = Life::new(json!({ "restartPolicy": policy }), Script::default().exits(secs(5), code));
        assert_eq!(life.phase(), PodPhase::Running);
        life.to(5);
        assert_eq!(life.phase(), expected, "{policy} {code}");
    };
    check("Never", 0, PodPhase::Succeeded);
    check("Never", 1, PodPhase::Failed);
    check("OnFailure", 0, PodPhase::Succeeded);
    check("OnFailure", 1, PodPhase::Running);
    check("Always", 0, PodPhase::Running);
}

#[test]
fn rules_of_a_container_stand_above_its_policy_and_that_above_the_pods() {
    let check = |container: Value, code: i32, restarted: bool| {
        let mut container = container;
        container["name"] = "c".into();
        let spec = json!({ "restartPolicy": "Never", "containers": [container] });
        let mut life = Life::new(spec, Script::default().exits(secs(5), code).crashes(1));
        life.to(6);
        assert_eq!(life.container("c")["restartCount"], i32::from(restarted), "{code}");
    };
    let rule = |operator: &str, values: Value| json!({ "action": "Restart", "exitCodes": { "operator": operator, "values": values } });
    check(json!({}), 1, false);
    check(json!({ "restartPolicy": "OnFailure" }), 1, true);
    check(json!({ "restartPolicy": "OnFailure" }), 0, false);
    check(json!({ "restartPolicy": "Never", "restartPolicyRules": [rule("In", json!([42]))] }), 42, true);
    check(json!({ "restartPolicy": "Never", "restartPolicyRules": [rule("In", json!([42]))] }), 1, false);
    check(json!({ "restartPolicy": "Never", "restartPolicyRules": [rule("NotIn", json!([42]))] }), 1, true);
}

#[test]
fn the_first_restart_is_at_once_and_the_next_ones_wait_longer_and_longer() {
    let mut life = Life::new(json!({}), Script::default().exits(secs(1), 1));
    life.to(1);
    let container = life.container("c");
    assert_eq!(container["restartCount"], 1, "started again at once");
    assert_eq!(container["lastState"]["terminated"]["exitCode"], 1);
    assert_eq!(container["lastState"]["terminated"]["reason"], "Error");
    life.to(2);
    assert_eq!((life.waits("c").as_str(), life.phase()), ("CrashLoopBackOff", PodPhase::Running));
    let message = life.container("c")["state"]["waiting"]["message"].clone();
    assert_eq!(message, "back-off 10s restarting failed container=c pod=web_default(u)");
    life.to(2000);
    let starts: Vec<u64> = life.log.iter().filter_map(|line| line.split(' ').next()?.parse().ok()).collect();
    let waits: Vec<u64> = starts.windows(2).map(|pair| pair[1] - pair[0] - 1).collect();
    assert_eq!(waits[..9], [0, 10, 20, 40, 80, 160, 300, 300, 300]);
}

#[test]
fn ten_good_minutes_make_the_wait_short_again() {
    let mut life = Life::new(json!({}), Script::default().exits(secs(601), 1));
    life.to(601 * 2);
    assert_eq!(life.container("c")["restartCount"], 2, "both restarts at once");
    let mut life = Life::new(json!({}), Script::default().exits(secs(599), 1));
    life.to(599 * 2);
    assert_eq!(life.waits("c"), "CrashLoopBackOff");
}

#[test]
fn a_sidecar_is_restarted_whatever_the_pods_policy_and_does_not_keep_a_job_alive() {
    let spec =
        json!({ "restartPolicy": "Never", "initContainers": [{ "name": "log", "restartPolicy": "Always" }] });
    let mut life = Life::new(spec, Script::default().exits(secs(7), 0));
    life.to(6);
    assert_eq!(life.phase(), PodPhase::Running);
    life.to(10);
    assert_eq!(life.phase(), PodPhase::Succeeded);
    assert_eq!(life.log, ["0 start log #0", "0 start c #0", "7 stop log 30s", "7 remove"]);
    assert_eq!(life.condition("Ready").1, "PodCompleted");
    assert!(!life.report().ready);
}

#[test]
fn who_does_not_live_is_restarted_with_the_grace_of_its_probe() {
    let probe = json!({ "periodSeconds": 5, "failureThreshold": 2, "terminationGracePeriodSeconds": 7 });
    let spec = json!({ "containers": [{ "name": "c", "livenessProbe": probe }] });
    let script = Script { unhealthy: Some(secs(11)), stop: secs(1), ..Script::default() };
    let mut life = Life::new(spec, script);
    life.to(20);
    assert!(life.log.contains(&"20 stop c 7s".to_owned()), "{:?}", life.log);
    life.to(21);
    assert!(life.log.contains(&"21 start c #1".to_owned()), "{:?}", life.log);
    assert_eq!(life.container("c")["lastState"]["terminated"]["exitCode"], 143);
}

#[test]
fn who_does_not_start_in_time_is_restarted_and_not_asked_else_before() {
    let startup = json!({ "periodSeconds": 1, "failureThreshold": 3 });
    let probe = json!({ "periodSeconds": 1 });
    let spec = json!({ "containers": [{ "name": "c", "startupProbe": startup, "livenessProbe": probe, "readinessProbe": probe }] });
    let mut life = Life::new(spec, Script { startup: secs(100), ..Script::default() });
    life.to(2);
    assert_eq!(
        life.log[..5],
        ["0 start c #0", "0 started? c", "1 started? c", "2 started? c", "2 stop c 30s"]
    );
    assert!(!life.log.iter().any(|line| line.contains("live?") || line.contains("ready?")), "{:?}", life.log);
}

#[test]
fn a_rule_starts_all_containers_again_init_containers_first() {
    let rule = json!({ "action": "RestartAllContainers", "exitCodes": { "operator": "In", "values": [42] } });
    let spec = json!({ "restartPolicy": "Never", "initContainers": [{ "name": "a" }], "containers": [
        { "name": "c", "restartPolicy": "Never", "restartPolicyRules": [rule] }, { "name": "d" } ] });
    let mut life = Life::new(spec, Script { crashes: Some(1), ..Script::default().exits(secs(5), 42) });
    life.to(4);
    assert_eq!(life.condition("AllContainersRestarting").0, "False");
    // Of both that exit at the same second the first begins it.
    life.to(5);
    let starts: Vec<&String> = life.log.iter().filter(|line| line.contains("start ")).collect();
    assert_eq!(
        starts,
        ["0 start a #0", "0 start c #0", "0 start d #0", "5 start a #1", "5 start c #1", "5 start d #1"]
    );
    let container = life.container("c");
    assert_eq!((&container["restartCount"], life.phase()), (&1.into(), PodPhase::Running));
    assert_eq!(container["lastState"]["terminated"]["reason"], "RestartingAllContainers");
    life.to(500);
    assert_eq!(life.phase(), PodPhase::Running);
}

#[test]
fn a_pod_that_is_active_for_too_long_fails() {
    let spec = json!({ "activeDeadlineSeconds": 20, "terminationGracePeriodSeconds": 5 });
    let mut life = Life::new(spec, Script { stop: secs(3), ..Script::default() });
    life.to(22);
    assert_eq!(life.phase(), PodPhase::Running, "not failed while a container could be running");
    life.to(23);
    let status = life.report().status;
    assert_eq!((life.phase(), &status["reason"]), (PodPhase::Failed, &"DeadlineExceeded".into()));
    assert_eq!(status["message"], "Pod was active on the node longer than the specified deadline");
    assert_eq!(life.condition("Ready").1, "PodFailed");
}
