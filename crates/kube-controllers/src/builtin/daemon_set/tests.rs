//! One daemon per fit node: which nodes, how updates go, what is counted.

use super::nodes::{Eligibility, Verdict, target_of};
use super::plan::{BURST, Op, Plan, View, plan};
use super::rolling::Bounds;
use super::template::PodMaker;
use super::{Backoff, forgettable};
use jiff::{SignedDuration, Timestamp};
use kube_core::kinds::apps::v1::{ControllerRevision, DaemonSet};
use kube_core::view::{self, NodeView, PodView};
use proptest::prelude::{Just, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Value, from_value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

fn set_of(template: &Value, strategy: &Value) -> DaemonSet {
    from_value(json!({
        "metadata": {
            "name": "agent", "namespace": "default", "uid": "d", "generation": 3,
            "annotations": { "deprecated.daemonset.template.generation": "7" },
        },
        "spec": {
            "selector": { "matchLabels": { "app": "agent" } },
            "template": { "metadata": { "labels": { "app": "agent" } }, "spec": template },
            "updateStrategy": strategy,
        },
    }))
    .expect("a daemon set")
}

fn rolling(unavailable: &Value, surge: &Value) -> Value {
    json!({ "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": unavailable, "maxSurge": surge } })
}

fn set() -> DaemonSet {
    set_of(&json!({ "containers": [] }), &rolling(&json!(1), &json!(0)))
}

fn surging() -> DaemonSet {
    set_of(&json!({ "containers": [] }), &rolling(&json!(0), &json!(1)))
}

fn node(name: &str, taints: &Value) -> Arc<NodeView> {
    let labels = json!({ "kubernetes.io/hostname": name, "disk": "ssd" });
    let object = json!({ "metadata": { "name": name, "labels": labels }, "spec": { "taints": taints } });
    Arc::new(view::from_value(object).expect("a node"))
}

fn nodes(names: &[&str]) -> Vec<Arc<NodeView>> {
    names.iter().map(|name| node(name, &json!([]))).collect()
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1)
}

/// A pod by name on a node, of revision and state: `ready`, `pending`, `failed`, `succeeded`, `going`.
fn pod(name: &str, node: &str, hash: &str, state: &str) -> Arc<PodView> {
    let ready = json!([{ "type": "Ready", "status": "True", "lastTransitionTime": "1970-01-01T00:59:50Z" }]);
    let phase = match state {
        "ready" | "going" => "Running",
        "failed" => "Failed",
        "succeeded" => "Succeeded",
        _ => "Pending",
    };
    let object = json!({
        "metadata": {
            "name": name, "namespace": "default", "uid": name,
            "labels": { "app": "agent", "controller-revision-hash": hash },
            "deletionTimestamp": (state == "going").then_some("1970-01-01T00:59:00Z"),
        },
        "spec": { "nodeName": node },
        "status": { "phase": phase, "conditions": if state == "ready" { ready } else { json!([]) } },
    });
    Arc::new(view::from_value(object).expect("a pod"))
}

fn plan_for(set: &DaemonSet, nodes: &[Arc<NodeView>], pods: &[Arc<PodView>]) -> Plan {
    plan(&View { set, nodes, pods, hash: "new", collisions: 0, backoff: &|_| None, now: now() })
}

fn told(plan: &Plan) -> Vec<String> {
    let one = |op: &Op| match op {
        Op::Create(node) => format!("create on {node}"),
        Op::Delete(key, _) => format!("delete {}", key.name),
    };
    plan.ops.iter().map(one).collect()
}

fn steps(set: &DaemonSet, nodes: &[Arc<NodeView>], pods: &[Arc<PodView>]) -> Vec<String> {
    told(&plan_for(set, nodes, pods))
}

#[test]
fn fit_nodes_are_those_that_the_template_selects_and_whose_taints_it_bears() {
    let plain = Eligibility::of(&set()).expect("a template");
    let taint = |key: &str, effect: &str| node("n", &json!([{ "key": key, "effect": effect }]));
    let judged = |key: &str, effect: &str| plain.judge(&taint(key, effect));
    assert_eq!(plain.judge(&node("n", &json!([]))), Verdict::Runs);
    assert_eq!(judged("gpu", "NoSchedule"), Verdict::Stays);
    assert_eq!(judged("gpu", "NoExecute"), Verdict::Never);
    assert_eq!(judged("gpu", "PreferNoSchedule"), Verdict::Runs);
    for key in ["not-ready", "unreachable"] {
        assert_eq!(judged(&format!("node.kubernetes.io/{key}"), "NoExecute"), Verdict::Runs);
        assert_eq!(judged(&format!("node.kubernetes.io/{key}"), "NoSchedule"), Verdict::Stays);
    }
    for key in ["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"] {
        assert_eq!(judged(&format!("node.kubernetes.io/{key}"), "NoSchedule"), Verdict::Runs, "{key}");
    }
    let network = taint("node.kubernetes.io/network-unavailable", "NoSchedule");
    assert_eq!(plain.judge(&network), Verdict::Stays);
    let on_host = set_of(&json!({ "hostNetwork": true, "containers": [] }), &json!({}));
    assert_eq!(Eligibility::of(&on_host).expect("a template").judge(&network), Verdict::Runs);
    let selecting = |template: Value| Eligibility::of(&set_of(&template, &json!({}))).expect("a template");
    let fits = |template: Value| selecting(template).judge(&node("n", &json!([])));
    assert_eq!(fits(json!({ "containers": [], "nodeSelector": { "disk": "ssd" } })), Verdict::Runs);
    assert_eq!(fits(json!({ "containers": [], "nodeSelector": { "disk": "hdd" } })), Verdict::Never);
    assert_eq!(fits(json!({ "containers": [], "nodeName": "other" })), Verdict::Never);
    let term = json!({ "matchExpressions": [{ "key": "disk", "operator": "NotIn", "values": ["ssd"] }] });
    let affinity = json!({ "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": [term] } } });
    assert_eq!(fits(json!({ "containers": [], "affinity": affinity })), Verdict::Never);
}

#[test]
fn every_fit_node_has_one() {
    let all = nodes(&["a", "b", "c"]);
    assert_eq!(steps(&set(), &all, &[]), ["create on a", "create on b", "create on c"]);
    let some = [pod("p", "a", "new", "ready"), pod("q", "b", "new", "going")];
    assert_eq!(steps(&set(), &all, &some), ["create on c"], "on b it comes when the other is gone");
    let twice = [pod("p", "a", "new", "ready"), pod("q", "a", "new", "ready")];
    assert_eq!(steps(&set(), &nodes(&["a"]), &twice), ["delete q"]);
    let gpu = node("a", &json!([{ "key": "gpu", "effect": "NoSchedule" }]));
    assert!(steps(&set(), std::slice::from_ref(&gpu), &[pod("p", "a", "new", "ready")]).is_empty());
    assert!(steps(&set(), &[gpu], &[]).is_empty());
    let gone = node("a", &json!([{ "key": "gpu", "effect": "NoExecute" }]));
    assert_eq!(steps(&set(), &[gone], &[pod("p", "a", "new", "ready")]), ["delete p"]);
}

#[test]
fn a_pod_is_made_for_one_node() {
    let affinity = json!({ "nodeAffinity": { "preferredDuringSchedulingIgnoredDuringExecution": [
        { "weight": 1, "preference": { "matchExpressions": [{ "key": "disk", "operator": "Exists" }] } },
    ] } });
    let template = json!({
        "containers": [], "affinity": affinity,
        "tolerations": [{ "key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5 }],
    });
    let made = PodMaker::new(&set_of(&template, &json!({})), "h").pod_for("node-1");
    let lean: PodView = view::of(&made).expect("a pod");
    assert_eq!(target_of(&lean).as_deref(), Some("node-1"));
    assert_eq!(lean.spec.tolerations.len(), 6);
    assert!(lean.spec.tolerations.iter().all(|toleration| toleration.toleration_seconds.is_none()));
    let affinity = lean.spec.affinity.expect("affinity").node_affinity.expect("node affinity");
    assert_eq!(affinity.preferred.len(), 1, "wishes stay");
    let labels = made.metadata.labels.expect("labels");
    assert_eq!(labels["controller-revision-hash"], "h");
    assert_eq!(labels["pod-template-generation"], "7");
    assert_eq!(made.metadata.generate_name.as_deref(), Some("agent-"));
}

#[test]
fn a_pod_for_a_node_that_is_gone_is_taken_away() {
    let mut lost = PodMaker::new(&set(), "new").pod_for("gone");
    lost.metadata.name = Some("lost".to_owned());
    let lost = Arc::new(view::of::<PodView>(&lost).expect("a pod"));
    assert_eq!(steps(&set(), &nodes(&["a"]), &[lost]), ["create on a", "delete lost"]);
    let bound = pod("bound", "gone", "new", "ready");
    assert_eq!(steps(&set(), &nodes(&["a"]), &[bound]), ["create on a"], "that one is the pod collector's");
}

#[test]
fn ended_pods_are_replaced_failed_ones_ever_slower() {
    let all = nodes(&["a"]);
    let failed = [pod("p", "a", "new", "failed")];
    let plan = plan_for(&set(), &all, &failed);
    assert_eq!(told(&plan), ["delete p"]);
    assert_eq!((plan.events[0].1, plan.failed.len()), ("FailedDaemonPod", 1));
    let ended = plan_for(&set(), &all, &[pod("p", "a", "new", "succeeded")]);
    assert_eq!((told(&ended), ended.events[0].1), (vec!["delete p".to_owned()], "SucceededDaemonPod"));

    let mut last = None;
    let mut waits = Vec::new();
    let mut time = now();
    for _ in 0..12 {
        let next = Backoff::after(last.as_ref(), time);
        let wait = next.left(time).expect("a wait");
        waits.push(wait.as_secs());
        time += SignedDuration::try_from(wait).expect("a duration");
        last = Some(next);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    let later = time + SignedDuration::from_mins(31);
    assert_eq!(Backoff::after(last.as_ref(), later).left(later), Some(Duration::from_secs(1)));
    let held = Backoff::after(None, now());
    let view = View {
        set: &set(),
        nodes: &all,
        pods: &failed,
        hash: "new",
        collisions: 0,
        backoff: &|_| Some(held),
        now: now(),
    };
    let plan = super::plan::plan(&view);
    assert!(plan.ops.is_empty() && plan.events.is_empty());
    assert_eq!(plan.requeue, Some(Duration::from_secs(1)));
}

#[test]
fn bursts_are_limited() {
    let names: Vec<String> = (0..600).map(|number| format!("n{number:03}")).collect();
    let all: Vec<_> = names.iter().map(|name| node(name, &json!([]))).collect();
    assert_eq!(plan_for(&set(), &all, &[]).ops.len(), BURST);
}

#[test]
fn an_update_takes_unavailable_pods_first_and_no_more_than_may_be_missing() {
    let all = nodes(&["a", "b", "c"]);
    let old = |state_of_b: &str| {
        [pod("p", "a", "old", "ready"), pod("q", "b", "old", state_of_b), pod("r", "c", "old", "ready")]
    };
    assert_eq!(steps(&set(), &all, &old("ready")), ["delete p"]);
    assert_eq!(steps(&set(), &all, &old("pending")), ["delete q"], "one is missing already");
    let two = set_of(&json!({ "containers": [] }), &rolling(&json!(2), &json!(0)));
    assert_eq!(steps(&two, &all, &old("pending")), ["delete q", "delete p"]);
    let under_way =
        [pod("p", "a", "new", "pending"), pod("q", "b", "old", "ready"), pod("r", "c", "old", "ready")];
    assert!(steps(&set(), &all, &under_way).is_empty());
    let on_delete = set_of(&json!({ "containers": [] }), &json!({ "type": "OnDelete" }));
    assert!(steps(&on_delete, &all, &old("pending")).is_empty());
    let half = set_of(&json!({ "containers": [] }), &rolling(&json!("50%"), &json!(0)));
    assert_eq!(steps(&half, &all, &old("ready")), ["delete p", "delete q"], "rounded up");
    assert_eq!(Bounds::of(&set_of(&json!({}), &rolling(&json!(0), &json!(0))), 3).unavailable, 1);
}

#[test]
fn a_surging_update_brings_the_new_pod_first() {
    let all = nodes(&["a", "b"]);
    let old = [pod("p", "a", "old", "ready"), pod("q", "b", "old", "ready")];
    assert_eq!(steps(&surging(), &all, &old), ["create on a"]);
    let with = |state: &str, old_state: &str| {
        vec![pod("p", "a", "old", old_state), pod("s", "a", "new", state), pod("q", "b", "old", "ready")]
    };
    assert!(steps(&surging(), &all, &with("pending", "ready")).is_empty());
    assert_eq!(steps(&surging(), &all, &with("ready", "ready")), ["delete p"]);
    assert_eq!(steps(&surging(), &all, &with("pending", "pending")), ["delete p"], "the old one is no loss");
}

/// Where pods move from node to node the available ones stay until there are enough without them.
#[test]
fn a_surging_update_takes_from_unfit_nodes_what_is_no_loss() {
    let gpu = node("b", &json!([{ "key": "gpu", "effect": "NoSchedule" }]));
    let all = [nodes(&["a"]), vec![gpu]].concat();
    let with = |on_a: &str, on_b: &str| {
        steps(&surging(), &all, &[pod("p", "a", "new", on_a), pod("q", "b", "old", on_b)])
    };
    assert_eq!(with("pending", "pending"), ["delete q"]);
    assert!(with("pending", "ready").is_empty());
    assert_eq!(with("ready", "ready"), ["delete q"]);
}

#[test]
fn history_keeps_no_more_than_its_limit_with_what_pods_have() {
    let revision = |name: &str| -> Arc<ControllerRevision> {
        let meta = json!({ "name": name, "labels": { "controller-revision-hash": name } });
        Arc::new(from_value(json!({ "metadata": meta, "revision": 1 })).expect("a revision"))
    };
    let all: Vec<_> = ["a", "b", "c", "d"].iter().map(|name| revision(name)).collect();
    let present = all[3].clone();
    let pods = [pod("p", "n", "b", "ready")];
    let kept = |limit: i32| forgettable((&all, &present), &pods, limit).1;
    assert_eq!([kept(0), kept(1), kept(2), kept(10)], [0, 0, 1, 9]);
}

#[test]
fn what_is_there_is_counted() {
    let gpu = json!([{ "key": "gpu", "effect": "NoSchedule" }]);
    let all = [nodes(&["a", "b", "c"]), vec![node("d", &gpu)]].concat();
    let pods =
        [pod("p", "a", "new", "ready"), pod("q", "b", "old", "pending"), pod("s", "d", "new", "ready")];
    let status = plan_for(&set(), &all, &pods).status;
    let counts = [
        status.desired_number_scheduled,
        status.current_number_scheduled,
        status.number_misscheduled,
        status.number_ready,
    ];
    assert_eq!(counts, [3, 2, 1, 1]);
    let more = [status.number_available, status.number_unavailable, status.updated_number_scheduled];
    assert_eq!(more, [Some(1), Some(2), Some(1)]);
    assert_eq!(status.observed_generation, Some(3));
}

proptest! {
    /// Whatever there is, carrying plans out ends with one new pod on every fit node. Without surge no node ever has a
    /// second pod beside those that were there.
    #[test]
    fn every_state_comes_to_rest(
        start in proptest::collection::vec((0..4_usize, prop_oneof![Just("old"), Just("new")], prop_oneof![2 => Just("ready"), 1 => Just("pending"), 1 => Just("failed"), 1 => Just("going")]), 0..8),
        surge in any::<bool>(),
    ) {
        let names = ["a", "b", "c", "d"];
        let all = [nodes(&names[..3]), vec![node("d", &json!([{ "key": "gpu", "effect": "NoExecute" }]))]].concat();
        let set = if surge { surging() } else { set() };
        let mut pods: BTreeMap<String, Arc<PodView>> = start
            .iter()
            .enumerate()
            .map(|(number, (node, hash, state))| { let name = format!("p{number}"); (name.clone(), pod(&name, names[*node], hash, state)) })
            .collect();
        let mut made = 0;
        for round in 0..60 {
            let present: Vec<_> = pods.values().cloned().collect();
            let plan = plan_for(&set, &all, &present);
            for op in &plan.ops {
                match op {
                    Op::Create(node) => {
                        let there = pods.values().filter(|pod| pod.node_name() == Some(node)).count();
                        prop_assert!(surge || there == 0, "a second pod on {}", node);
                        made += 1;
                        let name = format!("m{made:03}");
                        pods.insert(name.clone(), pod(&name, node, "new", "pending"));
                    }
                    Op::Delete(key, _) => {
                        let gone = &pods[&*key.name];
                        let (node, hash) = (gone.node_name().expect("bound").to_string(), gone.meta.labels.get("controller-revision-hash").expect("a hash").to_string());
                        pods.insert(key.name.to_string(), pod(&key.name, &node, &hash, "going"));
                    }
                }
            }
            if plan.ops.is_empty() && present.iter().all(|pod| pod.is_ready()) {
                let on: Vec<&str> = present.iter().map(|pod| &**pod.node_name().expect("bound")).collect();
                let mut sorted = on.clone();
                sorted.sort_unstable();
                prop_assert_eq!(sorted, ["a", "b", "c"]);
                prop_assert_eq!(plan.status.updated_number_scheduled, Some(3));
                return Ok(());
            }
            pods.retain(|_, pod| !pod.is_terminating());
            let starting: Vec<_> = pods.iter().filter(|(_, pod)| !pod.is_terminal()).map(|(name, pod)| (name.clone(), pod.clone())).collect();
            for (name, each) in starting {
                let hash = each.meta.labels.get("controller-revision-hash").expect("a hash").to_string();
                let ready = pod(&name, each.node_name().expect("bound"), &hash, "ready");
                pods.insert(name, ready);
            }
            prop_assert!(round < 59, "it does not come to rest: {:?}", told(&plan));
        }
    }
}
