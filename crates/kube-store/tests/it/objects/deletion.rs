//! Deleting: preconditions, finalizers, grace, propagation.

use super::{World, config_maps, key, map, namespaces, pod, pods, run, value, world};
use kube_core::error::ApiError;
use kube_core::resource::{KindInfo, ObjectKey, ResourceVersion, Uid};
use kube_store::service::{
    DeleteOptions, Deleted, ListQuery, ObjectService, Patch, Propagation, Subresource, WriteOptions,
};
use serde_json::{Value, json};
use std::time::Duration;

fn delete(w: &World, kind: &KindInfo, name: &str, options: &DeleteOptions) -> Result<Deleted, ApiError> {
    run(w.objects.delete(kind, &key(name), options))
}

fn terminating(answer: Result<Deleted, ApiError>) -> Value {
    match answer.expect("begun") {
        Deleted::Terminating(raw) => value(&raw),
        Deleted::Gone(raw) => panic!("{} is gone", raw.meta.name),
    }
}

fn gone(answer: Result<Deleted, ApiError>) -> Value {
    match answer.expect("deleted") {
        Deleted::Gone(raw) => value(&raw),
        Deleted::Terminating(raw) => panic!("{} stays", raw.meta.name),
    }
}

fn running(w: &World, name: &str) {
    let mut object = pod(name);
    object["spec"]["nodeName"] = "n1".into();
    object["spec"]["terminationGracePeriodSeconds"] = 20.into();
    w.create(pods(), object);
}

fn grace(seconds: i64) -> DeleteOptions {
    DeleteOptions::default().grace(seconds)
}

#[test]
fn what_nothing_holds_goes_at_once() {
    let w = world();
    let created = w.create(config_maps(), map("a", "1"));
    let last = gone(delete(&w, config_maps(), "a", &DeleteOptions::default()));
    assert_eq!(last["data"]["x"], "1");
    assert_eq!(last["metadata"]["resourceVersion"], w.head().to_string());
    assert_ne!(last["metadata"]["resourceVersion"], created.version.to_string());
    assert_eq!(w.get(config_maps(), "a"), None);
    assert_eq!(delete(&w, config_maps(), "a", &DeleteOptions::default()).expect_err("missing").code, 404);
}

#[test]
fn preconditions_hold_or_nothing_happens() {
    let w = world();
    let created = w.create(config_maps(), map("a", "1"));
    let error =
        delete(&w, config_maps(), "a", &DeleteOptions::default().uid(Uid::new("other"))).expect_err("uid");
    assert_eq!(error.code, 409);
    assert!(error.message.contains("Precondition failed: UID in precondition: other"), "{error}");
    let stale = DeleteOptions::default().version(ResourceVersion::new(0));
    assert_eq!(delete(&w, config_maps(), "a", &stale).expect_err("version").code, 409);
    let exact = DeleteOptions::default().version(created.version).uid(created.meta.uid.clone());
    gone(delete(&w, config_maps(), "a", &exact));
}

#[test]
fn finalizers_hold_an_object_until_the_last_is_gone() {
    let w = world();
    let mut object = map("a", "1");
    object["metadata"]["finalizers"] = json!(["example.com/one", "example.com/two"]);
    w.create(config_maps(), object.clone());
    let held = terminating(delete(&w, config_maps(), "a", &DeleteOptions::default()));
    assert_eq!(held["metadata"]["deletionTimestamp"], "1970-01-01T00:00:00Z");
    assert_eq!(held["metadata"]["deletionGracePeriodSeconds"], 0);
    let before = w.head();
    terminating(delete(&w, config_maps(), "a", &DeleteOptions::default()));
    assert_eq!(w.head(), before, "a second deletion changes nothing");

    object["metadata"]["finalizers"] = json!(["example.com/three"]);
    let error =
        w.try_update(config_maps(), "a", Subresource::Main, object.clone()).expect_err("new finalizer");
    assert_eq!((error.code, error.details.causes[0].reason.as_str()), (422, "FieldValueForbidden"));

    object["metadata"]["finalizers"] = json!(["example.com/two"]);
    w.update(config_maps(), "a", object.clone());
    assert!(w.get(config_maps(), "a").is_some());
    object["metadata"]["finalizers"] = json!([]);
    w.update(config_maps(), "a", object);
    assert_eq!(w.get(config_maps(), "a"), None);
}

#[test]
fn a_pod_that_runs_gets_its_grace() {
    let w = world();
    running(&w, "a");
    w.clock.advance(Duration::from_secs(100));
    let held = terminating(delete(&w, pods(), "a", &DeleteOptions::default()));
    assert_eq!(held["metadata"]["deletionTimestamp"], "1970-01-01T00:02:00Z");
    assert_eq!(held["metadata"]["deletionGracePeriodSeconds"], 20);
    assert_eq!(held["metadata"]["generation"], 2);
    let same = terminating(delete(&w, pods(), "a", &grace(60)));
    assert_eq!(same["metadata"], held["metadata"], "grace is never prolonged");
    let shorter = terminating(delete(&w, pods(), "a", &grace(5)));
    assert_eq!(shorter["metadata"]["deletionTimestamp"], "1970-01-01T00:01:45Z");
    assert_eq!(shorter["metadata"]["deletionGracePeriodSeconds"], 5);
    gone(delete(&w, pods(), "a", &grace(0)));
    assert_eq!(w.get(pods(), "a"), None);
}

#[test]
fn a_pod_that_does_not_run_needs_no_grace() {
    let w = world();
    w.create(pods(), pod("unscheduled"));
    gone(delete(&w, pods(), "unscheduled", &DeleteOptions::default()));
    running(&w, "done");
    let patch = Patch::Merge(json!({"status": {"phase": "Succeeded"}}));
    run(w.objects.patch(pods(), &key("done"), Subresource::Status, &patch, &WriteOptions::default()))
        .expect("done");
    gone(delete(&w, pods(), "done", &DeleteOptions::default()));
    running(&w, "negative");
    let held = terminating(delete(&w, pods(), "negative", &grace(-7)));
    assert_eq!(held["metadata"]["deletionGracePeriodSeconds"], 1);
}

#[test]
fn a_pod_with_grace_and_finalizers_waits_for_both() {
    let w = world();
    let mut object = pod("a");
    object["spec"]["nodeName"] = "n1".into();
    object["metadata"]["finalizers"] = json!(["example.com/one"]);
    w.create(pods(), object.clone());
    let held = terminating(delete(&w, pods(), "a", &DeleteOptions::default()));
    assert_eq!(held["metadata"]["deletionGracePeriodSeconds"], 30);
    object["metadata"]["finalizers"] = json!([]);
    w.update(pods(), "a", object);
    assert!(w.get(pods(), "a").is_some(), "grace still holds it");
    gone(delete(&w, pods(), "a", &grace(0)));

    let mut object = pod("b");
    object["spec"]["nodeName"] = "n1".into();
    object["metadata"]["finalizers"] = json!(["example.com/one"]);
    w.create(pods(), object.clone());
    terminating(delete(&w, pods(), "b", &DeleteOptions::default()));
    let held = terminating(delete(&w, pods(), "b", &grace(0)));
    assert_eq!(held["metadata"]["deletionGracePeriodSeconds"], 0);
    object["metadata"]["finalizers"] = json!([]);
    w.update(pods(), "b", object);
    assert_eq!(w.get(pods(), "b"), None);
}

#[test]
fn propagation_leaves_a_finalizer_for_the_garbage_collector() {
    let w = world();
    for (name, propagation, finalizer) in
        [("f", Propagation::Foreground, "foregroundDeletion"), ("o", Propagation::Orphan, "orphan")]
    {
        w.create(config_maps(), map(name, "1"));
        let held =
            terminating(delete(&w, config_maps(), name, &DeleteOptions::default().propagation(propagation)));
        assert_eq!(held["metadata"]["finalizers"], json!([finalizer]));
    }
    w.create(config_maps(), map("b", "1"));
    gone(delete(&w, config_maps(), "b", &DeleteOptions::default().propagation(Propagation::Background)));
    gone(delete(&w, config_maps(), "f", &DeleteOptions::default().propagation(Propagation::Background)));
}

#[test]
fn a_collection_is_deleted_by_selector() {
    let w = world();
    for name in ["a", "b", "c"] {
        let mut object = map(name, "1");
        object["metadata"]["labels"] = json!({"keep": if name == "b" { "yes" } else { "no" }});
        w.create(config_maps(), object);
    }
    let query = ListQuery::namespaced("default").labels("keep=no".parse().expect("selector"));
    let deleted =
        run(w.objects.delete_collection(config_maps(), &query, &DeleteOptions::default())).expect("deleted");
    assert_eq!(deleted.len(), 2);
    let left = run(w.objects.list(config_maps(), &ListQuery::all())).expect("list");
    assert_eq!(left.items.iter().map(|i| i.meta.name.to_string()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_namespace_waits_for_its_own_finalizers() {
    let w = world();
    let object = json!({"metadata": {"name": "team"}, "spec": {"finalizers": ["kubernetes"]}});
    let created = value(&w.create(namespaces(), object.clone()));
    assert_eq!(created["status"]["phase"], "Active");
    assert_eq!(created["metadata"]["labels"]["kubernetes.io/metadata.name"], "team");
    let key = ObjectKey::cluster("team");
    let held = terminating(run(w.objects.delete(namespaces(), &key, &DeleteOptions::default())));
    assert_eq!(held["status"]["phase"], "Terminating");
    let mut done = object;
    done["spec"]["finalizers"] = json!([]);
    w.update(namespaces(), "team", done.clone());
    assert!(w.get(namespaces(), "team").is_some(), "only `finalize` gives up finalizers of the spec");
    w.try_update(namespaces(), "team", Subresource::Finalize, done).expect("finalized");
    assert_eq!(w.get(namespaces(), "team"), None);
}
