//! Which pods nobody else takes away.

use super::plan::{Why, surplus, verdict};
use kube_core::view::{self, NodeView, PodView};
use serde_json::json;
use std::sync::Arc;

fn pod(node: Option<&str>, terminating: bool) -> PodView {
    let object = json!({
        "metadata": { "name": "p", "deletionTimestamp": terminating.then_some("2026-01-01T00:00:00Z") },
        "spec": { "nodeName": node },
        "status": { "phase": "Running" },
    });
    view::from_value(object).expect("a pod")
}

fn node(ready: bool, out_of_service: bool) -> NodeView {
    let taint =
        json!({ "key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute" });
    let object = json!({
        "metadata": { "name": "n" },
        "spec": { "taints": if out_of_service { vec![taint] } else { vec![] } },
        "status": { "conditions": [{ "type": "Ready", "status": if ready { "True" } else { "Unknown" } }] },
    });
    view::from_value(object).expect("a node")
}

#[test]
fn a_pod_goes_when_no_node_will_end_it() {
    assert_eq!(verdict(&pod(None, false), None), None);
    assert_eq!(verdict(&pod(None, true), None), Some(Why::Unscheduled));
    assert_eq!(verdict(&pod(Some("n"), false), None), Some(Why::Orphaned));
    assert_eq!(verdict(&pod(Some("n"), true), Some(&node(true, false))), None);
    assert_eq!(verdict(&pod(Some("n"), true), Some(&node(true, true))), None, "the node is ready");
    assert_eq!(verdict(&pod(Some("n"), true), Some(&node(false, false))), None, "the node may come back");
    assert_eq!(verdict(&pod(Some("n"), false), Some(&node(false, true))), None, "nobody deleted it");
    assert_eq!(verdict(&pod(Some("n"), true), Some(&node(false, true))), Some(Why::OutOfService));
}

#[test]
fn evicted_pods_go_first_and_then_the_oldest() {
    let ended = |name: &str, created: &str, reason: &str| {
        let meta = json!({ "name": name, "creationTimestamp": created });
        let object =
            json!({ "metadata": meta, "spec": {}, "status": { "phase": "Failed", "reason": reason } });
        Arc::new(view::from_value::<PodView>(object).expect("a pod"))
    };
    let pods = vec![
        ended("young", "2026-01-03T00:00:00Z", ""),
        ended("old", "2026-01-01T00:00:00Z", ""),
        ended("evicted", "2026-01-04T00:00:00Z", "Evicted"),
    ];
    let names = |threshold: usize| -> Vec<String> {
        surplus(pods.clone(), threshold).iter().map(|pod| pod.meta.name.to_string()).collect()
    };
    assert_eq!(names(1), ["evicted", "old"]);
    assert_eq!(names(2), ["evicted"]);
    assert!(names(3).is_empty() && names(0).is_empty());
}
