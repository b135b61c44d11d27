//! Nodes, namespaces, limits, and what does not belong to a larger family.

use super::Printer;
use super::cells::{NONE, Object, UNKNOWN};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn printer(group: &str, kind: &str) -> Option<Printer> {
    Some(match (group, kind) {
        ("", "ComponentStatus") => component_status,
        ("", "Namespace") => namespace,
        ("", "Node") => node,
        ("", "ResourceQuota") => resource_quota,
        ("apiregistration.k8s.io", "APIService") => api_service,
        ("coordination.k8s.io", "Lease") => lease,
        ("node.k8s.io", "RuntimeClass") => runtime_class,
        ("policy", "PodDisruptionBudget") => pod_disruption_budget,
        ("resource.k8s.io", "DeviceClass" | "ResourceClaimTemplate") => |o| vec![o.name(), o.age()],
        ("resource.k8s.io", "ResourceClaim") => resource_claim,
        ("resource.k8s.io", "ResourceSlice") => resource_slice,
        ("scheduling.k8s.io", "PriorityClass") => priority_class,
        _ => return None,
    })
}

/// Source: `printNamespace`.
fn namespace(object: &Object<'_>) -> Vec<Value> {
    vec![object.name(), object.text("/status/phase").into(), object.age()]
}

/// Source: `printNode`.
fn node(object: &Object<'_>) -> Vec<Value> {
    let mut status = match object.condition("Ready").map(|condition| condition.text("/status")) {
        None => "Unknown",
        Some("True") => "Ready",
        Some(_) => "NotReady",
    }
    .to_owned();
    if object.flag("/spec/unschedulable") {
        status.push_str(",SchedulingDisabled");
    }
    let address = |kind: &str| {
        let found = object.list("/status/addresses").find(|address| address.text("/type") == kind);
        found.map_or(NONE, |address| address.text("/address"))
    };
    let info = object.part("/status/nodeInfo");
    let kernel = match (info.text("/kernelVersion"), info.text("/architecture")) {
        ("", _) => UNKNOWN.to_owned(),
        (kernel, "") => kernel.to_owned(),
        (kernel, architecture) => format!("{kernel} ({architecture})"),
    };
    vec![
        object.name(),
        status.into(),
        roles(object).into(),
        object.age(),
        info.text("/kubeletVersion").into(),
        address("InternalIP").into(),
        address("ExternalIP").into(),
        info.text_or("/osImage", UNKNOWN).into(),
        kernel.into(),
        info.text_or("/containerRuntimeVersion", UNKNOWN).into(),
    ]
}

/// Source: `findNodeRoles`.
fn roles(node: &Object<'_>) -> String {
    let labels = node.entries("/metadata/labels");
    let roles: BTreeSet<&str> = labels
        .filter_map(|(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role),
            None => (key == "kubernetes.io/role").then_some(value),
        })
        .filter(|role| !role.is_empty())
        .collect();
    if roles.is_empty() { NONE.to_owned() } else { roles.into_iter().collect::<Vec<_>>().join(",") }
}

/// Source: `printComponentStatus`.
fn component_status(object: &Object<'_>) -> Vec<Value> {
    let healthy = object.list("/conditions").find(|condition| condition.text("/type") == "Healthy");
    let told = |field| healthy.map_or("", |condition| condition.text(field)).into();
    let status = match healthy.map(|condition| condition.text("/status")) {
        None => "Unknown",
        Some("True") => "Healthy",
        Some(_) => "Unhealthy",
    };
    vec![object.name(), status.into(), told("/message"), told("/error")]
}

/// Source: `printResourceQuota`.
fn resource_quota(object: &Object<'_>) -> Vec<Value> {
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (resource, hard) in object.entries("/status/hard") {
        let used = object.entries("/status/used").find(|(name, _)| *name == resource);
        let used = used.map_or("0", |(_, used)| used);
        let column = if resource.starts_with("limits.") { &mut limits } else { &mut requests };
        column.push(format!("{resource}: {used}/{hard}"));
    }
    vec![object.name(), requests.join(", ").into(), limits.join(", ").into(), object.age()]
}

/// Source: `printPodDisruptionBudget`.
fn pod_disruption_budget(object: &Object<'_>) -> Vec<Value> {
    let given = |pointer| object.shown(pointer).unwrap_or_else(|| "N/A".to_owned()).into();
    vec![
        object.name(),
        given("/spec/minAvailable"),
        given("/spec/maxUnavailable"),
        object.int("/status/disruptionsAllowed").into(),
        object.age(),
    ]
}

/// Source: `printPriorityClass`.
fn priority_class(object: &Object<'_>) -> Vec<Value> {
    vec![
        object.name(),
        object.int("/value").into(),
        object.flag("/globalDefault").into(),
        object.age(),
        object.text_or("/preemptionPolicy", NONE).into(),
    ]
}

/// Source: `printLease`.
fn lease(object: &Object<'_>) -> Vec<Value> {
    vec![object.name(), object.text("/spec/holderIdentity").into(), object.age()]
}

/// Source: `printRuntimeClass`.
fn runtime_class(object: &Object<'_>) -> Vec<Value> {
    vec![object.name(), object.text("/handler").into(), object.age()]
}

/// Source: `printResourceClaim`.
fn resource_claim(object: &Object<'_>) -> Vec<Value> {
    let mut states = Vec::new();
    let terminating = object.is_terminating();
    states.extend(terminating.then_some("deleted"));
    if object.has("/status/allocation") {
        states.push("allocated");
        states.extend((object.count("/status/reservedFor") > 0).then_some("reserved"));
    } else {
        states.extend((!terminating).then_some("pending"));
    }
    vec![object.name(), states.join(",").into(), object.age()]
}

/// Source: `printResourceSlice`.
fn resource_slice(object: &Object<'_>) -> Vec<Value> {
    vec![
        object.name(),
        object.text("/spec/nodeName").into(),
        object.text("/spec/driver").into(),
        object.text("/spec/pool/name").into(),
        object.age(),
    ]
}

/// Source: `k8s.io/kube-aggregator/pkg/registry/apiservice` (`ConvertToTable`).
fn api_service(object: &Object<'_>) -> Vec<Value> {
    let service = object.part("/spec/service");
    let service = if object.has("/spec/service") {
        format!("{}/{}", service.text("/namespace"), service.text("/name"))
    } else {
        "Local".to_owned()
    };
    let available = object.condition("Available").map_or_else(
        || "Unknown".to_owned(),
        |condition| match (condition.text("/status"), condition.text("/reason")) {
            (status, reason) if status == "True" || reason.is_empty() => status.to_owned(),
            (status, reason) => format!("{status} ({reason})"),
        },
    );
    vec![object.name(), service.into(), available.into(), object.age()]
}
