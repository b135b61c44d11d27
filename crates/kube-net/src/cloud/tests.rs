//! What balancers get, keep and give back.

use super::{CloudError, CloudProvider, MemoryCloud, balancer_name, balancer_nodes, needs_balancer};
use futures::FutureExt;
use kube_core::kinds::core::v1::{LoadBalancerStatus, Node, Service};
use kube_core::view::NodeView;
use serde_json::{Value, json};
use std::sync::Arc;

fn service(uid: &str, more: Value) -> Service {
    let mut spec = json!({"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30080}]});
    let Value::Object(more) = more else { panic!("an object") };
    spec.as_object_mut().unwrap().extend(more);
    serde_json::from_value(json!({"metadata": {"name": uid, "namespace": "prod", "uid": uid}, "spec": spec}))
        .unwrap()
}

fn node(name: &str, ready: bool, more: &Value) -> Arc<NodeView> {
    let mut node = json!({
        "metadata": {"name": name},
        "status": {"conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}]},
    });
    for (field, value) in more.as_object().unwrap() {
        if field == "labels" {
            node["metadata"]["labels"] = value.clone();
        } else {
            node["spec"] = value.clone();
        }
    }
    let node: Node = serde_json::from_value(node).unwrap();
    Arc::new(kube_core::view::of(&node).unwrap())
}

/// Nothing in memory waits.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("answers at once")
}

fn address(status: &LoadBalancerStatus) -> String {
    status.ingress.as_ref().unwrap()[0].ip.clone().unwrap()
}

#[test]
fn addresses_are_kept_and_come_back() {
    let cloud = MemoryCloud::new("203.0.113.0/29".parse().unwrap());
    let ensure = |service: &Service| block_on(cloud.ensure(service, &[])).map(|status| address(&status));
    let all: Vec<Service> = (1..=7).map(|n| service(&format!("u{n}"), json!({}))).collect();
    for (n, service) in all.iter().take(6).enumerate() {
        assert_eq!(ensure(service), Ok(format!("203.0.113.{}", n + 1)));
    }
    assert_eq!(ensure(&all[2]), Ok("203.0.113.3".to_owned()), "it has one");
    assert!(matches!(ensure(&all[6]), Err(CloudError::Temporary { .. })));
    block_on(cloud.remove(&all[3])).unwrap();
    block_on(cloud.remove(&all[3])).unwrap();
    assert_eq!(block_on(cloud.status(&all[3])), Ok(None));
    assert_eq!(ensure(&all[6]), Ok("203.0.113.4".to_owned()));
    let wish = |ip: &str| ensure(&service("w", json!({"loadBalancerIP": ip}))).unwrap_err().to_string();
    assert_eq!(wish("203.0.113.4"), "spec.loadBalancerIP: 203.0.113.4 is in use");
    assert_eq!(wish("10.0.0.1"), "spec.loadBalancerIP: 10.0.0.1 is not in 203.0.113.0/29");
    assert_eq!(wish("x"), "spec.loadBalancerIP: \"x\" is no address");
}

#[test]
fn nodes_stand_behind_as_kubernetes_has_it() {
    let nodes = [
        node("b", true, &json!({})),
        node("a", true, &json!({})),
        node("down", false, &json!({})),
        node("out", true, &json!({"labels": {super::EXCLUDE_LABEL: ""}})),
        node("in", true, &json!({"labels": {super::EXCLUDE_LABEL: "false"}})),
        node(
            "leaving",
            true,
            &json!({"spec": {"taints": [{"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"}]}}),
        ),
    ];
    let names: Vec<String> = balancer_nodes(&nodes).iter().map(|node| node.meta.name.to_string()).collect();
    assert_eq!(names, ["a", "b", "down", "in"]);

    let local = service("u", json!({"externalTrafficPolicy": "Local", "healthCheckNodePort": 31000}));
    let cloud = MemoryCloud::new("203.0.113.0/29".parse().unwrap());
    let missing = block_on(cloud.update_nodes(&local, &nodes));
    assert_eq!(missing, Err(CloudError::Missing { name: "au".to_owned() }));
    block_on(cloud.ensure(&local, &nodes[..1])).unwrap();
    block_on(cloud.update_nodes(&local, &nodes)).unwrap();
    let made = &cloud.balancers()["au"];
    assert_eq!((made.nodes.len(), made.health_check_port), (4, Some(31000)));
    assert_eq!(made.ports, [("TCP".to_owned(), 80, 30080)]);
}

#[test]
fn failures_are_for_a_while_and_change_nothing() {
    let cloud = MemoryCloud::new("203.0.113.0/29".parse().unwrap());
    cloud.fail(1);
    let web = service("u", json!({}));
    assert!(matches!(block_on(cloud.ensure(&web, &[])), Err(CloudError::Temporary { .. })));
    assert!(cloud.balancers().is_empty());
    assert!(block_on(cloud.ensure(&web, &[])).is_ok());
}

#[test]
fn who_gets_one() {
    assert!(needs_balancer(&service("u", json!({}))));
    assert!(!needs_balancer(&service("u", json!({"loadBalancerClass": "example.com/other"}))));
    assert!(!needs_balancer(&service("u", json!({"type": "NodePort"}))));
    let long = service("5f0c9d1e-0000-4000-8000-123456789abc", json!({}));
    assert_eq!(balancer_name(&long), "a5f0c9d1e000040008000123456789ab");
}
