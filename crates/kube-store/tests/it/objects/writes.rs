//! Creating and updating.

use super::{World, config_maps, key, map, nodes, pod, pods, run, value, world};
use kube_core::env::{Env, IdSource, ManualClock, NoTasks};
use kube_core::error::Reason;
use kube_core::kinds::apps::v1::Deployment;
use kube_core::kinds::core::v1::Service;
use kube_core::resource::{Resource, Uid};
use kube_store::objects::Objects;
use kube_store::service::{ObjectService, Patch, Subresource, WriteOptions};
use kube_store::storage::MemoryStorage;
use serde_json::{Value, json};
use std::sync::Arc;

fn merge(w: &World, name: &str, part: Subresource, patch: Value) -> Value {
    let options = WriteOptions::default();
    value(&run(w.objects.patch(pods(), &key(name), part, &Patch::Merge(patch), &options)).expect("patched"))
}

#[test]
fn a_new_object_gets_identity_and_time() {
    let w = world();
    let mut object = pod("a");
    object["metadata"]["uid"] = "mine".into();
    object["metadata"]["generation"] = 9.into();
    object["metadata"]["creationTimestamp"] = Value::Null;
    object["status"] = json!({"phase": "Running"});
    let created = w.create(pods(), object);
    let stored = value(&created);
    assert_eq!(stored["apiVersion"], "v1");
    assert_eq!(stored["metadata"]["namespace"], "default");
    assert_ne!(stored["metadata"]["uid"], "mine");
    assert_eq!(stored["metadata"]["creationTimestamp"], "1970-01-01T00:00:00Z");
    assert_eq!(stored["metadata"]["generation"], 1);
    assert_eq!(stored["metadata"]["resourceVersion"], w.head().to_string());
    assert_eq!(stored["status"], json!({"phase": "Pending", "qosClass": "BestEffort"}));
    assert_eq!(stored["spec"]["restartPolicy"], "Always", "defaults are filled in");
    let bytes = String::from_utf8(created.bytes.to_vec()).expect("text");
    assert!(!bytes.contains("resourceVersion"), "{bytes}");
}

#[test]
fn what_is_wrong_with_a_create_is_named() {
    let w = world();
    w.create(config_maps(), map("a", "1"));
    let mut versioned = map("b", "1");
    versioned["metadata"]["resourceVersion"] = "3".into();
    let mut elsewhere = map("b", "1");
    elsewhere["metadata"]["namespace"] = "other".into();
    let cases = [
        (map("a", "2"), 409, "configmaps \"a\" already exists"),
        (versioned, 400, "resourceVersion should not be set on objects to be created"),
        (
            elsewhere,
            400,
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            json!({"metadata": {}}),
            422,
            "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required",
        ),
        (
            json!({"kind": "Pod", "metadata": {"name": "b"}}),
            400,
            "the kind in the data (Pod) does not match the expected kind (ConfigMap)",
        ),
        (
            json!({"apiVersion": "v2", "metadata": {"name": "b"}}),
            400,
            "the API version in the data (v2) does not match the expected API version (v1)",
        ),
        (json!([]), 400, "the body must be an object"),
    ];
    let before = w.head();
    for (object, code, message) in cases {
        let error = w.try_create(config_maps(), object).expect_err(message);
        assert_eq!((error.code, error.message.as_str()), (code, message));
    }
    let error = w.try_create(config_maps(), map("Upper", "1")).expect_err("name");
    assert_eq!(error.details.causes[0].field, "metadata.name");
    let error = w
        .try_create(config_maps(), json!({"metadata": {"name": "b", "labels": {"-": "x"}}}))
        .expect_err("label");
    assert_eq!((error.reason, error.details.causes[0].field.as_str()), (Reason::Invalid, "metadata.labels"));
    let error = w.try_create(config_maps(), json!({"metadata": {"name": "b"}, "data": 7})).expect_err("type");
    assert_eq!(error.code, 400);
    assert_eq!(w.head(), before, "nothing was stored");
}

#[test]
fn a_generated_name_ends_in_five_characters() {
    let w = world();
    let base = "x".repeat(70);
    let object = json!({"metadata": {"generateName": base}});
    let made = w.create(config_maps(), object);
    assert_eq!(made.meta.name.len(), 63);
    assert!(made.meta.name.starts_with(&"x".repeat(58)));
    let again = w.create(config_maps(), json!({"metadata": {"generateName": base}}));
    assert_ne!(made.meta.name, again.meta.name);
}

/// Always the same ids.
#[derive(Debug)]
struct OneName;

impl IdSource for OneName {
    fn uid(&self) -> Uid {
        Uid::new("uid")
    }

    fn suffix(&self) -> String {
        "aaaaa".to_owned()
    }
}

#[test]
fn generating_names_ends() {
    let clock = Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH));
    let env = Env::new(clock, Arc::new(NoTasks), Arc::new(OneName), 1);
    let objects = Objects::new(Arc::new(MemoryStorage::new()), env);
    let create = || {
        let object = json!({"metadata": {"generateName": "x-"}});
        run(objects.create(config_maps(), "default", object, &WriteOptions::default()))
    };
    assert_eq!(&*create().expect("created").meta.name, "x-aaaaa");
    let error = create().expect_err("taken");
    assert_eq!((error.code, error.details.retry_after_seconds), (409, 1));
    assert!(
        error.message.ends_with("the server was not able to generate a unique name for the object"),
        "{error}"
    );
}

#[test]
fn a_stale_update_is_refused_with_the_current_version() {
    let w = world();
    let first = value(&w.create(config_maps(), map("a", "1")));
    let second = w.update(config_maps(), "a", map("a", "2"));
    let mut stale = first;
    stale["data"]["x"] = "3".into();
    let error = w.try_update(config_maps(), "a", Subresource::Main, stale).expect_err("stale");
    assert_eq!(error.code, 409);
    assert_eq!(
        error.message,
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again"
    );
    let cause = &error.details.causes[0];
    assert_eq!(
        (cause.field.as_str(), cause.message.clone()),
        ("metadata.resourceVersion", second.version.to_string())
    );
    assert_eq!(w.get(config_maps(), "a").expect("there")["data"]["x"], "2");
}

#[test]
fn an_update_cannot_change_who_the_object_is() {
    let w = world();
    let first = value(&w.create(config_maps(), map("a", "1")));
    let mut other = map("a", "2");
    other["metadata"]["uid"] = "other".into();
    let error = w.try_update(config_maps(), "a", Subresource::Main, other).expect_err("uid");
    assert_eq!(error.code, 409);
    assert!(error.message.contains("Precondition failed: UID in precondition: other"), "{error}");
    let error = w.try_update(config_maps(), "a", Subresource::Main, map("b", "2")).expect_err("name");
    assert_eq!(error.code, 400);
    let mut other = map("a", "2");
    other["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z".into();
    let second = value(&w.update(config_maps(), "a", other));
    assert_eq!(second["metadata"]["uid"], first["metadata"]["uid"]);
    assert_eq!(second["metadata"]["creationTimestamp"], first["metadata"]["creationTimestamp"]);
    let error =
        w.try_update(config_maps(), "none", Subresource::Main, map("none", "1")).expect_err("missing");
    assert_eq!((error.code, error.message.as_str()), (404, "configmaps \"none\" not found"));
}

#[test]
fn a_write_that_changes_nothing_writes_nothing() {
    let w = world();
    let first = w.create(config_maps(), map("a", "1"));
    let before = w.head();
    let same = w.update(config_maps(), "a", value(&first));
    assert_eq!((same.version, &same.bytes, w.head()), (first.version, &first.bytes, before));
    let same = w.update(config_maps(), "a", map("a", "1"));
    assert_eq!((same.version, w.head()), (first.version, before));
}

#[test]
fn object_and_status_are_written_apart() {
    let w = world();
    w.create(pods(), pod("a"));
    let mut running = pod("a");
    running["status"] = json!({"phase": "Running"});
    running["spec"]["activeDeadlineSeconds"] = 5.into();
    let stored = value(&w.try_update(pods(), "a", Subresource::Status, running.clone()).expect("status"));
    assert_eq!(stored["status"]["phase"], "Running");
    assert_eq!(stored["spec"].get("activeDeadlineSeconds"), None);
    assert_eq!(stored["metadata"]["generation"], 1);
    running["status"]["phase"] = "Failed".into();
    let stored = value(&w.update(pods(), "a", running));
    assert_eq!(stored["status"]["phase"], "Running");
    assert_eq!(stored["spec"]["activeDeadlineSeconds"], 5);
    assert_eq!(stored["metadata"]["generation"], 2);
    let stored = merge(
        &w,
        "a",
        Subresource::Status,
        json!({"status": {"phase": "Succeeded"}, "spec": {"activeDeadlineSeconds": 6}}),
    );
    assert_eq!(
        (&stored["status"]["phase"], &stored["spec"]["activeDeadlineSeconds"]),
        (&json!("Succeeded"), &json!(5))
    );
    let error = w.try_update(config_maps(), "a", Subresource::Status, map("a", "1")).expect_err("no status");
    assert_eq!(error.code, 404);
}

#[test]
fn generation_counts_changes_of_what_is_wanted() {
    let w = world();
    w.create(pods(), pod("a"));
    let generation = |v: &Value| v["metadata"]["generation"].clone();
    let labelled = merge(&w, "a", Subresource::Main, json!({"metadata": {"labels": {"x": "y"}}}));
    assert_eq!(generation(&labelled), 1);
    let changed = merge(&w, "a", Subresource::Main, json!({"spec": {"activeDeadlineSeconds": 1}}));
    assert_eq!(generation(&changed), 2);
    let forged = merge(&w, "a", Subresource::Main, json!({"metadata": {"generation": 77}}));
    assert_eq!(generation(&forged), 2);
    let plain = w.create(config_maps(), map("a", "1"));
    assert_eq!(value(&plain)["metadata"].get("generation"), None);
}

#[test]
fn nodes_bring_their_status() {
    let w = world();
    let node = json!({"metadata": {"name": "n1"}, "status": {"allocatable": {"cpu": "4"}}});
    let stored = value(&w.create(nodes(), node));
    assert_eq!(stored["status"]["allocatable"]["cpu"], "4");
}

#[test]
fn patches_apply_to_what_is_stored() {
    let w = world();
    let options = WriteOptions::default();
    w.create(config_maps(), map("a", "1"));
    let patch =
        |patch: Patch| run(w.objects.patch(config_maps(), &key("a"), Subresource::Main, &patch, &options));
    let stored = value(&patch(Patch::Merge(json!({"data": {"y": "2", "x": null}}))).expect("merged"));
    assert_eq!(stored["data"], json!({"y": "2"}));
    let stored = value(
        &patch(Patch::Json(json!([
            {"op": "test", "path": "/data/y", "value": "2"},
            {"op": "move", "from": "/data/y", "path": "/data/z"},
        ])))
        .expect("patched"),
    );
    assert_eq!(stored["data"], json!({"z": "2"}));
    let error =
        patch(Patch::Json(json!([{"op": "test", "path": "/data/z", "value": "9"}]))).expect_err("test");
    assert_eq!(error.code, 422);
    let error = patch(Patch::Json(json!({"op": "add"}))).expect_err("no patch");
    assert_eq!(error.code, 400);
    let error = patch(Patch::Merge(json!({"metadata": {"resourceVersion": "1"}}))).expect_err("stale");
    assert_eq!(error.code, 409);
    let error = patch(Patch::Merge(json!({"metadata": {"name": "b"}}))).expect_err("renamed");
    assert_eq!(error.code, 400);
}

#[test]
fn a_dry_run_stores_nothing() {
    let w = world();
    let dry = WriteOptions::default().dry_run();
    let before = w.head();
    let made = run(w.objects.create(config_maps(), "default", map("a", "1"), &dry)).expect("made");
    assert_eq!(&*made.meta.name, "a");
    assert_eq!((w.head(), w.get(config_maps(), "a")), (before, None));
    w.create(config_maps(), map("a", "1"));
    let error = run(w.objects.create(config_maps(), "default", map("a", "1"), &dry)).expect_err("taken");
    assert_eq!(error.code, 409);
    let before = w.head();
    run(w.objects.update(config_maps(), &key("a"), Subresource::Main, map("a", "2"), &dry)).expect("updated");
    assert_eq!(w.head(), before);
}

#[test]
fn unknown_fields_are_dropped_and_wrong_types_refused() {
    let w = world();
    let mut object = pod("a");
    object["spec"]["nonsense"] = 1.into();
    let stored = value(&w.create(pods(), object));
    assert_eq!(stored["spec"].get("nonsense"), None);
    let mut object = json!({"metadata": {"name": "d"}, "spec": {"replicas": "three"}});
    object["spec"]["template"] = json!({});
    let error = w.try_create(Deployment::kind_info(), object).expect_err("type");
    assert_eq!(error.code, 400);
    assert!(error.message.contains("cannot be handled as a Deployment"), "{error}");
}

#[test]
fn the_rules_of_a_kind_hold() {
    let w = world();
    let error =
        w.try_create(pods(), json!({"metadata": {"name": "a"}, "spec": {}})).expect_err("no containers");
    assert_eq!(error.message, "Pod \"a\" is invalid: spec.containers: Required value");
    w.create(pods(), pod("a"));
    let mut other = pod("a");
    other["spec"]["containers"][0]["name"] = "other".into();
    let error = w.try_update(pods(), "a", Subresource::Main, other).expect_err("immutable");
    assert_eq!((error.code, error.details.causes[0].reason.as_str()), (422, "FieldValueForbidden"));
    let service = json!({"metadata": {"name": "9"}, "spec": {"ports": [{"port": 80}]}});
    assert_eq!(
        w.try_create(Service::kind_info(), service).map(|_| ()),
        Ok(()),
        "a DNS label may begin with a digit"
    );
}

#[test]
fn a_kind_that_is_not_served_is_not_found() {
    let w = world();
    let mut kind = Service::kind_info().clone();
    kind.plural = "gameservers".into();
    kind.group = "games.example.com".into();
    kind.kind = "GameServer".into();
    let error = w.try_create(&kind, json!({"metadata": {"name": "a"}})).expect_err("unknown");
    assert_eq!(
        (error.code, error.message.as_str()),
        (404, "the server could not find the requested resource")
    );
    w.objects.register(kind.clone());
    let stored = value(&w.create(&kind, json!({"metadata": {"name": "a"}, "spec": {"anything": [1, null]}})));
    assert_eq!(stored["spec"], json!({"anything": [1, null]}));
    assert_eq!(stored["metadata"]["generation"], 1);
    assert_eq!(stored["kind"], "GameServer");
    assert!(w.objects.find_kind("games.example.com/v1", "GameServer").is_some());
}
