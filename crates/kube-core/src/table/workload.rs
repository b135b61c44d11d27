//! What runs copies of a pod.

use super::Printer;
use super::cells::{NONE, Object};
use serde_json::Value;

pub(super) fn printer(kind: &str) -> Option<Printer> {
    Some(match kind {
        "ControllerRevision" => controller_revision,
        "DaemonSet" => daemon_set,
        "Deployment" => deployment,
        "PodTemplate" => pod_template,
        "ReplicaSet" => replica_set,
        "ReplicationController" => replication_controller,
        "StatefulSet" => stateful_set,
        _ => return None,
    })
}

const CONTAINERS: &str = "/spec/template/spec/containers";
const SELECTOR: &str = "/spec/selector";

/// Source: `printDeployment`.
fn deployment(object: &Object<'_>) -> Vec<Value> {
    let [names, images] = object.containers(CONTAINERS);
    vec![
        object.name(),
        ready_of_wanted(object),
        object.int("/status/updatedReplicas").into(),
        object.int("/status/availableReplicas").into(),
        object.age(),
        names,
        images,
        object.bare_selector(SELECTOR),
    ]
}

fn ready_of_wanted(object: &Object<'_>) -> Value {
    format!("{}/{}", object.int("/status/readyReplicas"), object.int("/spec/replicas")).into()
}

/// Source: `printReplicaSet`.
fn replica_set(object: &Object<'_>) -> Vec<Value> {
    replicas(object, object.selector(SELECTOR))
}

/// Source: `printReplicationController`.
fn replication_controller(object: &Object<'_>) -> Vec<Value> {
    replicas(object, object.labels(SELECTOR))
}

fn replicas(object: &Object<'_>, selector: Value) -> Vec<Value> {
    let [names, images] = object.containers(CONTAINERS);
    vec![
        object.name(),
        object.int("/spec/replicas").into(),
        object.int("/status/replicas").into(),
        object.int("/status/readyReplicas").into(),
        object.age(),
        names,
        images,
        selector,
    ]
}

/// Source: `printStatefulSet`.
fn stateful_set(object: &Object<'_>) -> Vec<Value> {
    let [names, images] = object.containers(CONTAINERS);
    vec![object.name(), ready_of_wanted(object), object.age(), names, images]
}

/// Source: `printDaemonSet`.
fn daemon_set(object: &Object<'_>) -> Vec<Value> {
    let [names, images] = object.containers(CONTAINERS);
    let mut row = vec![object.name()];
    row.extend(
        [
            "/status/desiredNumberScheduled",
            "/status/currentNumberScheduled",
            "/status/numberReady",
            "/status/updatedNumberScheduled",
            "/status/numberAvailable",
        ]
        .map(|count| object.int(count).into()),
    );
    row.extend([
        object.labels("/spec/template/spec/nodeSelector"),
        object.age(),
        names,
        images,
        object.selector(SELECTOR),
    ]);
    row
}

/// Source: `printPodTemplate`.
fn pod_template(object: &Object<'_>) -> Vec<Value> {
    let [names, images] = object.containers("/template/spec/containers");
    vec![object.name(), names, images, object.labels("/template/metadata/labels")]
}

/// Source: `printControllerRevision`.
fn controller_revision(object: &Object<'_>) -> Vec<Value> {
    let owner = object.list("/metadata/ownerReferences").find(|owner| owner.flag("/controller"));
    let owner = owner.map_or_else(
        || NONE.to_owned(),
        |owner| {
            let group = owner.text("/apiVersion").split_once('/').map_or("", |(group, _)| group);
            let dot = if group.is_empty() { "" } else { "." };
            let kind = format!("{}{dot}{group}", owner.text("/kind")).to_lowercase();
            format!("{kind}/{}", owner.text("/name"))
        },
    );
    vec![object.name(), owner.into(), object.int("/revision").into(), object.age()]
}
