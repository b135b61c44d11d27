//! StatefulSets keep their order, their names and their claims.

use super::identity::{Wanted, ordinal_of, pod_of};
use super::plan::{Op, Plan, Revision, View, plan};
use super::status::ROLLOUT_STUCK;
use jiff::{SignedDuration, Timestamp};
use kube_core::kinds::apps::v1::StatefulSet;
use kube_core::kinds::core::v1::{PersistentVolumeClaim, PodTemplateSpec};
use kube_core::resource::ResourceExt;
use kube_core::view::{self, PodView};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Value, from_value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const OLD: &str = "web-old";
pub(super) const NEW: &str = "web-new";

pub(super) fn set(spec: &Value) -> StatefulSet {
    let mut whole = json!({
        "replicas": 3,
        "serviceName": "nginx",
        "selector": { "matchLabels": { "app": "web" } },
        "template": { "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [] } },
        "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "partition": 0 } },
    });
    for (field, value) in spec.as_object().expect("fields") {
        whole[field] = value.clone();
    }
    let meta = json!({ "name": "web", "namespace": "default", "uid": "s", "generation": 2 });
    from_value(json!({ "metadata": meta, "spec": whole, "status": { "replicas": 0, "currentReplicas": 3 } }))
        .expect("a stateful set")
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1)
}

/// A pod of ordinal, revision and state: `ready`, `pending`, `failed`, `going`.
pub(super) fn pod(ordinal: i32, revision: &str, state: &str) -> Arc<PodView> {
    let name = format!("web-{ordinal}");
    let ready = json!([{ "type": "Ready", "status": "True", "lastTransitionTime": "1970-01-01T00:59:50Z" }]);
    let phase = match state {
        "ready" | "going" => "Running",
        "failed" => "Failed",
        _ => "Pending",
    };
    let object = json!({
        "metadata": {
            "name": name, "namespace": "default", "uid": format!("u{ordinal}"),
            "creationTimestamp": "1970-01-01T00:00:00Z",
            "deletionTimestamp": (state == "going").then_some("1970-01-01T00:59:00Z"),
            "labels": {
                "app": "web", "controller-revision-hash": revision,
                "statefulset.kubernetes.io/pod-name": name, "apps.kubernetes.io/pod-index": ordinal.to_string(),
            },
        },
        "spec": {},
        "status": { "phase": phase, "conditions": if state == "ready" { ready } else { json!([]) } },
    });
    Arc::new(view::from_value(object).expect("a pod"))
}

pub(super) type Claims = BTreeMap<String, Arc<PersistentVolumeClaim>>;

pub(super) fn plan_with(set: &StatefulSet, pods: &[Arc<PodView>], claims: &Claims) -> Plan {
    let template = PodTemplateSpec::default();
    let revision = |name| Revision { name, template: &template };
    plan(&View {
        set,
        pods,
        current: revision(OLD),
        update: revision(NEW),
        collisions: 0,
        claim: &|name| claims.get(name).cloned(),
        now: now(),
    })
}

/// What a plan does, in short.
pub(super) fn told(plan: &Plan) -> Vec<String> {
    let one = |op: &Op| match op {
        Op::Create(pod) => {
            let labels = pod.metadata.labels.as_ref().expect("labels");
            format!("create {} {}", pod.name(), labels["controller-revision-hash"])
        }
        Op::Delete(key, _) => format!("delete {}", key.name),
        Op::CreateClaim(pod, claim) => format!("claim {} for {pod}", claim.name()),
        Op::OwnClaim(claim, owners) => {
            let owners: Vec<&str> = owners.iter().map(|owner| owner.name.as_str()).collect();
            format!("own {} {owners:?}", claim.name())
        }
        Op::Identify(key, ..) => format!("identify {}", key.name),
    };
    plan.ops.iter().map(one).collect()
}

fn steps(spec: &Value, pods: &[Arc<PodView>]) -> Vec<String> {
    told(&plan_with(&set(spec), pods, &Claims::new()))
}

#[test]
fn pods_come_one_after_the_other() {
    let ordered = json!({});
    assert_eq!(steps(&ordered, &[]), ["create web-0 web-new"]);
    assert!(steps(&ordered, &[pod(0, NEW, "pending")]).is_empty(), "its predecessor is not ready");
    assert_eq!(steps(&ordered, &[pod(0, NEW, "ready")]), ["create web-1 web-new"]);
    let gap = [pod(0, NEW, "ready"), pod(2, NEW, "ready")];
    assert_eq!(steps(&ordered, &gap), ["create web-1 web-new"]);
    let slow = json!({ "minReadySeconds": 30 });
    let plan = plan_with(&set(&slow), &[pod(0, NEW, "ready")], &Claims::new());
    assert!(plan.ops.is_empty(), "not available yet");
    assert_eq!(plan.requeue, Some(Duration::from_secs(20)));
}

#[test]
fn pods_come_all_at_once_where_they_may() {
    let parallel = json!({ "podManagementPolicy": "Parallel", "ordinals": { "start": 5 } });
    assert_eq!(steps(&parallel, &[pod(6, NEW, "pending")]), ["create web-5 web-new", "create web-7 web-new"]);
}

#[test]
fn ended_pods_are_taken_away_and_come_back_when_they_are_gone() {
    assert_eq!(steps(&json!({}), &[pod(0, NEW, "failed"), pod(1, NEW, "ready")]), ["delete web-0"]);
}

#[test]
fn scaling_down_takes_the_highest_and_waits_for_it_to_be_gone() {
    let one = json!({ "replicas": 1 });
    let all = [pod(0, NEW, "ready"), pod(1, NEW, "ready"), pod(2, NEW, "ready")];
    assert_eq!(steps(&one, &all), ["delete web-2"]);
    let going = [pod(0, NEW, "ready"), pod(1, NEW, "ready"), pod(2, NEW, "going")];
    assert!(steps(&one, &going).is_empty());
    let broken = [pod(0, NEW, "ready"), pod(1, NEW, "pending"), pod(2, NEW, "ready")];
    assert_eq!(steps(&one, &broken), ["delete web-2"]);
    let worse = [pod(0, NEW, "ready"), pod(1, NEW, "pending"), pod(2, NEW, "pending")];
    assert!(steps(&one, &worse).is_empty(), "the lower one is looked at first");
    let unready = [pod(0, NEW, "pending"), pod(1, NEW, "ready")];
    assert!(steps(&one, &unready).is_empty(), "what is wanted is not there yet");
    let parallel = json!({ "replicas": 1, "podManagementPolicy": "Parallel" });
    assert_eq!(steps(&parallel, &worse), ["delete web-2", "delete web-1"]);
}

#[test]
fn an_update_goes_from_the_highest_down_to_the_partition() {
    let all = |states: [&str; 3]| -> Vec<Arc<PodView>> {
        (0..3).zip(states).map(|(ordinal, revision)| pod(ordinal, revision, "ready")).collect()
    };
    assert_eq!(steps(&json!({}), &all([OLD, OLD, OLD])), ["delete web-2"]);
    assert_eq!(steps(&json!({}), &all([OLD, OLD, NEW])), ["delete web-1"]);
    let strategy = json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": 2 } });
    let partition = json!({ "updateStrategy": strategy });
    assert!(steps(&partition, &all([OLD, OLD, NEW])).is_empty());
    assert_eq!(steps(&partition, &[]), ["create web-0 web-old"], "below the partition nothing changes");
    let lost = [pod(0, OLD, "ready"), pod(1, OLD, "ready")];
    assert_eq!(steps(&partition, &lost), ["create web-2 web-new"]);
    let on_delete = json!({ "updateStrategy": { "type": "OnDelete" } });
    assert!(steps(&on_delete, &all([OLD, OLD, OLD])).is_empty());
    assert_eq!(steps(&on_delete, &lost), ["create web-2 web-new"]);
}

/// Kubernetes counted broken old pods against the budget that their own replacement needs (#137409).
#[test]
fn broken_old_pods_do_not_block_a_parallel_update() {
    let strategy =
        json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": 0, "maxUnavailable": 1 } });
    let spec = json!({ "podManagementPolicy": "Parallel", "updateStrategy": strategy });
    let broken: Vec<_> = (0..3).map(|ordinal| pod(ordinal, OLD, "pending")).collect();
    assert_eq!(steps(&spec, &broken), ["delete web-2", "delete web-1", "delete web-0"]);
    let mixed = [pod(0, OLD, "ready"), pod(1, OLD, "pending"), pod(2, NEW, "ready")];
    assert_eq!(steps(&spec, &mixed), ["delete web-1"], "no available pod goes while one is missing");
    let one_at_a_time = json!({ "podManagementPolicy": "Parallel" });
    assert_eq!(steps(&one_at_a_time, &broken), ["delete web-2"]);
}

#[test]
fn several_pods_are_updated_at_once_within_the_bound() {
    let update = |most: Value| {
        let rolling = json!({ "partition": 0, "maxUnavailable": most });
        json!({ "replicas": 5, "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": rolling } })
    };
    let all: Vec<_> = (0..5).map(|ordinal| pod(ordinal, OLD, "ready")).collect();
    assert_eq!(steps(&update(json!(2)), &all), ["delete web-4", "delete web-3"]);
    assert_eq!(steps(&update(json!("50%")), &all), ["delete web-4", "delete web-3"], "rounded down");
    assert_eq!(steps(&update(json!("10%")), &all), ["delete web-4"], "but one at the least");
}

/// Kubernetes waits for ever and says nothing (#67250).
#[test]
fn a_pod_of_a_bad_template_that_was_replaced_is_reported() {
    let pods = [pod(0, "web-bad", "pending")];
    let plan = plan_with(&set(&json!({})), &pods, &Claims::new());
    assert!(plan.ops.is_empty(), "as in Kubernetes");
    let condition = &plan.status.conditions.as_ref().expect("a condition")[0];
    assert_eq!((condition.type_.as_str(), condition.status.as_str()), (ROLLOUT_STUCK, "True"));
    assert!(plan.events[0].2.contains("pod web-0"), "{:?}", plan.events);

    let mut told_before = set(&json!({}));
    told_before.status = Some(plan.status);
    let again = plan_with(&told_before, &pods, &Claims::new());
    assert!(again.events.is_empty() && again.status == told_before.status.clone().expect("a status"));
    let healed = plan_with(&told_before, &[pod(0, NEW, "pending")], &Claims::new());
    assert_eq!(healed.status.conditions, None);
}

#[test]
fn counts_and_the_end_of_an_update() {
    let spec = json!({ "minReadySeconds": 60 });
    let pods = [pod(0, OLD, "ready"), pod(1, NEW, "ready"), pod(2, NEW, "going")];
    let status = plan_with(&set(&spec), &pods, &Claims::new()).status;
    let counts = [
        Some(status.replicas),
        status.ready_replicas,
        status.available_replicas,
        status.current_replicas,
        status.updated_replicas,
    ];
    assert_eq!(counts, [Some(3), Some(2), Some(0), Some(1), Some(1)]);
    assert_eq!((status.current_revision.as_deref(), status.observed_generation), (Some(OLD), Some(2)));
    let done: Vec<_> = (0..3).map(|ordinal| pod(ordinal, NEW, "ready")).collect();
    let status = plan_with(&set(&json!({})), &done, &Claims::new()).status;
    assert_eq!((status.current_revision.as_deref(), status.current_replicas), (Some(NEW), Some(3)));
}

#[test]
fn names_are_read_back() {
    assert_eq!(ordinal_of("web", "web-12"), Some(12));
    for other in ["web-", "web-01", "web-1a", "web-x-1", "webb-1", "web--1", "web-+1"] {
        assert_eq!(ordinal_of("web", other), None, "{other}");
    }
    let made = pod_of(&set(&json!({})), 4, NEW, &PodTemplateSpec::default());
    assert_eq!(ordinal_of("web", made.name()), Some(4));
}

#[test]
fn a_pod_gets_the_labels_of_its_ordinal_back() {
    let mut odd = (*pod(0, NEW, "ready")).clone();
    let mut meta = (*odd.meta).clone();
    meta.labels = [("app", "web"), ("controller-revision-hash", NEW)].into_iter().collect();
    odd.meta = Arc::new(meta);
    let pods = [Arc::new(odd), pod(1, NEW, "ready"), pod(2, NEW, "ready")];
    assert_eq!(steps(&json!({}), &pods), ["identify web-0"]);
}

fn states() -> impl Strategy<Value = Vec<Option<(&'static str, &'static str)>>> {
    let revision = prop_oneof![Just(OLD), Just(NEW)];
    let state =
        prop_oneof![3 => Just("ready"), 1 => Just("pending"), 1 => Just("failed"), 1 => Just("going")];
    proptest::collection::vec(proptest::option::weighted(0.8, (revision, state)), 0..7)
}

proptest! {
    /// Whatever there is, carrying plans out and letting the nodes do their part ends with what is wanted, and no step
    /// makes a second pod of an ordinal; in order, none is made before its predecessors are ready.
    #[test]
    fn every_state_comes_to_rest(
        states in states(),
        replicas in 0..6_i32,
        parallel in any::<bool>(),
        most in proptest::option::of(1..4_i32),
    ) {
        let policy = if parallel { "Parallel" } else { "OrderedReady" };
        let rolling = json!({ "partition": 0, "maxUnavailable": most });
        let set = set(&json!({
            "replicas": replicas, "podManagementPolicy": policy,
            "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": rolling },
        }));
        let wanted = Wanted::of(&set).expect("a spec");
        prop_assert_eq!(wanted.ordered, !parallel);
        let mut pods: BTreeMap<i32, Arc<PodView>> = (0..)
            .zip(&states)
            .filter_map(|(ordinal, state)| state.map(|(revision, state)| (ordinal, pod(ordinal, revision, state))))
            .collect();
        for round in 0..100 {
            let all: Vec<_> = pods.values().cloned().collect();
            let plan = plan_with(&set, &all, &Claims::new());
            for op in &plan.ops {
                match op {
                    Op::Create(made) => {
                        let ordinal = ordinal_of("web", made.name()).expect("a name");
                        let before = all.iter().filter(|pod| ordinal_of("web", &pod.meta.name) < Some(ordinal));
                        prop_assert!(parallel || before.into_iter().all(|pod| pod.is_ready()));
                        let labels = made.metadata.labels.as_ref().expect("labels");
                        let revision = labels["controller-revision-hash"].as_str();
                        prop_assert!(pods.insert(ordinal, pod(ordinal, revision, "pending")).is_none());
                    }
                    Op::Delete(key, _) => {
                        let ordinal = ordinal_of("web", &key.name).expect("a name");
                        let revision = super::identity::revision_of(&pods[&ordinal]).to_owned();
                        pods.insert(ordinal, pod(ordinal, &revision, "going"));
                    }
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            let still = plan.ops.is_empty() && all.iter().all(|pod| pod.is_ready());
            if still {
                prop_assert_eq!(pods.len(), usize::try_from(replicas).expect("a count"));
                prop_assert!(all.iter().all(|pod| super::identity::revision_of(pod) == NEW));
                return Ok(());
            }
            // Nodes: what goes is gone, and what starts becomes ready.
            pods.retain(|_, pod| !pod.is_terminating());
            for (ordinal, each) in &mut pods {
                if !each.is_terminal() {
                    let revision = super::identity::revision_of(each).to_owned();
                    *each = pod(*ordinal, &revision, "ready");
                }
            }
            prop_assert!(round < 99, "it does not come to rest: {:?}", told(&plan));
        }
    }
}
