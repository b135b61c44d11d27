//! When balancers are made, changed and removed.

use super::plan::{Made, Plan, View, former, plan};
use super::some_of;
use kube_core::kinds::core::v1::{LoadBalancerStatus, Service};
use kube_core::view::NodeView;
use kube_net::cloud::FINALIZER;
use serde_json::{Value, json};
use std::sync::Arc;

fn service(change: impl FnOnce(&mut Value)) -> Arc<Service> {
    let mut service = json!({
        "metadata": {"name": "web", "namespace": "prod", "uid": "u1", "finalizers": [FINALIZER]},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30080}]},
        "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.1", "ipMode": "VIP"}]}},
    });
    change(&mut service);
    Arc::new(serde_json::from_value(service).expect("a service"))
}

fn nodes(names: &[&str]) -> Vec<Arc<NodeView>> {
    let node = |name: &&str| {
        kube_core::view::from_value(json!({"metadata": {"name": name}})).map(Arc::new).expect("a node")
    };
    names.iter().map(node).collect()
}

fn made(change: impl FnOnce(&mut Value)) -> Made {
    let status = json!({"ingress": [{"ip": "203.0.113.1"}]});
    let status: LoadBalancerStatus = serde_json::from_value(status).expect("a status");
    Made { service: service(change), nodes: vec!["a".into(), "b".into()], status: Some(status) }
}

/// The plan for what `change` makes of a Service whose balancer is as it should be.
fn after(change: impl FnOnce(&mut Value)) -> Plan {
    let (service, made, nodes) = (service(change), made(|_| {}), nodes(&["a", "b"]));
    let view = View { service: Some(&service), made: Some(&made), nodes: &nodes };
    assert!(former(&view).is_none());
    plan(&view)
}

/// The plan of a controller that knows of nothing.
fn at_start(change: impl FnOnce(&mut Value)) -> Plan {
    plan(&View { service: Some(&service(change)), made: None, nodes: &nodes(&["a"]) })
}

#[test]
fn a_balancer_that_is_as_it_should_be_is_left_alone() {
    assert_eq!(after(|_| {}), Plan::Nothing);
    assert_eq!(after(|service| service["metadata"]["labels"] = json!({"a": "b"})), Plan::Nothing);
    assert_eq!(after(|service| service["spec"]["selector"] = json!({"a": "b"})), Plan::Nothing);
    assert_eq!(after(|service| service["status"] = json!({})), Plan::Report);
}

#[test]
fn what_a_balancer_depends_on_is_brought_to_it() {
    for (field, value) in [
        ("ports", json!([{"port": 81, "nodePort": 30080}])),
        ("loadBalancerSourceRanges", json!(["10.0.0.0/8"])),
        ("sessionAffinity", json!("ClientIP")),
        ("loadBalancerIP", json!("203.0.113.9")),
        ("externalIPs", json!(["192.0.2.1"])),
        ("externalTrafficPolicy", json!("Local")),
        ("healthCheckNodePort", json!(31000)),
        ("ipFamilies", json!(["IPv4", "IPv6"])),
    ] {
        assert_eq!(after(|service| service["spec"][field] = value), Plan::Ensure, "{field}");
    }
    let noted = |service: &mut Value| service["metadata"]["annotations"] = json!({"tier": "fast"});
    assert_eq!(after(noted), Plan::Ensure);
    assert_eq!(at_start(|_| {}), Plan::Ensure, "what an earlier process made is looked at once");
}

#[test]
fn nodes_come_and_go() {
    let (service, made) = (service(|_| {}), made(|_| {}));
    let with =
        |names: &[&str]| plan(&View { service: Some(&service), made: Some(&made), nodes: &nodes(names) });
    assert_eq!(with(&["a"]), Plan::UpdateNodes);
    assert_eq!(with(&["a", "c"]), Plan::UpdateNodes);
    assert_eq!(with(&["a", "b"]), Plan::Nothing);
    // An answer that never came leaves open what is there.
    let open = Made { status: None, ..made.clone() };
    assert_eq!(
        plan(&View { service: Some(&service), made: Some(&open), nodes: &nodes(&["a"]) }),
        Plan::Ensure
    );
}

#[test]
fn a_service_is_held_before_it_gets_a_balancer_and_let_go_after() {
    let free = |service: &mut Value| service["metadata"]["finalizers"] = json!(null);
    assert_eq!(at_start(free), Plan::Hold);
    assert_eq!(after(free), Plan::Hold, "somebody took the finalizer off");
    let deleted =
        |service: &mut Value| service["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    assert_eq!((after(deleted), at_start(deleted)), (Plan::Remove, Plan::Remove));
    let changed = |service: &mut Value| service["spec"]["type"] = json!("ClusterIP");
    assert_eq!((after(changed), at_start(changed)), (Plan::Remove, Plan::Remove));
    let done = |service: &mut Value| {
        changed(service);
        free(service);
    };
    assert_eq!(at_start(done), Plan::Nothing);
}

#[test]
fn services_with_a_class_are_another_controllers() {
    let classed = |service: &mut Value| service["spec"]["loadBalancerClass"] = json!("example.com/other");
    assert_eq!(at_start(classed), Plan::RemoveIfThere);
    assert_eq!(after(classed), Plan::Remove, "it had one of ours");
    let free = |service: &mut Value| {
        classed(service);
        service["metadata"]["finalizers"] = json!(null);
    };
    assert_eq!(at_start(free), Plan::Nothing);
}

#[test]
fn a_service_that_slipped_away_leaves_its_balancer_to_be_removed() {
    let (made, service) = (made(|_| {}), service(|service| service["metadata"]["uid"] = json!("u2")));
    for service in [None, Some(&*service)] {
        let view = View { service, made: Some(&made), nodes: &[] };
        assert!(former(&view).is_some_and(|former| former.service.metadata.uid.as_deref() == Some("u1")));
    }
}

#[test]
fn notes_name_some_nodes() {
    assert_eq!(some_of(&["a", "b"]), "[a b]");
    let many = ["n"; 22];
    assert_eq!(some_of(&many), format!("[{} <2 more>]", ["n"; 20].join(" ")));
}
