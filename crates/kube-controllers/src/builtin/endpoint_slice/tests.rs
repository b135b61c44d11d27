//! Which pods a Service's slices are planned from.

use super::pace::Paces;
use super::plan::{View, plan};
use kube_core::env::Mono;
use kube_core::kinds::core::v1::Service;
use kube_core::resource::ObjectKey;
use kube_core::view::{self, NodeView, PodView};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

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
    let plan = plan(&View { service: &service, pods: &pods, nodes: &nodes, slices: &[], zones: None });
    plan.slices.create.iter().flat_map(|slice| slice.endpoints.iter().flatten()).count()
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

#[test]
fn ports_that_lead_nowhere_are_told() {
    let service = json!({
        "metadata": { "name": "web", "namespace": "default", "uid": "s" },
        "spec": { "selector": { "app": "web" }, "ipFamilies": ["IPv4"], "ports": [
            { "name": "http", "port": 80 },
            { "name": "admin", "port": 81, "targetPort": "adm", "protocol": "UDP" },
        ] },
    });
    let service: Service = serde_json::from_value(service).expect("a service");
    let nodes = |_: &str| Some(Arc::new(NodeView::default()));
    let told = |pods: &[Arc<PodView>]| -> Vec<String> {
        let plan = plan(&View { service: &service, pods, nodes: &nodes, slices: &[], zones: None });
        plan.unresolved.iter().map(ToString::to_string).collect()
    };
    let nowhere =
        "port 81 (admin) cannot be resolved: none of the 1 selected pods has a UDP port named \"adm\"";
    assert_eq!(told(&[pod("a", "web"), pod("b", "other")]), [nowhere]);
    assert_eq!(told(&[pod("b", "other")]), [""; 0], "nothing is known without pods");
    let with = |protocol: &str| {
        let mut with = json!({
            "metadata": { "name": "c", "namespace": "default", "uid": "c", "labels": { "app": "web" } },
            "spec": { "containers": [{ "name": "c", "ports": [
                { "name": "adm", "containerPort": 9, "protocol": protocol },
            ] }] },
        });
        with["status"] = json!({ "phase": "Running", "podIP": "10.0.0.3", "podIPs": [{ "ip": "10.0.0.3" }] });
        Arc::new(view::from_value(with).expect("a pod"))
    };
    assert_eq!(told(&[with("TCP")]), [nowhere]);
    assert_eq!(told(&[pod("a", "web"), with("UDP")]), [""; 0], "one pod is enough");
}

#[test]
fn a_service_among_many_pods_rests_between_plans() {
    let (paces, service) = (Paces::default(), ObjectKey::new("default", "web"));
    let at = |millis: u64| Mono::from_nanos(millis * 1_000_000);
    paces.planned(&service, 999, at(0));
    assert_eq!(paces.rest(&service, at(0)), None);
    paces.planned(&service, 3_000, at(0));
    assert_eq!(paces.rest(&service, at(10)), Some(Duration::from_millis(80)));
    assert_eq!(paces.rest(&service, at(90)), None);
    assert_eq!(paces.rest(&ObjectKey::new("default", "other"), at(10)), None);
    paces.forget(&service);
    assert_eq!(paces.rest(&service, at(10)), None);
}
