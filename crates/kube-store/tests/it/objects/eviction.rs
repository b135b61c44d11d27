//! Evictions and disruption budgets.

use super::{World, key, pod, pods, run, world};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Pod;
use kube_core::kinds::policy::v1::PodDisruptionBudget;
use kube_core::resource::{KindInfo, Resource};
use kube_store::api::Api;
use kube_store::objects::Objects;
use kube_store::service::{DeleteOptions, ListQuery, ObjectService, Subresource, WriteOptions};
use kube_store::storage::MemoryStorage;
use serde_json::{Value, json};
use std::sync::Arc;

fn budgets() -> &'static KindInfo {
    PodDisruptionBudget::kind_info()
}

fn labelled(name: &str) -> Value {
    let mut object = pod(name);
    object["metadata"]["labels"] = json!({"app": "web"});
    object["spec"]["nodeName"] = "n1".into();
    object
}

fn running(w: &World, name: &str, ready: bool) {
    w.create(pods(), labelled(name));
    let status = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}]});
    w.try_update(
        pods(),
        name,
        Subresource::Status,
        json!({"metadata": {"name": name, "labels": {"app": "web"}}, "status": status}),
    )
    .expect("running");
}

fn budget(w: &World, name: &str, status: Value) {
    let object = json!({"metadata": {"name": name}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}});
    w.create(budgets(), object.clone());
    let mut object = object;
    object["status"] = status;
    w.try_update(budgets(), name, Subresource::Status, object).expect("status");
}

fn allowing(count: i32) -> Value {
    json!({"observedGeneration": 1, "disruptionsAllowed": count, "currentHealthy": 2, "desiredHealthy": 1, "expectedPods": 2})
}

fn evict(w: &World, name: &str) -> Result<(), ApiError> {
    run(Api::<Pod>::namespaced(w.objects.clone(), "default").evict(name, &DeleteOptions::default()))
}

#[test]
fn an_eviction_spends_the_budget_in_its_own_transaction() {
    let w = world();
    budget(&w, "b", allowing(1));
    for name in ["one", "two"] {
        running(&w, name, true);
    }
    let before = w.head();
    evict(&w, "one").expect("allowed");
    assert_eq!(w.head(), before + 1, "pod and budget change at one revision");
    assert!(w.get(pods(), "one").expect("grace")["metadata"]["deletionTimestamp"].is_string());
    let status = w.get(budgets(), "b").expect("there")["status"].clone();
    assert_eq!(status["disruptionsAllowed"], 0);
    assert_eq!(status["disruptedPods"], json!({"one": "1970-01-01T00:00:00Z"}));
    assert_eq!(status["conditions"][0]["reason"], "InsufficientPods");
    let error = evict(&w, "two").expect_err("spent");
    assert_eq!(
        (error.code, error.message.as_str()),
        (429, "Cannot evict pod as it would violate the pod's disruption budget.")
    );
    let cause = &error.details.causes[0];
    assert_eq!(
        (cause.reason.as_str(), cause.message.as_str()),
        ("DisruptionBudget", "The disruption budget b needs 1 healthy pods and has 2 currently")
    );
    assert_eq!(w.get(pods(), "two").expect("there")["metadata"].get("deletionTimestamp"), None);
}

#[test]
fn budgets_do_not_hold_what_disrupts_nobody() {
    let w = world();
    budget(&w, "b", allowing(0));
    w.create(pods(), labelled("pending"));
    evict(&w, "pending").expect("it never ran");
    running(&w, "unready", false);
    evict(&w, "unready").expect("it was not counted");
    assert_eq!(w.get(budgets(), "b").expect("there")["status"]["disruptionsAllowed"], 0);
    running(&w, "other", true);
    let mut other = w.get(pods(), "other").expect("there");
    other["metadata"]["labels"] = json!({"app": "else"});
    w.update(pods(), "other", other);
    evict(&w, "other").expect("no budget selects it");
}

#[test]
fn a_budget_that_is_behind_or_not_alone_refuses() {
    let w = world();
    let mut behind = allowing(5);
    behind["observedGeneration"] = 0.into();
    budget(&w, "b", behind);
    running(&w, "a", true);
    let error = evict(&w, "a").expect_err("behind");
    assert_eq!((error.code, error.details.retry_after_seconds), (429, 10));
    assert_eq!(
        error.details.causes[0].message,
        "The disruption budget b is still being processed by the server."
    );
    budget(&w, "c", allowing(5));
    let error = evict(&w, "a").expect_err("two");
    assert_eq!(
        (error.code, error.message.as_str()),
        (
            500,
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        )
    );
}

#[test]
fn a_dry_run_and_a_wrong_body_spend_nothing() {
    let w = world();
    budget(&w, "b", allowing(1));
    running(&w, "a", true);
    let before = w.head();
    let evict = |body: Value, options: WriteOptions| {
        run(w.objects.create_on(pods(), &key("a"), Subresource::Eviction, body, &options))
    };
    evict(json!({}), WriteOptions::default().dry_run()).expect("checked");
    evict(json!({"deleteOptions": {"dryRun": ["All"]}}), WriteOptions::default()).expect("checked");
    let error = evict(json!({"metadata": {"name": "b"}}), WriteOptions::default()).expect_err("name");
    assert_eq!(
        (error.code, error.message.as_str()),
        (400, "name in URL does not match name in Eviction object")
    );
    let error = evict(json!({"deleteOptions": {"preconditions": {"uid": "other"}}}), WriteOptions::default())
        .expect_err("uid");
    assert_eq!(error.code, 409);
    assert_eq!(
        evict(json!({"deleteOptions": {"propagationPolicy": "Later"}}), WriteOptions::default())
            .expect_err("policy")
            .code,
        400
    );
    assert_eq!(w.head(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_evictions_never_spend_more_than_the_budget() {
    let objects = Objects::new(Arc::new(MemoryStorage::new()), kube_store::rt::env());
    let options = WriteOptions::default();
    let object = json!({"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}});
    objects.create(budgets(), "default", object.clone(), &options).await.expect("created");
    let mut object = object;
    object["status"] = allowing(5);
    objects.update(budgets(), &key("b"), Subresource::Status, object, &options).await.expect("status");
    let mut evictions = tokio::task::JoinSet::new();
    for n in 0..32 {
        let name = format!("p{n}");
        objects.create(pods(), "default", labelled(&name), &options).await.expect("created");
        let status = json!({"metadata": {"name": name, "labels": {"app": "web"}}, "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}});
        objects.update(pods(), &key(&name), Subresource::Status, status, &options).await.expect("running");
    }
    for n in 0..32 {
        let api = Api::<Pod>::namespaced(objects.clone(), "default");
        evictions.spawn(async move { api.evict(&format!("p{n}"), &DeleteOptions::default()).await });
    }
    let answers = evictions.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5);
    assert!(answers.iter().filter_map(|a| a.as_ref().err()).all(|error| error.code == 429), "{answers:?}");
    let left = objects.list(pods(), &ListQuery::all()).await.expect("list");
    assert_eq!(left.items.iter().filter(|pod| pod.meta.is_terminating()).count(), 5);
}
