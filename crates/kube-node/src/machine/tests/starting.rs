//! What comes up, and in which order.

use super::{Life, at, secs};
use crate::behavior::Script;
use kube_core::view::PodPhase;
use serde_json::json;

#[test]
fn a_server_runs_and_is_ready_in_one_report_when_nothing_takes_time() {
    let mut life = Life::new(json!({}), Script::default());
    assert_eq!(life.news(), ["Running"]);
    let report = life.report();
    assert!(report.ready);
    let status = report.status;
    assert_eq!((&status["podIP"], &status["hostIP"]), (&"10.0.0.2".into(), &"10.0.0.1".into()));
    assert_eq!(status["observedGeneration"], 1);
    let container = life.container("c");
    assert_eq!(container["state"]["running"]["startedAt"], at(0).wall.to_string());
    assert_eq!((&container["started"], &container["restartCount"]), (&true.into(), &0.into()));
    for kind in ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"] {
        assert_eq!(life.condition(kind).0, "True", "{kind}");
    }
}

#[test]
fn before_its_sandbox_is_there_a_pod_is_pending_and_says_why() {
    let mut life = Life::new(json!({}), Script { start: secs(3), ..Script::default() });
    assert_eq!(life.news(), ["Pending"]);
    assert_eq!(life.waits("c"), "ContainerCreating");
    assert_eq!(life.condition("PodReadyToStartContainers").0, "False");
    let unready = (
        "False".to_owned(),
        "ContainersNotReady".to_owned(),
        "containers with unready status: [c]".to_owned(),
    );
    assert_eq!(life.condition("Ready"), unready);
    life.to(3);
    assert_eq!((life.news(), life.phase()), (vec!["Running".to_owned()], PodPhase::Running));
}

#[test]
fn init_containers_run_one_after_the_other_and_the_rest_after_them() {
    let spec = json!({ "initContainers": [{ "name": "a" }, { "name": "b" }] });
    let mut life = Life::new(spec, Script { init: (secs(5), 0), ..Script::default() });
    life.to(4);
    assert_eq!(
        (life.waits("b"), life.waits("c")),
        ("PodInitializing".to_owned(), "PodInitializing".to_owned())
    );
    let initialized = life.condition("Initialized");
    assert_eq!(initialized.1, "ContainersNotInitialized");
    assert_eq!(initialized.2, "containers with incomplete status: [a b]");
    life.to(10);
    assert_eq!(life.log, ["0 start a #0", "5 start b #0", "10 start c #0"]);
    assert_eq!(life.container("a")["state"]["terminated"]["reason"], "Completed");
    assert_eq!(life.container("a")["ready"], true);
    assert_eq!(life.condition("Initialized").0, "True");
    assert_eq!(life.phase(), PodPhase::Running);
}

#[test]
fn a_failing_init_container_fails_the_pod_only_when_it_is_never_restarted() {
    let check = |policy: &str, expected: PodPhase| {
        let spec = json!({ "restartPolicy": policy, "initContainers": [{ "name": "a" }] });
        let mut life = Life::new(spec, Script { init: (secs(1), 3), ..Script::default() });
        life.to(2);
        assert_eq!(life.phase(), expected, "{policy}");
        assert!(!life.log.iter().any(|line| line.contains("start c")), "{:?}", life.log);
    };
    check("Never", PodPhase::Failed);
    check("OnFailure", PodPhase::Pending);
    check("Always", PodPhase::Pending);
}

#[test]
fn the_startup_probe_of_a_sidecar_gates_what_stands_behind_it() {
    let probe = json!({ "periodSeconds": 2, "failureThreshold": 10 });
    let spec = json!({ "initContainers": [
        { "name": "proxy", "restartPolicy": "Always", "startupProbe": probe }, { "name": "a" } ] });
    let mut life = Life::new(spec, Script { startup: secs(5), ..Script::default() });
    life.to(5);
    assert!(!life.log.iter().any(|line| line.contains("start a")), "{:?}", life.log);
    assert_eq!((life.container("proxy")["started"].clone(), life.phase()), (false.into(), PodPhase::Pending));
    life.to(20);
    let starts: Vec<&String> = life.log.iter().filter(|line| line.contains("start ")).collect();
    assert_eq!(starts, ["0 start proxy #0", "6 start a #0", "6 start c #0"]);
    assert_eq!(life.phase(), PodPhase::Running);
}

#[test]
fn the_next_container_waits_for_the_hook_of_the_one_before() {
    let hook = json!({ "postStart": { "exec": { "command": ["x"] } } });
    let spec = json!({ "containers": [{ "name": "c", "lifecycle": hook }, { "name": "d" }] });
    let mut life = Life::new(spec, Script { hooks: secs(4), ..Script::default() });
    life.to(3);
    assert_eq!((life.waits("c"), life.phase()), ("ContainerCreating".to_owned(), PodPhase::Pending));
    life.to(4);
    assert_eq!(life.log, ["0 start c #0", "0 postStart c", "4 start d #0"]);
    assert_eq!(life.phase(), PodPhase::Running);
}

#[test]
fn probes_keep_to_delay_period_and_thresholds() {
    let probe = json!({ "initialDelaySeconds": 3, "periodSeconds": 5, "successThreshold": 2 });
    let spec = json!({ "containers": [{ "name": "c", "readinessProbe": probe }] });
    let mut life = Life::new(spec, Script { ready: Some(secs(4)), ..Script::default() });
    life.to(12);
    assert!(!life.report().ready, "one success of two");
    life.to(13);
    assert!(life.report().ready);
    assert_eq!(life.log, ["0 start c #0", "3 ready? c", "8 ready? c", "13 ready? c"]);
    life.to(1000);
    assert_eq!(life.log.len(), 4, "who stays ready is not asked again and again");
}

#[test]
fn readiness_comes_and_goes_by_its_failure_threshold() {
    let probe = json!({ "periodSeconds": 1, "failureThreshold": 3 });
    let spec = json!({ "containers": [{ "name": "c", "readinessProbe": probe }] });
    let mut life = Life::new(spec, Script::default().toggles(secs(10), secs(10)));
    life.to(11);
    assert!(life.report().ready, "two failures are not three");
    life.to(12);
    assert!(!life.report().ready);
    assert_eq!(life.phase(), PodPhase::Running);
    life.to(20);
    assert!(life.report().ready, "one success is enough");
}

#[test]
fn readiness_gates_keep_a_pod_unready_until_they_open() {
    let mut life = Life::new(json!({ "readinessGates": [{ "conditionType": "lb" }] }), Script::default());
    let ready = life.condition("Ready");
    assert_eq!(ready.1, "ReadinessGatesNotReady");
    assert_eq!(ready.2, "corresponding condition of pod readiness gate \"lb\" does not exist.");
    assert_eq!(life.condition("ContainersReady").0, "True");
    life.write(json!({ "status": { "conditions": [{ "type": "lb", "status": "False" }] } }));
    assert_eq!(
        life.condition("Ready").2,
        "the status of pod readiness gate \"lb\" is not \"True\", but False"
    );
    life.write(json!({ "status": { "conditions": [{ "type": "lb", "status": "True", "reason": "Up" }] } }));
    assert!(life.report().ready);
    assert_eq!(life.condition("lb").1, "Up", "others' conditions are kept");
}

#[test]
fn who_gives_up_a_ready_pod_is_contradicted() {
    let mut life = Life::new(json!({}), Script::default());
    assert_eq!(life.news(), ["Running"]);
    life.now = 60;
    life.write(
        json!({ "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "False" }] } }),
    );
    assert_eq!(life.news(), ["Running"]);
    let status = life.report().status;
    let ready = status["conditions"].as_array().unwrap().iter().find(|c| c["type"] == "Ready").unwrap();
    assert_eq!(
        (&ready["status"], &ready["lastTransitionTime"]),
        (&"True".into(), &at(60).wall.to_string().into())
    );
}
