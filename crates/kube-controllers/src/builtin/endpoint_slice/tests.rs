//! Which pods a Service's slices are planned from.

use super::plan::{View, plan};
use kube_core::kinds::core::v1::Service;
use kube_core::view::{self, NodeView, PodView};
use serde_json::{Value, json};
use std::sync::Arc;

fn pod(name: &str, app: &str) -> Arc<PodView> {
    let pod = json!({
        "metadata": { "name": name, "namespace": "default", "uid": name, "labels": { "app": app } },
        "spec": { "nodeName": "n" },
        "status": { "phase": "Running", "podIP": "10.0.0.1", "podIPs": [{ "ip": "10.0.0.1" }] },
    });
    Arc::new(view::from_value(pod).expect("a pod"))
}

fn planned_endpoints(spec: &Value) -> usize {
    let service = json!({ "metadata": { "name": "web", "namespace": "default", "uid": "s" }, "spec": spec });
    let service: Service = serde_json::from_value(service).expect("a service");
    let pods = [pod("a", "web"), pod("b", "other")];
    let nodes = |_: &str| Some(Arc::new(NodeView::default()));
    let plan = plan(&View { service: &service, pods: &pods, nodes: &nodes, slices: &[] });
    plan.create.iter().flat_map(|slice| slice.endpoints.iter().flatten()).count()
}

#[test]
fn pods_are_those_with_every_label() {
    let spec = json!({ "ipFamilies": ["IPv4"], "clusterIP": "10.0.0.9", "selector": { "app": "web" } });
    assert_eq!(planned_endpoints(&spec), 1);
    let spec = json!({ "ipFamilies": ["IPv4"], "selector": { "app": "web", "tier": "front" } });
    assert_eq!(planned_endpoints(&spec), 0);
}

#[test]
fn services_without_selector_and_names_have_no_slices_of_ours() {
    assert_eq!(planned_endpoints(&json!({ "ipFamilies": ["IPv4"] })), 0);
    assert_eq!(planned_endpoints(&json!({ "type": "ExternalName", "selector": { "app": "web" } })), 0);
}
