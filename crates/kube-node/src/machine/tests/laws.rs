//! What holds whatever happens.

use super::Life;
use crate::behavior::{Image, Script};
use kube_core::view::PodPhase;
use proptest::prelude::{
    Just, ProptestConfig, Strategy, TestCaseError, any, prop, prop_assert, prop_assert_eq, prop_oneof,
    proptest,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

fn duration() -> impl Strategy<Value = Duration> {
    (0_u64..40).prop_map(Duration::from_secs)
}

fn probe() -> impl Strategy<Value = Value> {
    let some = (0..5, 1..6, 1..3, 1..4).prop_map(|(delay, period, success, failure)| {
        json!({ "initialDelaySeconds": delay, "periodSeconds": period,
                "successThreshold": success, "failureThreshold": failure })
    });
    prop_oneof![Just(Value::Null), some]
}

fn container(name: &'static str, sidecar: bool) -> impl Strategy<Value = Value> {
    let rules = prop_oneof![
        3 => Just(Value::Null),
        1 => Just(json!([{ "action": "RestartAllContainers", "exitCodes": { "operator": "In", "values": [3] } }])),
        1 => Just(json!([{ "action": "Restart", "exitCodes": { "operator": "NotIn", "values": [3] } }])),
    ];
    (probe(), probe(), probe(), any::<(bool, bool)>(), rules).prop_map(
        move |(startup, liveness, readiness, (post, pre), rules)| {
            let hook = |is: bool| if is { json!({ "exec": {} }) } else { Value::Null };
            let policy = if sidecar {
                json!("Always")
            } else if rules.is_null() {
                Value::Null
            } else {
                json!("Never")
            };
            json!({ "name": name, "image": "i", "restartPolicy": policy, "restartPolicyRules": rules,
                    "startupProbe": startup, "livenessProbe": liveness, "readinessProbe": readiness,
                    "lifecycle": { "postStart": hook(post), "preStop": hook(pre) } })
        },
    )
}

fn spec() -> impl Strategy<Value = Value> {
    let policy = prop_oneof![Just("Always"), Just("OnFailure"), Just("Never")];
    let deadline = prop_oneof![3 => Just(Value::Null), 1 => (1..200).prop_map(Value::from)];
    (
        policy,
        deadline,
        container("a", false),
        container("b", true),
        container("c", false),
        container("d", false),
    )
        .prop_map(|(policy, deadline, mut a, b, c, d)| {
            a["restartPolicy"] = Value::Null;
            json!({ "restartPolicy": policy, "activeDeadlineSeconds": deadline,
                    "initContainers": [a, b], "containers": [c, d] })
        })
}

fn script() -> impl Strategy<Value = Script> {
    let image = prop_oneof![
        4 => Just(Image::Present), 1 => Just(Image::Missing), 1 => Just(Image::FailsFirst(2)),
        1 => duration().prop_map(Image::Takes),
    ];
    let exit = prop::option::of((duration(), 0..4));
    (duration(), duration(), exit, duration(), image, (duration(), 0..2), prop::option::of(duration()))
        .prop_map(|(start, ready, exit, stop, image, init, unhealthy)| Script {
            start,
            ready: Some(ready),
            exit,
            stop,
            image,
            init,
            unhealthy,
            startup: start,
            ..Script::default()
        })
}

/// What must not go back from one report to the next.
#[derive(Default)]
struct Before {
    phase: PodPhase,
    restarts: BTreeMap<String, i64>,
}

impl Before {
    fn check(&mut self, life: &Life) -> Result<(), TestCaseError> {
        let report = life.report();
        let terminal = |phase| matches!(phase, PodPhase::Succeeded | PodPhase::Failed);
        prop_assert!(report.phase >= self.phase, "{} after {}: {:?}", report.phase, self.phase, life.log);
        prop_assert!(!terminal(self.phase) || report.phase == self.phase);
        prop_assert!(!(terminal(report.phase) && report.ready));
        self.phase = report.phase;
        for list in ["initContainerStatuses", "containerStatuses"] {
            for status in report.status[list].as_array().unwrap() {
                let name = status["name"].as_str().unwrap().to_owned();
                let is_main = list == "containerStatuses" || name == "b";
                prop_assert!(!is_main || status["ready"] != true || status["started"] == true, "{status}");
                let restarts = status["restartCount"].as_i64().unwrap();
                let before = self.restarts.insert(name, restarts).unwrap_or(0);
                prop_assert!(restarts >= before, "{status}");
                prop_assert_eq!(status["state"].as_object().unwrap().len(), 1, "one state: {}", status);
            }
        }
        if terminal(report.phase) {
            prop_assert!(life.machine.running().next().is_none(), "a container runs in a pod that has ended");
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The phase never goes back and ends once; ready implies started; restarts only grow; and a deleted pod goes in time.
    #[test]
    fn a_life_never_goes_back(spec in spec(), script in script(), deleted in prop::option::of(1_u64..400)) {
        let mut life = Life::new(spec, script);
        let mut before = Before::default();
        for second in (0..600).step_by(3) {
            life.to(second);
            if deleted.is_some_and(|at| (second..second + 3).contains(&at)) {
                life.delete(30);
            }
            before.check(&life)?;
        }
        if let Some(deleted) = deleted {
            prop_assert!(life.machine.is_over(), "deleted at {}: {:?}", deleted, life.log);
            let news = life.news();
            prop_assert_eq!(news.last().map(String::as_str), Some("Remove"));
        }
        // What is told of a life ends with it.
        if life.machine.is_over() {
            prop_assert_eq!(life.machine.deadline(), None);
        }
    }

    /// A machine that goes on from its own report has nothing to add to it.
    #[test]
    fn going_on_from_a_report_changes_nothing(script in script(), until in 0_u64..100) {
        let mut life = Life::new(json!({}), script);
        life.to(until);
        let status = life.report().status;
        let object = json!({
            "metadata": { "name": "web", "namespace": "default", "uid": "u", "generation": 1 },
            "spec": { "containers": [{ "name": "c", "image": "i" }] }, "status": status,
        });
        let pod: crate::machine::NodePod = kube_core::view::from_value(object).unwrap();
        let machine = crate::machine::PodMachine::resume(
            pod.spec().unwrap().into(), &pod, super::NODE, super::at(until));
        let again = machine.report().status;
        prop_assert_eq!(&again["phase"], &status["phase"]);
        prop_assert_eq!(&again["startTime"], &status["startTime"]);
        prop_assert_eq!(&again["containerStatuses"][0]["restartCount"], &status["containerStatuses"][0]["restartCount"]);
    }
}
