//! What the vectors do not show: reading, reported resources, single options.

use super::{Options, PodResources, QosClass, ResourceList, Resources, pod_limits, pod_requests, qos_class};
use crate::quantity::Quantity;
use serde_json::{Value, json};

fn list(json: Value) -> ResourceList {
    serde_json::from_value(json).expect("a list")
}

fn pod(json: Value) -> PodResources {
    serde_json::from_value(json).expect("a pod")
}

fn q(text: &str) -> Quantity {
    text.parse().expect("a quantity")
}

#[test]
fn lists_stay_sorted() {
    let mut list = list(json!({"pods": 1, "memory": "1Gi", "cpu": "1", "example.com/gpu": 2}));
    let names: Vec<&str> = list.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["cpu", "example.com/gpu", "memory", "pods"]);
    assert_eq!(list.insert("cpu", q("2")), Some(q("1")));
    assert_eq!(list.insert("a", q("0")), None);
    assert_eq!((list.len(), list.contains("a"), list.get("b")), (5, true, None));
    assert_eq!(list.remove("a"), Some(q("0")));
    assert_eq!(list.remove("a"), None);
    let text = serde_json::to_string(&list).expect("JSON");
    assert_eq!(text, r#"{"cpu":"2","example.com/gpu":"2","memory":"1Gi","pods":"1"}"#);
}

#[test]
fn equality_is_by_value() {
    assert_eq!(list(json!({"memory": "1Gi"})), list(json!({"memory": "1024Mi"})));
    assert_ne!(list(json!({"memory": "0"})), ResourceList::new());
}

#[test]
fn null_is_absent() {
    let read = pod(json!({"spec": {
        "containers": [{"name": "a", "resources": null, "restartPolicy": null}, {"resources": {"requests": null}}],
        "initContainers": null, "overhead": null, "resources": null,
    }, "status": null}));
    assert_eq!(read.containers.len(), 2);
    assert_eq!((read.pod_level, read.containers[1].resources.clone()), (None, Resources::default()));
    assert_eq!(pod(json!({})), PodResources::default());
    assert_eq!(qos_class(&PodResources::default()), QosClass::BestEffort);
}

#[test]
fn an_infeasible_resize_counts_only_what_is() {
    let json = |reason: &str| {
        json!({
            "spec": {"containers": [{"name": "a", "resources": {"requests": {"cpu": "4"}, "limits": {"cpu": "8"}}}]},
            "status": {
                "conditions": [{"type": "Ready"}, {"type": "PodResizePending", "reason": reason}],
                "containerStatuses": [{
                    "name": "a",
                    "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}},
                    "allocatedResources": {"cpu": "3"},
                }],
            },
        })
    };
    let status = Options { use_status: true, ..Options::default() };
    for (reason, requests, limits) in [("Infeasible", "3", "2"), ("Deferred", "4", "8")] {
        let pod = pod(json(reason));
        assert_eq!(pod_requests(&pod, &status).get("cpu"), Some(q(requests)), "{reason}");
        assert_eq!(pod_limits(&pod, &status).get("cpu"), Some(q(limits)), "{reason}");
        assert_eq!(pod_requests(&pod, &Options::default()).get("cpu"), Some(q("4")));
    }
}

#[test]
fn pod_level_status_counts_only_when_asked() {
    let pod = pod(json!({
        "spec": {"containers": [{"name": "a"}], "resources": {"requests": {"cpu": "1", "example.com/gpu": "1"}}},
        "status": {"resources": {"requests": {"cpu": "2"}}, "allocatedResources": {"cpu": "3"}},
    }));
    let status = Options { use_status: true, ..Options::default() };
    let both = Options { use_pod_level_status: true, ..status.clone() };
    assert_eq!(pod_requests(&pod, &status), list(json!({"cpu": "1"})));
    assert_eq!(pod_requests(&pod, &both), list(json!({"cpu": "3"})));
}

#[test]
fn containers_can_be_left_out() {
    let pod = pod(json!({"spec": {
        "containers": [{"name": "a", "resources": {"requests": {"cpu": "1", "memory": "1"}}}],
        "resources": {"requests": {"cpu": "2"}},
    }}));
    let options = Options { skip_containers: true, ..Options::default() };
    assert_eq!(pod_requests(&pod, &options), list(json!({"cpu": "2"})));
}
