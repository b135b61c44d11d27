//! A ReplicationController is planned as a ReplicaSet is.

use super::plan::{replica_set, status};
use crate::builtin::replica_set::plan as as_set;
use jiff::Timestamp;
use kube_core::kinds::core::v1::ReplicationController;
use serde_json::{json, to_value};

fn owner() -> ReplicationController {
    serde_json::from_value(json!({
        "metadata": { "name": "web", "namespace": "default", "uid": "o", "generation": 4 },
        "spec": {
            "replicas": 2,
            "minReadySeconds": 5,
            "selector": { "app": "web" },
            "template": { "metadata": { "labels": { "app": "web" } } },
        },
        "status": {
            "replicas": 2,
            "readyReplicas": 1,
            "conditions": [{ "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "no" }],
        },
    }))
    .expect("a replication controller")
}

#[test]
fn it_stands_for_a_replica_set() {
    let set = to_value(replica_set(&owner())).expect("JSON");
    assert_eq!(set["metadata"]["uid"], "o");
    assert_eq!(set["spec"]["replicas"], 2);
    assert_eq!(set["spec"]["minReadySeconds"], 5);
    assert_eq!(set["spec"]["selector"], json!({ "matchLabels": { "app": "web" } }));
    assert_eq!(set["status"]["conditions"][0]["reason"], "FailedCreate");
}

#[test]
fn pods_are_created_and_a_failure_is_a_condition_until_it_is_over() {
    let set = replica_set(&owner());
    let view = as_set::View { set: &set, pods: &[], related: &Vec::new, now: Timestamp::UNIX_EPOCH };
    let plan = as_set::plan(&view);
    assert_eq!(plan.ops, vec![as_set::Op::Create; 2]);
    let failed = status(as_set::status(&set, &plan.tally, Some("still no"), view.now));
    let conditions = failed.conditions.expect("conditions");
    assert_eq!((conditions.len(), conditions[0].message.as_deref()), (1, Some("no")));
    let over = to_value(status(as_set::status(&set, &plan.tally, None, view.now))).expect("JSON");
    assert_eq!(over, json!({ "replicas": 0, "observedGeneration": 4 }));
}
