//! Containers find around them what a kubelet puts there.

use kube_core::kinds::core::v1::{Pod, ResourceFieldSelector, Service};
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::pod_env::{
    ClusterDns, expand, find_container, metadata_value, pod_dns, resource_value, service_variables,
    split_subscript, with_allocatable,
};
use kube_testkit::parity;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn run(file: &str, check: impl FnMut(&Value, &Value) -> Result<(), String>) {
    parity::run(env!("CARGO_MANIFEST_DIR"), "env", file, check);
}

#[test]
fn parity_env() {
    run("expansion", |input, want| {
        let variables: BTreeMap<String, String> = read(&input["vars"])?;
        let text = input["input"].as_str().ok_or("no input")?;
        same(&json!(expand(text, |name| variables.get(name))), &want["result"])
    });
}

#[test]
fn parity_env_field_path() {
    run("field_path", |input, want| {
        let meta: ObjectMeta = read(&input["metadata"])?;
        let path = input["fieldPath"].as_str().ok_or("no fieldPath")?;
        let split = match split_subscript(path) {
            Some((of, key)) => json!([of, key, true]),
            None => json!([path, "", false]),
        };
        same(&split, &want["split"])?;
        outcome(metadata_value(&meta, path), want)
    });
}

#[test]
fn parity_env_resource_field() {
    run("resource_field", |input, want| {
        let name = input["container"].as_str().ok_or("no container")?;
        let container = (!input["containerResources"].is_null())
            .then(|| json!([{"name": name, "resources": input["containerResources"]}]));
        let pod: Pod = read(&json!({"spec": {"containers": container.unwrap_or_else(|| json!([]))}}))?;
        let divisor = &input["divisor"];
        let mut selector = json!({"resource": input["resource"], "divisor": divisor});
        if divisor == "" {
            selector["divisor"] = Value::Null;
        }
        let selector: ResourceFieldSelector = read(&selector)?;
        let allocatable = read(&input["nodeAllocatable"])?;
        let found = find_container(&pod, name);
        let plain = found.clone().and_then(|container| resource_value(container, &selector));
        outcome(plain, &want["plain"])?;
        let merged = found.and_then(|c| resource_value(&with_allocatable(c, &allocatable), &selector));
        outcome(merged, &want["withNodeAllocatable"])
    });
}

#[test]
fn parity_env_service() {
    run("service_env", |input, want| {
        let services = input["services"].as_array().ok_or("no services")?;
        let services = services.iter().map(|service| {
            let spec = json!({"clusterIP": service["clusterIP"], "ports": service["ports"]});
            read(&json!({"metadata": {"name": service["name"]}, "spec": spec}))
        });
        let services = services.collect::<Result<Vec<Service>, String>>()?;
        let variables = service_variables(&services).into_iter();
        let variables: Vec<Value> =
            variables.map(|(name, value)| json!({"name": name, "value": value})).collect();
        same(&json!(variables), &want["env"])
    });
}

#[test]
fn parity_env_pod_dns() {
    run("pod_dns", |input, want| {
        let spec = json!({
            "containers": [],
            "dnsPolicy": input["dnsPolicy"],
            "dnsConfig": input["dnsConfig"],
            "hostNetwork": input["hostNetwork"],
        });
        let pod: Pod = read(&json!({"metadata": {"namespace": input["namespace"]}, "spec": spec}))?;
        let cluster =
            ClusterDns { servers: read(&input["clusterDNS"])?, domain: read(&input["clusterDomain"])? };
        let made = pod_dns(&pod, &cluster, input["hostResolvConf"].as_str().ok_or("no resolv.conf")?);
        same(&json!(made.nameservers), &want["nameservers"])?;
        same(&json!(made.searches), &want["searches"])?;
        let options: BTreeSet<String> = made.options.into_iter().collect();
        let wanted: BTreeSet<String> = read(&want["options"])?;
        if options == wanted { Ok(()) } else { Err(format!("options {options:?}, want {wanted:?}")) }
    });
}

fn outcome<E: ToString>(got: Result<String, E>, want: &Value) -> Result<(), String> {
    match got {
        Ok(value) => same(&json!(value), &want["value"]),
        Err(error) => same(&json!(error.to_string()), &want["error"]),
    }
}

fn same(got: &Value, want: &Value) -> Result<(), String> {
    if got == want { Ok(()) } else { Err(format!("got {got}, want {want}")) }
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}
