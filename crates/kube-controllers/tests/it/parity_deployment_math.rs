//! Deployments and ReplicaSets against answers computed by Kubernetes' own code.

use jiff::{SignedDuration, Timestamp};
use kube_controllers::builtin::deployment::template::pod_template_hash;
use kube_controllers::builtin::deployment::{
    DESIRED_REPLICAS, Fenceposts, MAX_REPLICAS, SetSize, Sets, Target, rolling, scaling, status,
};
use kube_controllers::builtin::replica_set::{DELETION_COST, deletion_order};
use kube_core::condition;
use kube_core::kinds::IntOrString;
use kube_core::kinds::apps::v1::{Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet};
use kube_core::kinds::meta::v1::Time;
use kube_core::view::{self, PodView};
use serde_json::{Map, Value, json};
use std::sync::Arc;

fn run(file: &str, check: impl Fn(&Value) -> Value) {
    kube_testkit::parity::run(env!("CARGO_MANIFEST_DIR"), "deployment-math", file, |input, want| {
        let got = check(input);
        if got == *want { Ok(()) } else { Err(format!("got {got}, want {want}")) }
    });
}

fn deployment(input: &Value) -> Deployment {
    let object = json!({
        "metadata": { "name": "web", "generation": 1 },
        "spec": {
            "replicas": input["replicas"],
            "strategy": {
                "type": input.get("strategy").cloned().unwrap_or_else(|| json!("RollingUpdate")),
                "rollingUpdate": { "maxSurge": input["maxSurge"], "maxUnavailable": input["maxUnavailable"] },
            },
            "selector": {},
            "template": {},
        },
    });
    serde_json::from_value(object).expect("a deployment")
}

fn replica_set(input: &Value) -> SetSize {
    let seconds = input["createdAtSeconds"].as_i64().expect("an age");
    let mut annotations = Map::new();
    for (field, key) in
        [("desiredReplicasAnnotation", DESIRED_REPLICAS), ("maxReplicasAnnotation", MAX_REPLICAS)]
    {
        if let Some(number) = input.get(field) {
            annotations.insert(key.to_owned(), number.to_string().into());
        }
    }
    let set: ReplicaSet = serde_json::from_value(json!({
        "metadata": {
            "name": input["name"],
            "annotations": annotations,
            "creationTimestamp": Timestamp::from_second(seconds).expect("a time").to_string(),
        },
        "spec": { "replicas": input["replicas"], "selector": {} },
        "status": {
            "replicas": input["statusReplicas"],
            "readyReplicas": input["readyReplicas"],
            "availableReplicas": input["availableReplicas"],
        },
    }))
    .expect("a replica set");
    SetSize::of(&set)
}

fn sets(input: &Value) -> Sets {
    let new = input.get("newReplicaSet").filter(|set| !set.is_null()).map(replica_set);
    let old = input["oldReplicaSets"].as_array().into_iter().flatten().map(replica_set).collect();
    Sets { new, old }
}

fn sizes(sets: &Sets) -> Value {
    sets.all().map(|set| (set.name.clone(), json!(set.size))).collect::<Map<_, _>>().into()
}

fn merged(a: Value, b: Value) -> Value {
    let fields = [a, b].into_iter().flat_map(|object| object.as_object().cloned().expect("an object"));
    fields.collect::<Map<_, _>>().into()
}

#[test]
fn parity_deployment_math_fenceposts() {
    run("fenceposts", |input| {
        let read = |field: &str| -> Option<IntOrString> {
            serde_json::from_value(input[field].clone()).expect("a number or a text")
        };
        let replicas = i32::try_from(input["replicas"].as_i64().expect("a number")).expect("a small number");
        match Fenceposts::resolve(read("maxSurge").as_ref(), read("maxUnavailable").as_ref(), replicas) {
            Err(error) => json!({ "error": error.to_string() }),
            Ok(posts) => {
                let target = Target::of(&deployment(input));
                json!({
                    "surge": posts.surge,
                    "unavailable": posts.unavailable,
                    "MaxSurge": target.max_surge(),
                    "MaxUnavailable": target.max_unavailable(),
                    "MinAvailable": target.min_available(),
                })
            }
        }
    });
}

#[test]
fn parity_deployment_math_rolling() {
    run("rolling", |input| {
        let target = Target::of(&deployment(&input["deployment"]));
        let before = sets(input);
        let moved = |step: fn(&Target, &mut Sets) -> bool| {
            let mut sets = before.clone();
            json!({ "scaled": step(&target, &mut sets), "sizes": sizes(&sets) })
        };
        let counted = |step: &dyn Fn(&mut Sets) -> i32| {
            let mut sets = before.clone();
            json!({ "count": step(&mut sets), "sizes": sizes(&sets) })
        };
        let new = json!({
            "newRSNewReplicas": rolling::new_set_size(&target, &before),
            "reconcileNew": moved(rolling::reconcile_new),
        });
        if target.rolling.is_none() {
            // The strategy `Recreate` has no rolling steps for the old ones.
            return new;
        }
        let old = json!({
            "reconcileOld": moved(rolling::reconcile_old),
            "scaleDownOld": counted(&|sets| rolling::scale_down_old(&target, sets)),
            "cleanupUnhealthyMax1": counted(&|sets| rolling::cleanup_unhealthy(&target, sets, 1)),
            "cleanupUnhealthyMax3": counted(&|sets| rolling::cleanup_unhealthy(&target, sets, 3)),
        });
        merged(new, old)
    });
}

#[test]
fn parity_deployment_math_scale() {
    run("scale", |input| {
        let target = Target::of(&deployment(&input["deployment"]));
        let mut sets = sets(input);
        scaling::scale(&target, &mut sets);
        let annotations: Map<_, _> = sets
            .all()
            .map(|set| {
                let text = |number: Option<i32>| number.map(|n| n.to_string()).unwrap_or_default();
                let value = json!({ "desiredReplicas": text(set.desired), "maxReplicas": text(set.max) });
                (set.name.clone(), value)
            })
            .collect();
        json!({ "annotations": annotations, "sizes": sizes(&sets) })
    });
}

#[test]
fn parity_deployment_math_status() {
    run("status", |input| {
        let deployment = deployment(&input["deployment"]);
        let target = Target::of(&deployment);
        let before: DeploymentStatus =
            serde_json::from_value(input["previousStatus"].clone()).expect("a status");
        let now = Timestamp::UNIX_EPOCH;
        let after = status::calculate(&deployment, &before, &target, &sets(input), now);
        let conditions = after.conditions.as_deref().unwrap_or_default();
        let available = condition::find(conditions, status::AVAILABLE).expect("the condition");
        json!({
            "available": { "status": available.status, "reason": available.reason },
            "replicas": after.replicas.unwrap_or(0),
            "updatedReplicas": after.updated_replicas.unwrap_or(0),
            "readyReplicas": after.ready_replicas.unwrap_or(0),
            "availableReplicas": after.available_replicas.unwrap_or(0),
            "unavailableReplicas": after.unavailable_replicas.unwrap_or(0),
            "complete": status::is_complete(&deployment, &target, &after),
            "progressing": status::is_progressing(&before, &after),
        })
    });
}

#[test]
fn parity_deployment_math_timed_out() {
    run("timed_out", |input| {
        let mut deployment = deployment(&json!({}));
        let seconds = input["progressDeadlineSeconds"].as_i64().map(|s| i32::try_from(s).expect("an i32"));
        deployment.spec.as_mut().expect("a spec").progress_deadline_seconds = seconds;
        let now = Timestamp::from_second(1_000_000_000).expect("a time");
        let ago = SignedDuration::from_secs(input["lastUpdateSecondsAgo"].as_i64().expect("a number"));
        let condition = input["progressingReason"].as_str().map(|reason| DeploymentCondition {
            type_: status::PROGRESSING.to_owned(),
            reason: Some(reason.to_owned()),
            last_update_time: Some(Time(now - ago)),
            ..DeploymentCondition::default()
        });
        let present =
            DeploymentStatus { conditions: condition.map(|c| vec![c]), ..DeploymentStatus::default() };
        json!({
            "hasDeadline": status::has_deadline(&deployment),
            "timedOut": status::is_timed_out(&deployment, &present, now),
        })
    });
}

fn pod(input: &Value, now: Timestamp) -> Arc<PodView> {
    let ago = |field: &str| {
        let seconds = input.get(field)?.as_i64()?;
        Some((now - SignedDuration::from_secs(seconds)).to_string())
    };
    let mut conditions = Vec::new();
    if let Some(since) = ago("readySinceSecondsAgo") {
        conditions.push(json!({ "type": "Ready", "status": "True", "lastTransitionTime": since }));
    }
    let counts = input["restartCounts"].as_array().into_iter().flatten();
    let statuses: Vec<Value> = counts.map(|count| json!({ "restartCount": count })).collect();
    let mut annotations = Map::new();
    if let Some(cost) = input.get("deletionCost") {
        annotations.insert(DELETION_COST.to_owned(), cost.clone());
    }
    let object = json!({
        "metadata": {
            "name": input["name"],
            "namespace": "default",
            "uid": input.get("uid").unwrap_or_else(|| &input["name"]),
            "annotations": annotations,
            "creationTimestamp": ago("createdSecondsAgo"),
        },
        "spec": { "nodeName": input["nodeName"] },
        "status": { "phase": input["phase"], "conditions": conditions, "containerStatuses": statuses },
    });
    Arc::new(view::from_value(object).expect("a pod"))
}

#[test]
fn parity_deployment_math_pod_deletion_order() {
    run("pod_deletion_order", |input| {
        let now = Timestamp::from_second(2_000_000_000).expect("a time");
        let (mut pods, mut related) = (Vec::new(), Vec::new());
        for case in input["pods"].as_array().expect("pods") {
            let pod = pod(case, now);
            if case["relatedOnly"] != json!(true) {
                pods.push(pod.clone());
            }
            related.push(pod);
        }
        let order = deletion_order(&pods, &related, now);
        let names: Vec<&str> = order.iter().map(|pod| &*pod.meta.name).collect();
        json!({ "order": names })
    });
}

#[test]
fn parity_deployment_math_pod_template_hash() {
    run("pod_template_hash", |input| {
        let template = serde_json::from_value(input["template"].clone()).expect("a template");
        let collisions = input["collisionCount"].as_i64().map(|count| i32::try_from(count).expect("an i32"));
        json!({ "hash": pod_template_hash(&template, collisions) })
    });
}
