//! The life of one pod, moment by moment.

use super::{Effect, Now, PodMachine, PodReport};
use crate::behavior::Script;
use jiff::Timestamp;
use kube_core::env::Mono;
use kube_core::view::{PodPhase, PodView, from_value};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

const IP: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

fn at(seconds: u64) -> Now {
    Now {
        mono: Mono::default() + Duration::from_secs(seconds),
        wall: Timestamp::from_second(1_000 + i64::try_from(seconds).unwrap()).unwrap(),
    }
}

fn pod(extra: Value) -> PodView {
    let mut object = json!({
        "metadata": { "name": "web", "namespace": "default", "uid": "u" },
        "spec": { "nodeName": "node-0", "containers": [{ "name": "c", "image": "i" }] },
    });
    json_merge(&mut object, extra);
    from_value(object).unwrap()
}

fn json_merge(base: &mut Value, extra: Value) {
    match (base, extra) {
        (Value::Object(base), Value::Object(extra)) => {
            for (key, value) in extra {
                json_merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, extra) => *base = extra,
    }
}

fn script(start: u64, ready: u64, stop: u64) -> Script {
    Script {
        start: Duration::from_secs(start),
        ready: Some(Duration::from_secs(ready)),
        stop: Duration::from_secs(stop),
        exit: None,
    }
}

fn report(effect: Option<Effect>) -> PodReport {
    match effect {
        Some(Effect::Report(report)) => *report,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_starts_becomes_ready_and_stops_within_its_grace() {
    let plain = pod(json!({}));
    let mut machine = PodMachine::new(script(2, 3, 60), IP, at(0));
    assert_eq!(report(machine.advance(&plain, at(0))).phase, PodPhase::Pending);
    assert_eq!(machine.advance(&plain, at(1)), None);
    assert_eq!(machine.deadline(), Some(at(2).mono));

    let running = report(machine.advance(&plain, at(2)));
    assert_eq!((running.phase, running.ready), (PodPhase::Running, false));
    let ready = report(machine.advance(&plain, at(5)));
    assert!(ready.ready);
    assert_eq!(ready.status["podIP"], "10.0.0.2");
    assert_eq!(machine.deadline(), None);

    let doomed = pod(json!({ "metadata": {
        "deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 10 } }));
    machine.observe(&doomed, at(20));
    assert_eq!(machine.deadline(), Some(at(30).mono), "the stop takes longer than the grace allows");
    let hurried = pod(json!({ "metadata": {
        "deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 1 } }));
    machine.observe(&hurried, at(21));
    assert_eq!(machine.advance(&hurried, at(22)), Some(Effect::Remove));
    assert_eq!(machine.advance(&hurried, at(23)), None);
}

#[test]
fn restart_policies_decide_what_an_exit_means() {
    let check = |policy: &str, code: i32, expected: PodPhase| {
        let job = pod(json!({ "spec": { "restartPolicy": policy } }));
        let mut machine = PodMachine::new(script(0, 0, 0).exits(Duration::from_secs(5), code), IP, at(0));
        assert_eq!(report(machine.advance(&job, at(0))).phase, PodPhase::Running);
        assert_eq!(report(machine.advance(&job, at(5))).phase, expected, "{policy} {code}");
    };
    check("Never", 0, PodPhase::Succeeded);
    check("Never", 1, PodPhase::Failed);
    check("OnFailure", 0, PodPhase::Succeeded);
    check("OnFailure", 1, PodPhase::Running);
    check("Always", 0, PodPhase::Running);
}

#[test]
fn restarts_back_off_exponentially() {
    let crashing = pod(json!({}));
    let mut machine = PodMachine::new(script(0, 0, 0).exits(Duration::from_secs(1), 1), IP, at(0));
    machine.advance(&crashing, at(0));
    let mut now = 0;
    for expected in [10, 20, 40, 80, 160, 300, 300] {
        now += 1;
        machine.advance(&crashing, at(now));
        assert_eq!(machine.deadline(), Some(at(now + expected).mono));
        now += expected;
        machine.advance(&crashing, at(now));
    }
}

#[test]
fn a_resumed_machine_goes_on_where_the_status_says() {
    let reported = pod(json!({ "status": {
        "phase": "Running", "podIP": "10.0.0.9", "startTime": "2026-01-01T00:00:00Z",
        "conditions": [{ "type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:05Z" }],
    } }));
    let mut machine = PodMachine::resume(script(9, 9, 9), IP, &reported, at(0));
    assert_eq!(machine.advance(&reported, at(0)), None, "nothing new to report");
    assert_eq!(machine.deadline(), None);
}

#[test]
fn who_gives_up_a_ready_pod_is_contradicted() {
    let plain = pod(json!({}));
    let mut machine = PodMachine::new(script(0, 0, 0), IP, at(0));
    assert!(report(machine.advance(&plain, at(0))).ready);
    let status = |ready: &str| json!({ "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": ready }] } });
    machine.observe(&pod(status("True")), at(5));
    assert!(!machine.has_news());
    let given_up = pod(status("False"));
    machine.observe(&given_up, at(60));
    assert!(machine.has_news());
    let again = report(machine.advance(&given_up, at(60)));
    let ready = again.status["conditions"].as_array().unwrap().iter().find(|c| c["type"] == "Ready").unwrap();
    assert_eq!(ready["lastTransitionTime"], at(60).wall.to_string());
    assert!(again.ready && !machine.has_news());
}
