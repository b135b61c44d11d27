//! Which pods of a Job go when there are too many.

use super::backoff::Backoff;
use super::plan::{Op, View, plan};
use super::pods::COMPLETION_INDEX;
use super::tests::job;
use crate::builtin::replica_set::DELETION_COST;
use jiff::Timestamp;
use kube_core::view::{self, PodView};
use serde_json::{Value, json};
use std::sync::Arc;

fn pod(name: &str, ready_since: Option<&str>, annotations: &Value) -> Arc<PodView> {
    let status = if ready_since.is_some() { "True" } else { "False" };
    let pod = json!({
        "metadata": {
            "name": name, "namespace": "default", "uid": name, "annotations": annotations,
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": { "nodeName": "n", "containers": [] },
        "status": {
            "phase": "Running",
            "conditions": [{ "type": "Ready", "status": status, "lastTransitionTime": ready_since }],
        },
    });
    Arc::new(view::from_value(pod).expect("a pod"))
}

fn deleted(spec: &Value, pods: &[Arc<PodView>]) -> Vec<String> {
    let now: Timestamp = "2026-01-01T01:00:00Z".parse().expect("a time");
    let plan = plan(&View { job: &job(spec), pods, backoff: Backoff::default(), now }).expect("a plan");
    let names = plan.ops.into_iter().map(|op| match op {
        Op::Delete(key, _) => key.name.to_string(),
        Op::Withdraw(pod) => pod.meta.name.to_string(),
        Op::Create(new) => format!("{new:?}"),
    });
    names.collect()
}

/// As Kubernetes sorts pods of Jobs: by the second, where those of ReplicaSets go by the order of magnitude.
#[test]
fn of_ready_pods_the_youngest_go_and_costs_do_not_matter() {
    let cost = json!({ DELETION_COST: "-100" });
    let pods = [
        pod("a", Some("2026-01-01T00:10:01Z"), &json!({})),
        pod("b", Some("2026-01-01T00:10:02Z"), &json!({})),
        pod("c", Some("2026-01-01T00:10:00Z"), &cost),
        pod("d", None, &json!({})),
    ];
    assert_eq!(deleted(&json!({ "completions": 4, "parallelism": 2 }), &pods), ["d", "b"]);
    assert_eq!(deleted(&json!({ "completions": 4, "parallelism": 1 }), &pods), ["d", "b", "a"]);
}

#[test]
fn pods_without_a_place_go_first_whatever_they_are() {
    let index = |index: &str| json!({ COMPLETION_INDEX: index });
    let pods = [
        pod("a", Some("2026-01-01T00:10:00Z"), &index("0")),
        pod("b", Some("2026-01-01T00:10:01Z"), &index("0")),
        pod("c", None, &index("1")),
        pod("d", Some("2026-01-01T00:10:00Z"), &index("2")),
        pod("e", Some("2026-01-01T00:10:00Z"), &json!({})),
    ];
    let spec = json!({ "completions": 2, "parallelism": 2, "completionMode": "Indexed" });
    let mut gone = deleted(&spec, &pods);
    gone.sort();
    assert_eq!(gone, ["b", "d", "e"]);
}
