//! Services resolved to endpoints.

mod driven;
mod endpoints;
mod names;
mod prop_table;
mod why;

use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use serde_json::{Value, json};

pub(crate) fn service(name: &str, spec: &Value) -> Service {
    let (namespace, name) = name.split_once('/').unwrap();
    serde_json::from_value(json!({"metadata": {"name": name, "namespace": namespace}, "spec": spec})).unwrap()
}

/// A slice of the Service that its name begins with; `ready` holds the last bytes of addresses, and whether they are ready.
pub(crate) fn slice(name: &str, port: (&str, u16), ready: &[(u8, bool)]) -> EndpointSlice {
    let (namespace, name) = name.split_once('/').unwrap();
    let (home, _) = name.split_once('-').unwrap();
    let endpoint = |(id, ready): &(u8, bool)| {
        json!({
            "addresses": [format!("10.0.0.{id}")],
            "conditions": {"ready": ready, "serving": ready, "terminating": false},
            "targetRef": {"kind": "Pod", "namespace": namespace, "name": format!("pod-{id}"), "uid": format!("u{id}")},
        })
    };
    let endpoints: Vec<Value> = ready.iter().map(endpoint).collect();
    serde_json::from_value(json!({
        "metadata": {"name": name, "namespace": namespace, "labels": {"kubernetes.io/service-name": home}},
        "addressType": "IPv4",
        "ports": [{"name": port.0, "port": port.1, "protocol": "TCP"}],
        "endpoints": endpoints,
    }))
    .unwrap()
}
