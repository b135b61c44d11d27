//! Assigning pods to nodes.

use super::{key, pod, pods, run, value, world};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Pod;
use kube_store::api::Api;
use kube_store::objects::Objects;
use kube_store::service::{DeleteOptions, ObjectService, Subresource, WriteOptions};
use kube_store::storage::MemoryStorage;
use serde_json::json;
use std::sync::Arc;

#[test]
fn a_bound_pod_has_its_node_and_condition() {
    let w = world();
    w.create(pods(), pod("a"));
    let api = Api::<Pod>::namespaced(w.objects.clone(), "default");
    run(api.bind("a", "n1")).expect("bound");
    let bound = w.get(pods(), "a").expect("there");
    assert_eq!(bound["spec"]["nodeName"], "n1");
    assert_eq!(
        bound["status"]["conditions"],
        json!([{"type": "PodScheduled", "status": "True", "lastTransitionTime": "1970-01-01T00:00:00Z"}])
    );
    let error = run(api.bind("a", "n2")).expect_err("bound already");
    assert_eq!(error.code, 409);
    assert_eq!(
        error.message,
        "Operation cannot be fulfilled on pods/binding \"a\": pod a is already assigned to node \"n1\""
    );
}

#[test]
fn binding_changes_a_condition_that_said_no() {
    let w = world();
    w.create(pods(), pod("a"));
    let mut object = pod("a");
    object["status"] = json!({"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no room"},
        {"type": "Other", "status": "True"},
    ]});
    w.try_update(pods(), "a", Subresource::Status, object).expect("status");
    run(Api::<Pod>::namespaced(w.objects.clone(), "default").bind("a", "n1")).expect("bound");
    let bound = w.get(pods(), "a").expect("there");
    let conditions = &bound["status"]["conditions"];
    assert_eq!((&conditions[0]["status"], conditions[0].get("reason")), (&json!("True"), None));
    assert_eq!(conditions[1]["type"], "Other");
}

#[test]
fn what_cannot_be_bound_says_why() {
    let w = world();
    let options = WriteOptions::default();
    let bind =
        |name: &str, body| run(w.objects.create_on(pods(), &key(name), Subresource::Binding, body, &options));
    let target = json!({"target": {"name": "n1"}});
    assert_eq!(bind("none", target.clone()).expect_err("missing").code, 404);
    w.create(pods(), pod("a"));
    let error = bind("a", json!({"target": {}})).expect_err("no node");
    assert_eq!((error.code, error.details.causes[0].field.as_str()), (422, "target.name"));
    let error = bind("a", json!({"target": {"name": "x", "kind": "Pod"}})).expect_err("no node");
    assert_eq!((error.code, error.details.causes[0].field.as_str()), (422, "target.kind"));
    let mut other = target.clone();
    other["metadata"] = json!({"uid": "other"});
    assert_eq!(bind("a", other).expect_err("uid").code, 409);

    let mut gated = pod("gated");
    gated["spec"]["schedulingGates"] = json!([{"name": "example.com/wait"}]);
    w.create(pods(), gated);
    assert!(bind("gated", target.clone()).expect_err("gated").message.contains("schedulingGates"));

    let mut held = pod("held");
    held["metadata"]["finalizers"] = json!(["example.com/one"]);
    w.create(pods(), held);
    run(w.objects.delete(pods(), &key("held"), &DeleteOptions::default())).expect("begun");
    let error = bind("held", target).expect_err("terminating");
    assert!(error.message.ends_with("pod held is being deleted, cannot be assigned to a host"), "{error}");
    assert_eq!(value(&w.create(pods(), pod("z")))["spec"].get("nodeName"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_binds_one_wins() {
    let env = kube_store::rt::env();
    let objects = Objects::new(Arc::new(MemoryStorage::new()), env);
    let api = Api::<Pod>::namespaced(objects.clone(), "default");
    objects.create(pods(), "default", pod("a"), &WriteOptions::default()).await.expect("created");
    let mut binds = tokio::task::JoinSet::new();
    for n in 0..64 {
        let api = api.clone();
        binds.spawn(async move { api.bind("a", &format!("n{n}")).await.map(|()| n) });
    }
    let answers: Vec<Result<usize, ApiError>> = binds.join_all().await;
    let won: Vec<usize> = answers.iter().filter_map(|answer| answer.as_ref().ok().copied()).collect();
    assert_eq!(won.len(), 1, "{won:?}");
    assert!(answers.iter().filter_map(|answer| answer.as_ref().err()).all(ApiError::is_conflict));
    let bound = api.get("a").await.expect("there");
    assert_eq!(bound.spec.expect("spec").node_name, Some(format!("n{}", won[0])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_edit_is_lost() {
    let objects = Objects::new(Arc::new(MemoryStorage::new()), kube_store::rt::env());
    let api = Api::<Pod>::namespaced(objects.clone(), "default");
    objects.create(pods(), "default", pod("a"), &WriteOptions::default()).await.expect("created");
    let mut edits = tokio::task::JoinSet::new();
    for n in 0..32 {
        let api = api.clone();
        edits.spawn(async move {
            api.edit("a", |pod| {
                pod.metadata.annotations.get_or_insert_default().insert(format!("n{n}"), "x".to_owned());
            })
            .await
            .map(drop)
        });
    }
    assert!(edits.join_all().await.iter().all(Result::is_ok));
    let pod = api.get("a").await.expect("there");
    assert_eq!(pod.metadata.annotations.expect("annotations").len(), 32);
}
