//! Services.

use serde_json::{Value, json};

use crate::kinds::core::v1::Service;
use crate::validate::check::{filled, refusals, update_refusals, with};

fn base() -> Value {
    json!({"spec": {"selector": {"app": "x"}, "ports": [{"port": 80}]}})
}

#[track_caller]
fn check(changes: &[(&str, Value)], expected: &[&str]) {
    assert_eq!(refusals::<Service>(&with(&base(), changes)), expected, "{changes:?}");
}

#[track_caller]
fn check_update(old: &[(&str, Value)], new: &[(&str, Value)], expected: &[&str]) {
    let (old, new) = (with(&base(), old), with(&base(), new));
    assert_eq!(update_refusals::<Service>(&old, &new), expected, "{new}");
}

#[track_caller]
fn check_filled(changes: &[(&str, Value)], expected: &[(&str, Value)]) {
    let filled = filled::<Service>(&with(&base(), changes));
    for (pointer, value) in expected {
        assert_eq!(filled.pointer(pointer).unwrap_or(&Value::Null), value, "{pointer} of {filled}");
    }
}

#[test]
fn defaults() {
    check_filled(
        &[],
        &[
            ("/spec/type", json!("ClusterIP")),
            ("/spec/sessionAffinity", json!("None")),
            ("/spec/internalTrafficPolicy", json!("Cluster")),
            ("/spec/externalTrafficPolicy", Value::Null),
            ("/spec/ports/0", json!({"port": 80, "protocol": "TCP", "targetPort": 80})),
        ],
    );
    check_filled(
        &[("/spec/type", json!("NodePort")), ("/spec/clusterIP", json!("10.0.0.1"))],
        &[("/spec/externalTrafficPolicy", json!("Cluster")), ("/spec/clusterIPs", json!(["10.0.0.1"]))],
    );
    check_filled(
        &[("/spec/sessionAffinity", json!("ClientIP"))],
        &[("/spec/sessionAffinityConfig/clientIP/timeoutSeconds", json!(10800))],
    );
    check_filled(
        &[("/spec/type", json!("LoadBalancer"))],
        &[("/spec/allocateLoadBalancerNodePorts", json!(true))],
    );
}

#[test]
fn only_headless_services_and_names_do_without_ports() {
    let none = ("/spec/ports", Value::Null);
    check(std::slice::from_ref(&none), &["spec.ports: Required value"]);
    check(&[none.clone(), ("/spec/clusterIP", json!("None"))], &[]);
    check(
        &[none, ("/spec/type", json!("ExternalName")), ("/spec/externalName", json!("a.example.com."))],
        &[],
    );
    check(&[("/spec/type", json!("ExternalName"))], &["spec.externalName: Required value"]);
}

#[test]
fn ports_are_told_apart() {
    check(
        &[("/spec/ports", json!([{"port": 80}, {"port": 81}]))],
        &["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
    );
    check(
        &[("/spec/ports", json!([{"name": "a", "port": 80}, {"name": "a", "port": 81}]))],
        &["spec.ports[1].name: Duplicate value: \"a\""],
    );
    let both =
        [("/spec/ports", json!([{"name": "a", "port": 80}, {"name": "b", "port": 80, "protocol": "UDP"}]))];
    check(&both, &[]);
    check(
        &[
            ("/spec/type", json!("NodePort")),
            (
                "/spec/ports",
                json!([{"name": "a", "port": 80, "nodePort": 30000}, {"name": "b", "port": 81, "nodePort": 30000}]),
            ),
        ],
        &["spec.ports[1].nodePort: Invalid value: 30000: provided port is already allocated"],
    );
    check(
        &[("/spec/ports/0/nodePort", json!(30000))],
        &["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    );
    check(
        &[("/spec/ports/0/port", json!(70000)), ("/spec/ports/0/targetPort", json!("http"))],
        &["spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive"],
    );
}

#[test]
fn types_and_addresses_fit() {
    check(
        &[("/spec/type", json!("Bogus")), ("/spec/internalTrafficPolicy", json!("Cluster"))],
        &[
            "spec.type: Unsupported value: \"Bogus\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"",
        ],
    );
    check(
        &[("/spec/clusterIP", json!("bogus"))],
        &[
            "spec.clusterIPs[0]: Invalid value: \"bogus\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
        ],
    );
    check(
        &[("/spec/type", json!("NodePort")), ("/spec/clusterIP", json!("None"))],
        &["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"],
    );
    check(
        &[("/spec/clusterIP", json!("10.0.0.1")), ("/spec/clusterIPs", json!(["10.0.0.2"]))],
        &["spec.clusterIPs: Invalid value: [\"10.0.0.2\"]: first value must match `clusterIP`"],
    );
    check(
        &[("/spec/externalIPs", json!(["127.0.0.1"]))],
        &[
            "spec.externalIPs[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)",
        ],
    );
}

#[test]
fn the_first_address_stays() {
    let ip = |ip: &str| [("/spec/clusterIP", json!(ip))];
    check_update(&ip("10.0.0.1"), &ip("10.0.0.1"), &[]);
    check_update(&ip("10.0.0.1"), &[], &[]);
    check_update(
        &ip("10.0.0.1"),
        &ip("10.0.0.2"),
        &["spec.clusterIPs[0]: Invalid value: [\"10.0.0.2\"]: may not change once set"],
    );
    check_update(
        &ip("10.0.0.1"),
        &[
            ("/spec/type", json!("ExternalName")),
            ("/spec/externalName", json!("a.com")),
            ("/spec/clusterIP", json!("10.0.0.1")),
        ],
        &[],
    );
}

#[test]
fn an_update_keeps_what_was_allocated() {
    let old = [
        ("/spec/type", json!("NodePort")),
        ("/spec/clusterIP", json!("10.0.0.1")),
        ("/spec/ports/0/nodePort", json!(30000)),
    ];
    let updated = |changes: &[(&str, Value)]| {
        let decode = |object: &Value| {
            let mut service: Service = crate::validate::Kind::decode(object).unwrap();
            crate::validate::Kind::set_defaults(&mut service);
            service
        };
        let mut new = decode(&with(&base(), changes));
        crate::validate::Kind::prepare_update(&mut new, &decode(&with(&base(), &old)));
        serde_json::to_value(new.spec.unwrap()).unwrap()
    };
    let kept = updated(&[("/spec/type", json!("NodePort"))]);
    assert_eq!((&kept["clusterIPs"], &kept["ports"][0]["nodePort"]), (&json!(["10.0.0.1"]), &json!(30000)));
    let changed = [("/spec/type", json!("ClusterIP")), ("/spec/ports/0/nodePort", json!(30000))];
    assert_eq!(updated(&changed)["ports"][0]["nodePort"], Value::Null);
}
