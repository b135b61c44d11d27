//! Why containers do not come up, and pods that a node refuses.

use super::{Life, NODE, at, secs};
use crate::behavior::{Image, Script};
use crate::machine::admission::{Amounts, HostPort, NodeFacts, Rejection, admit};
use crate::machine::{NodePod, PodMachine};
use kube_core::taint::{Effect, Taint};
use kube_core::view::{PodPhase, PodView, from_value};
use serde_json::{Value, json};

#[test]
fn an_image_that_is_not_there_is_asked_for_less_and_less_often() {
    let mut life = Life::new(json!({}), Script::default().image(Image::Missing));
    assert_eq!((life.waits("c").as_str(), life.phase()), ("ErrImagePull", PodPhase::Pending));
    life.to(1);
    assert_eq!(life.waits("c"), "ImagePullBackOff");
    let message = life.container("c")["state"]["waiting"]["message"].clone();
    assert_eq!(message, "Back-off pulling image \"i\": ErrImagePull: not found");
    life.to(9);
    assert_eq!(life.waits("c"), "ImagePullBackOff");
    life.to(10);
    assert_eq!(life.waits("c"), "ErrImagePull", "asked again");
    life.to(29);
    assert_eq!(life.waits("c"), "ImagePullBackOff");
    life.to(30);
    assert_eq!(life.waits("c"), "ErrImagePull");
}

#[test]
fn an_image_that_comes_at_last_is_run() {
    let mut life = Life::new(json!({}), Script::default().image(Image::FailsFirst(2)));
    life.to(29);
    assert_eq!(life.phase(), PodPhase::Pending);
    life.to(30);
    assert_eq!((life.phase(), life.container("c")["restartCount"].clone()), (PodPhase::Running, 0.into()));
}

#[test]
fn a_container_that_waits_does_not_hold_up_those_beside_it() {
    let spec = json!({ "containers": [{ "name": "c", "image": "bad" }, { "name": "d" }] });
    let mut life = Life::new(spec, Script { image: Image::FailsFirst(1), ..Script::default() });
    assert_eq!((life.waits("c").as_str(), life.waits("d").as_str()), ("ErrImagePull", ""));
    assert_eq!(life.phase(), PodPhase::Pending, "one of them has never run");
    life.to(10);
    assert_eq!(life.phase(), PodPhase::Running);
}

#[test]
fn an_environment_that_cannot_be_made_is_tried_again_every_ten_seconds() {
    let missing = "configmap \"settings\" not found";
    let script = Script { config_error: Some(missing.to_owned()), ..Script::default() };
    let mut life = Life::new(json!({}), script);
    let waiting = life.container("c")["state"]["waiting"].clone();
    assert_eq!(waiting, json!({ "reason": "CreateContainerConfigError", "message": missing }));
    life.to(25);
    assert_eq!(life.log, ["0 start c #0", "10 start c #0", "20 start c #0"]);
    assert_eq!(life.container("c")["restartCount"], 0);
}

#[expect(clippy::needless_pass_by_value, reason = "written in place")]
fn pod(spec: Value) -> PodView {
    from_value(json!({ "metadata": { "name": "web", "uid": "u" }, "spec": spec })).unwrap()
}

#[test]
fn a_node_refuses_what_it_cannot_run_with_kubelets_reasons() {
    let room = Amounts { milli_cpu: 1000, memory: 1 << 30, ephemeral_storage: 1 << 30, pods: 3 };
    let used = Amounts { milli_cpu: 500, pods: 2, ..Amounts::default() };
    let labels = [("zone", "a")].into_iter().collect();
    let asks = |name: &str, amount: &str| {
        pod(json!({ "containers": [{ "name": "c", "resources": { "requests": { name: amount } } }] }))
    };
    let taken = HostPort::of(&pod(
        json!({ "containers": [{ "name": "c", "ports": [{ "containerPort": 1, "hostPort": 80 }] }] }),
    ));
    let taints = [Taint::new("gone", "", Effect::NoExecute), Taint::new("full", "", Effect::NoSchedule)];
    let facts = NodeFacts { labels: Some(&labels), ports: &taken, ..NodeFacts::new("n", &room, &used) };
    let check = |pod: &PodView, facts: &NodeFacts<'_>, reason: &str, message: &str| {
        let refused = admit(pod, facts).unwrap_err();
        assert_eq!((refused.reason.as_str(), refused.message.as_str()), (reason, message));
    };
    assert_eq!(admit(&asks("cpu", "500m"), &facts), Ok(()));
    let message = "Node didn't have enough resource: cpu, requested: 501, used: 500, capacity: 1000";
    check(&asks("cpu", "501m"), &facts, "OutOfcpu", message);
    let message =
        "Node didn't have enough resource: memory, requested: 2147483648, used: 0, capacity: 1073741824";
    check(&asks("memory", "2Gi"), &facts, "OutOfmemory", message);
    let full = Amounts { pods: 3, ..used };
    let message = "Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3";
    check(&pod(json!({})), &NodeFacts { used: &full, ..facts }, "OutOfpods", message);
    let message = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
    check(&pod(json!({ "nodeSelector": { "zone": "b" } })), &facts, "NodeAffinity", message);
    let message = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
    let port = json!({ "containers": [{ "name": "c", "ports": [{ "containerPort": 9, "hostPort": 80, "hostIP": "10.0.0.1" }] }] });
    check(&pod(port), &facts, "NodePorts", message);
    let message = "Predicate TaintToleration failed: node(s) had untolerated taint(s)";
    check(&pod(json!({})), &NodeFacts { taints: &taints, ..facts }, "TaintToleration", message);
    let bears = json!({ "tolerations": [{ "key": "gone", "operator": "Exists" }] });
    assert_eq!(
        admit(&pod(bears), &NodeFacts { taints: &taints, ..facts }),
        Ok(()),
        "only NoExecute counts here"
    );
}

#[test]
fn a_refused_pod_fails_without_having_run() {
    let object =
        json!({ "metadata": { "name": "web", "uid": "u" }, "spec": { "containers": [{ "name": "c" }] } });
    let pod: NodePod = from_value(object).unwrap();
    let rejection = Rejection { reason: "OutOfcpu".to_owned(), message: "no".to_owned() };
    let machine = PodMachine::rejected(pod.spec().unwrap().into(), &pod, NODE, rejection, at(0));
    let report = machine.report();
    assert_eq!((report.phase, &report.status["reason"]), (PodPhase::Failed, &"OutOfcpu".into()));
    assert_eq!(report.status["message"], "Pod was rejected: no");
    assert!(report.status.get("containerStatuses").is_none(), "{}", report.status);
    assert_eq!(machine.deadline(), None);
}

#[test]
fn a_resumed_machine_goes_on_where_the_status_says() {
    let before = Life::new(json!({}), Script::default().exits(secs(1), 1).crashes(1));
    let mut before = before;
    before.to(1);
    let status = before.report().status;
    let object = json!({
        "metadata": { "name": "web", "namespace": "default", "uid": "u", "generation": 1 },
        "spec": { "containers": [{ "name": "c", "image": "i" }] }, "status": status,
    });
    let pod: NodePod = from_value(object).unwrap();
    let mut machine = PodMachine::resume(pod.spec().unwrap().into(), &pod, NODE, at(100));
    assert_eq!(machine.news(), None, "nothing new to report");
    assert_eq!(machine.running().collect::<Vec<_>>(), [0]);
    assert_eq!(machine.report().status, status);
}
