//! What single Services get, keep and give back.

use super::{ranges, run, world};
use kube_net::alloc::{PortRange, ServiceRanges};
use kube_store::service::DeleteOptions;
use serde_json::{Value, json};

fn one_port() -> Value {
    json!([{"port": 80}])
}

#[test]
fn a_service_gets_an_address_with_its_own_object() {
    let w = world(ServiceRanges::default());
    let spec = w.create("web", &json!({"selector": {"app": "web"}, "ports": one_port()})).unwrap();
    let ip = spec["clusterIP"].as_str().unwrap();
    assert!(ip.starts_with("10.96."), "{ip}");
    assert_eq!(spec["clusterIPs"], json!([ip]));
    assert_eq!((&spec["ipFamilies"], &spec["ipFamilyPolicy"]), (&json!(["IPv4"]), &json!("SingleStack")));
    assert_eq!(w.addresses(), [(ip.to_owned(), "web".to_owned())]);
    assert!(w.node_ports().is_empty());

    run(w.services.delete("web", &DeleteOptions::default())).unwrap();
    assert!(w.addresses().is_empty());
}

#[test]
fn headless_and_external_services_get_none() {
    let w = world(ServiceRanges::default());
    let headless = w.create("db", &json!({"clusterIP": "None", "selector": {"app": "db"}})).unwrap();
    assert_eq!((&headless["clusterIPs"], &headless["ipFamilies"]), (&json!(["None"]), &json!(["IPv4"])));
    let bare = w.create("bare", &json!({"clusterIP": "None"})).unwrap();
    assert_eq!(
        (&bare["ipFamilies"], &bare["ipFamilyPolicy"]),
        (&json!(["IPv4", "IPv6"]), &json!("RequireDualStack"))
    );
    let external = w.create("out", &json!({"type": "ExternalName", "externalName": "example.com"})).unwrap();
    assert_eq!((external.get("clusterIP"), external.get("ipFamilies")), (None, None));
    assert!(w.addresses().is_empty());
}

#[test]
fn wishes_are_granted_or_refused_in_kubernetes_words() {
    let w = world(ServiceRanges::default());
    let ask = |name, ip: &str| w.create(name, &json!({"clusterIP": ip, "ports": one_port()}));
    assert_eq!(ask("dns", "10.96.0.10").unwrap()["clusterIPs"], json!(["10.96.0.10"]));
    assert_eq!(
        ask("second", "10.96.0.10").unwrap_err().message,
        "Service \"second\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.0.10\"]: failed to allocate IP 10.96.0.10: provided IP is already allocated"
    );
    assert_eq!(
        ask("far", "192.168.1.1").unwrap_err().message,
        "Service \"far\" is invalid: spec.clusterIPs: Invalid value: [\"192.168.1.1\"]: failed to allocate IP 192.168.1.1: the provided network does not match the current range"
    );
    assert!(
        ask("net", "10.96.0.0")
            .unwrap_err()
            .message
            .ends_with("provided IP 10.96.0.0 is not in the valid range")
    );
    assert_eq!(w.addresses().len(), 1);

    let ask =
        |name, port| w.create(name, &json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": port}]}));
    assert_eq!(ask("np", 31234).unwrap()["ports"][0]["nodePort"], 31234);
    let error = ask("again", 31234).unwrap_err();
    assert_eq!(
        error.message,
        "Service \"again\" is invalid: spec.ports[0].nodePort: Invalid value: 31234: provided port is already allocated"
    );
    assert_eq!((error.code, &*error.details.causes[0].field), (422, "spec.ports[0].nodePort"));
    assert!(ask("low", 80).unwrap_err().message.ends_with(
        "Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767"
    ));
    assert_eq!((w.addresses().len(), w.node_ports()), (2, vec!["31234".to_owned()]));
}

#[test]
fn an_update_keeps_what_it_leaves_out_and_a_new_type_gives_back() {
    let w = world(ServiceRanges::default());
    let spec = json!({"type": "NodePort", "ports": [{"name": "a", "port": 80}, {"name": "b", "port": 81}]});
    let first = w.create("web", &spec).unwrap();
    let port = first["ports"][0]["nodePort"].clone();
    assert!(port.as_i64().unwrap() >= 30086);
    assert_eq!(w.node_ports().len(), 2);

    let fewer =
        json!({"type": "NodePort", "ports": [{"name": "a", "port": 8080}], "sessionAffinity": "ClientIP"});
    let second = w.update("web", &fewer).unwrap();
    assert_eq!((&second["clusterIP"], &second["ports"][0]["nodePort"]), (&first["clusterIP"], &port));
    assert_eq!(w.node_ports(), [port.to_string()]);

    let other = json!({
        "type": "NodePort", "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"], "ports": one_port(),
    });
    let refused = w.update("web", &other);
    assert_eq!(
        refused.unwrap_err().message,
        "Service \"web\" is invalid: spec.clusterIPs[0]: Invalid value: [\"10.96.0.9\"]: may not change once set"
    );

    let mut plain = second;
    plain["type"] = json!("ClusterIP");
    let third = w.update("web", &plain).unwrap();
    assert_eq!((third["ports"][0].get("nodePort"), &third["clusterIP"]), (None, &first["clusterIP"]));
    assert!(w.node_ports().is_empty());

    let mut external = third;
    external["type"] = json!("ExternalName");
    external["externalName"] = json!("example.com");
    let fourth = w.update("web", &external).unwrap();
    assert_eq!((fourth.get("clusterIP"), fourth.get("ipFamilies")), (None, None));
    assert!(w.addresses().is_empty());

    let fifth = w.update("web", &json!({"type": "ClusterIP", "ports": one_port()})).unwrap();
    assert_eq!(w.addresses().len(), 1);
    assert_eq!(fifth["clusterIPs"], json!([w.addresses()[0].0]));
}

#[test]
fn node_ports_follow_numbers_protocols_and_types() {
    let w = world(ServiceRanges::default());
    let dns = json!({"type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": [
        {"name": "udp", "port": 53, "protocol": "UDP"},
        {"name": "tcp", "port": 53, "protocol": "TCP", "nodePort": 30053},
    ]});
    let spec = w.create("dns", &dns).unwrap();
    assert_eq!(
        (&spec["ports"][0]["nodePort"], &spec["ports"][1]["nodePort"]),
        (&json!(30053), &json!(30053))
    );
    assert!(spec["healthCheckNodePort"].as_i64().unwrap() > 30_000);
    assert_eq!(w.node_ports().len(), 2);
    let bare = json!({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false, "ports": one_port()});
    assert_eq!(w.create("bare", &bare).unwrap()["ports"][0].get("nodePort"), None);
    let twice = json!({"type": "NodePort", "ports": [
        {"name": "a", "port": 1, "nodePort": 30001}, {"name": "b", "port": 2, "nodePort": 30001},
    ]});
    let error = w.create("twice", &twice).unwrap_err();
    assert_eq!(error.details.causes[0].field, "spec.ports[1].nodePort");
    run(w.services.delete("dns", &DeleteOptions::default())).unwrap();
    assert!(w.node_ports().is_empty());
}

#[test]
fn two_families_give_two_addresses() {
    let w = world(ranges(&["10.96.0.0/24", "fd00::/112"]));
    let spec = w.create("web", &json!({"ipFamilyPolicy": "PreferDualStack", "ports": one_port()})).unwrap();
    assert_eq!(spec["ipFamilies"], json!(["IPv4", "IPv6"]));
    assert_eq!((spec["clusterIPs"].as_array().unwrap().len(), w.addresses().len()), (2, 2));
    let mut single = spec.clone();
    single["ipFamilyPolicy"] = json!("SingleStack");
    single["ipFamilies"] = json!(["IPv4"]);
    single["clusterIPs"] = json!([spec["clusterIP"]]);
    assert_eq!(w.update("web", &single).unwrap()["clusterIPs"], json!([spec["clusterIP"]]));
    assert_eq!(w.addresses().len(), 1);
    let alone = world(ServiceRanges::default());
    let refused = alone.create("web", &json!({"ipFamilyPolicy": "RequireDualStack", "ports": one_port()}));
    assert!(refused.unwrap_err().message.ends_with("this cluster is not configured for dual-stack services"));
}

#[test]
fn a_full_range_says_so_and_every_place_is_used() {
    let w = world(ranges(&["10.0.0.0/28"]).with_node_ports(PortRange::new(30_000, 30_017).unwrap()));
    let spec = json!({"ports": one_port()});
    for n in 0..14 {
        w.create(&format!("s{n}"), &spec).unwrap();
    }
    let error = w.create("more", &spec).unwrap_err();
    assert_eq!(
        (error.code, &*error.message),
        (500, "Internal error occurred: failed to allocate a serviceIP: range is full")
    );
    run(w.services.delete("s3", &DeleteOptions::default())).unwrap();
    assert!(w.create("more", &spec).is_ok());

    let many: Vec<Value> = (0..18).map(|n| json!({"name": format!("p{n}"), "port": n + 1})).collect();
    let mut node_port = spec;
    node_port["type"] = json!("NodePort");
    node_port["ports"] = json!(many);
    run(w.services.delete("s4", &DeleteOptions::default())).unwrap();
    w.create("all", &node_port).unwrap();
    assert_eq!(w.node_ports().len(), 18);
    run(w.services.delete("s5", &DeleteOptions::default())).unwrap();
    node_port["ports"] = one_port();
    let error = w.create("none", &node_port).unwrap_err();
    assert_eq!(error.message, "Internal error occurred: failed to allocate a nodePort: range is full");
    assert_eq!(w.addresses().len(), 13, "the refused Service holds no address");
}
