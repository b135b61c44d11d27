//! ReplicaSets converge from anywhere.

use super::plan::{BURST, Op, Plan, View, plan, status, wanted};
use super::tallies::{count, steady};
use jiff::Timestamp;
use kube_core::kinds::apps::v1::ReplicaSet;
use kube_core::resource::ResourceExt;
use kube_core::view::{self, PodView};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

fn set(replicas: i32) -> ReplicaSet {
    serde_json::from_value(json!({
        "metadata": { "name": "web", "namespace": "default", "uid": "s", "generation": 3 },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": { "app": "web", "tier": "front" } } },
        },
    }))
    .expect("a replica set")
}

/// A pod of a random kind.
#[derive(Clone, Debug)]
struct Case {
    owner: Option<&'static str>,
    app: &'static str,
    phase: &'static str,
    ready_since: Option<i64>,
    terminating: bool,
}

impl Case {
    fn fresh() -> Self {
        Self { owner: Some("s"), app: "web", phase: "Pending", ready_since: None, terminating: false }
    }

    fn view(&self, number: usize) -> Arc<PodView> {
        let owners: Vec<Value> = self
            .owner
            .iter()
            .map(|uid| json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": uid, "controller": true }))
            .collect();
        let ready = self.ready_since.map(|since| {
            let since = Timestamp::from_second(since).expect("a time").to_string();
            json!({ "type": "Ready", "status": "True", "lastTransitionTime": since })
        });
        let pod = json!({
            "metadata": {
                "name": format!("p{number}"),
                "namespace": "default",
                "uid": format!("u{number}"),
                "labels": { "app": self.app },
                "ownerReferences": owners,
                "deletionTimestamp": self.terminating.then_some("2020-01-01T00:00:00Z"),
            },
            "spec": {},
            "status": { "phase": self.phase, "conditions": ready.into_iter().collect::<Vec<_>>() },
        });
        Arc::new(view::from_value(pod).expect("a pod"))
    }
}

fn pods() -> impl Strategy<Value = Vec<Case>> {
    let owner = prop_oneof![4 => Just(Some("s")), 1 => Just(Some("other")), 1 => Just(None)];
    let app = prop_oneof![5 => Just("web"), 1 => Just("other")];
    let phase =
        prop_oneof![Just("Pending"), Just("Running"), Just("Failed"), Just("Succeeded"), Just("Unknown")];
    let ready = proptest::option::of(0..100_i64);
    let one = (owner, app, phase, ready, any::<bool>()).prop_map(
        |(owner, app, phase, ready_since, terminating)| Case { owner, app, phase, ready_since, terminating },
    );
    proptest::collection::vec(one, 0..20)
}

fn views(pods: &[Case]) -> Vec<Arc<PodView>> {
    pods.iter().enumerate().map(|(number, pod)| pod.view(number)).collect()
}

fn plan_for(set: &ReplicaSet, pods: &[Arc<PodView>], now: i64) -> Plan {
    let now = Timestamp::from_second(now).expect("a time");
    plan(&View { set, pods, related: &|| pods.to_vec(), now })
}

fn execute(pods: &mut Vec<Case>, ops: &[Op]) {
    let position = |uid: &str| uid.trim_start_matches('u').parse::<usize>().expect("a number");
    let before = pods.len();
    for op in ops {
        match op {
            Op::Create => pods.push(Case::fresh()),
            Op::Adopt(_, uid) => pods[position(uid.as_str())].owner = Some("s"),
            Op::Release(_, uid) => pods[position(uid.as_str())].owner = None,
            Op::Delete(_, uid) => {
                let victim = position(uid.as_str());
                assert!(victim < before && pods[victim].owner == Some("s") && pods[victim].app == "web");
                pods[victim].terminating = true;
            }
        }
    }
}

proptest! {
    #[test]
    fn one_step_reaches_the_wanted_number_and_the_next_is_empty(replicas in 0..15_i32, start in pods()) {
        let set = set(replicas);
        let mut pods = start;
        let first = plan_for(&set, &views(&pods), 100);
        execute(&mut pods, &first.ops);
        let second = plan_for(&set, &views(&pods), 100);
        prop_assert!(second.ops.is_empty(), "{:?}", second.ops);
        prop_assert_eq!(second.tally.active, replicas);
        let strangers = pods.iter().filter(|pod| pod.owner == Some("other"));
        prop_assert!(strangers.count() <= 20);
    }

    #[test]
    fn deleting_takes_no_ready_pod_while_others_are_left(replicas in 0..15_i32, start in pods()) {
        let views = views(&start);
        let plan = plan_for(&set(replicas), &views, 100);
        let find = |uid: &str| views.iter().find(|pod| pod.meta.uid.as_str() == uid).expect("a pod");
        let doomed: Vec<&Arc<PodView>> = plan.ops.iter().filter_map(|op| match op {
            Op::Delete(_, uid) => Some(find(uid.as_str())),
            _ => None,
        }).collect();
        let is_doomed = |pod: &Arc<PodView>| doomed.iter().any(|other| other.meta.uid == pod.meta.uid);
        let spared = views.iter().any(|pod| {
            pod.is_active() && !pod.is_ready() && pod.status.phase == view::PodPhase::Running
                && pod.meta.controller().is_some_and(|owner| owner.uid.as_str() == "s")
                && pod.meta.labels.get("app").map(AsRef::as_ref) == Some("web") && !is_doomed(pod)
        });
        let ready_running = doomed.iter().any(|pod| pod.is_ready() && pod.status.phase == view::PodPhase::Running);
        prop_assert!(!(spared && ready_running));
    }
}

proptest! {
    #[test]
    fn counted_by_changes_it_is_the_same(replicas in 0..6_i32, first in pods(), then in pods()) {
        let mut groups = BTreeMap::new();
        let (first, then) = (views(&first), views(&then));
        for by in [1, -1] {
            for pod in &first {
                count(&mut groups, pod, by);
            }
        }
        prop_assert!(groups.is_empty());
        for pod in &then {
            count(&mut groups, pod, 1);
        }
        let set = set(replicas);
        let owned: Vec<_> = then.into_iter().filter(|pod| pod.meta.controller().is_some()).collect();
        let plan = plan_for(&set, &owned, 100);
        let counted = groups.get(&set.uid()).and_then(|group| steady(&set, group));
        if let Some(tally) = counted {
            prop_assert_eq!(plan, Plan { tally, ..Plan::default() });
        } else {
            let ours = |pod: &Arc<PodView>| pod.meta.controller().is_some_and(|owner| owner.uid == set.uid());
            let strays = owned.iter().any(|pod| ours(pod) && pod.meta.labels.get("app").is_none_or(|app| **app != *"web"));
            prop_assert!(!plan.ops.is_empty() || strays || !owned.iter().any(ours));
        }
    }
}

#[test]
fn a_large_gap_is_closed_in_bursts() {
    let plan = plan_for(&set(1200), &[], 0);
    assert_eq!(plan.ops.len(), BURST);
}

#[test]
fn a_set_that_goes_neither_creates_nor_adopts() {
    let mut set = set(3);
    set.metadata.deletion_timestamp = Some(kube_core::kinds::meta::v1::Time(Timestamp::UNIX_EPOCH));
    let orphan = Case { owner: None, ..Case::fresh() };
    assert!(plan_for(&set, &views(&[orphan]), 0).ops.is_empty());
}

#[test]
fn pods_become_available_by_waiting() {
    let mut set = set(2);
    set.spec.as_mut().expect("a spec").min_ready_seconds = Some(10);
    let ready = |since| Case { phase: "Running", ready_since: Some(since), ..Case::fresh() };
    let plan = plan_for(&set, &views(&[ready(90), ready(97)]), 101);
    assert_eq!((plan.tally.ready, plan.tally.available), (2, 1));
    assert_eq!(plan.requeue, Some(Duration::from_secs(6)));
}

#[test]
fn a_failure_is_reported_until_it_is_over() {
    let mut set = set(2);
    let tally = plan_for(&set, &[], 0).tally;
    let now = Timestamp::UNIX_EPOCH;
    let failed = status(&set, &tally, Some("no room"), now);
    let condition = &failed.conditions.as_ref().expect("a condition")[0];
    assert_eq!(
        (condition.reason.as_deref(), condition.message.as_deref()),
        (Some("FailedCreate"), Some("no room"))
    );
    set.status = Some(failed.clone());
    assert_eq!(status(&set, &tally, Some("still no room"), now), failed);
    assert_eq!(status(&set, &tally, None, now).conditions, None);
    assert_eq!((wanted(&set), failed.observed_generation), (2, Some(3)));
}
