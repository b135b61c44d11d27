//! Slices planned as `k8s.io/endpointslice` of Kubernetes v1.36.2 reconciles them.

use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::view::{NodeView, PodView, from_value};
use kube_net::slices::{SliceInput, ZoneCapacity, plan_slices};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

#[test]
fn reconcile() {
    kube_testkit::parity::run(env!("CARGO_MANIFEST_DIR"), "endpointslice", "reconcile", check);
}

fn check(input: &Value, want: &Value) -> Result<(), String> {
    let service: Service = read(&input["service"])?;
    let pods = list(&input["pods"]).map(view::<PodView>).collect::<Result<Vec<_>, _>>()?;
    let nodes = list(&input["nodes"]).map(node).collect::<Result<Vec<_>, _>>()?;
    let existing: Vec<Arc<EndpointSlice>> =
        list(&input["existingSlices"]).map(read).collect::<Result<_, _>>()?;
    let by_name: BTreeMap<_, _> = nodes.iter().map(|node| (node.meta.name.clone(), node.clone())).collect();
    let lookup = |name: &str| by_name.get(name).cloned();
    let zones = ZoneCapacity::of_nodes(nodes.iter().map(|node| &**node));
    let max =
        input["maxEndpointsPerSlice"].as_u64().and_then(|max| max.try_into().ok()).ok_or("no maximum")?;
    let time = "2026-05-05T05:05:05Z".parse().map_err(|e: jiff::Error| e.to_string())?;
    let plan = plan_slices(
        &SliceInput::new(&service, &pods, &lookup, &existing)
            .max_endpoints(max)
            .trigger_time(time)
            .zones(&zones),
    );
    let counts =
        [("created", plan.create.len()), ("updated", plan.update.len()), ("deleted", plan.delete.len())];
    for (what, count) in counts {
        equal(what, &json!(count), &want[what])?;
    }
    let touched = |slice: &&Arc<EndpointSlice>| {
        let name = &slice.metadata.name;
        !plan.update.iter().any(|s| s.metadata.name == *name)
            && !plan.delete.iter().any(|s| s.metadata.name == *name)
    };
    let kept = existing.iter().filter(touched).map(|slice| (**slice).clone());
    let after: Vec<EndpointSlice> = kept.chain(plan.create.clone()).chain(plan.update.clone()).collect();
    equal("slices", &sorted(after.iter().map(slice)), &sorted(list(&want["slices"]).cloned()))?;
    equal("endpoints", &sorted(after.iter().flat_map(endpoints)), &sorted(list(&want["endpoints"]).cloned()))
}

fn node(node: &Value) -> Result<Arc<NodeView>, String> {
    let value = json!({
        "metadata": {"name": node["name"], "labels": node["labels"]},
        "status": {
            "allocatable": {"cpu": node["allocatableCPU"]},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    });
    view(&value)
}

fn slice(slice: &EndpointSlice) -> Value {
    let owner = slice.metadata.owner_references.iter().flatten().next().map(|owner| owner.name.clone());
    json!({
        "addressType": slice.address_type,
        "ports": ports(slice),
        "endpointCount": slice.endpoints.iter().flatten().count(),
        "labels": slice.metadata.labels,
        "annotations": slice.metadata.annotations,
        "owner": owner,
    })
}

fn endpoints(slice: &EndpointSlice) -> Vec<Value> {
    let endpoints = slice.endpoints.iter().flatten().map(|endpoint| {
        let mut value = json!(endpoint);
        value["addressType"] = json!(slice.address_type);
        value["ports"] = ports(slice);
        if let Some(target) = value["targetRef"].as_object_mut() {
            target.retain(|key, _| key == "kind" || key == "name");
        }
        value
    });
    endpoints.collect()
}

fn ports(slice: &EndpointSlice) -> Value {
    sorted(slice.ports.iter().flatten().map(|port| json!(port)))
}

fn sorted(values: impl Iterator<Item = Value>) -> Value {
    let mut values: Vec<Value> = values.collect();
    values.sort_by_cached_key(ToString::to_string);
    Value::Array(values)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| error.to_string())
}

fn view<V: kube_core::view::View>(value: &Value) -> Result<Arc<V>, String> {
    from_value(value.clone()).map(Arc::new).map_err(|error| error.to_string())
}

fn equal(what: &str, has: &Value, want: &Value) -> Result<(), String> {
    if has == want { Ok(()) } else { Err(format!("{what}: {has}, wanted {want}")) }
}
