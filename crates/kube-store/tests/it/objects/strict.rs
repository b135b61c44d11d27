//! Fields that a kind does not know, and what is told beside the result of a write.

use super::{config_maps, key, map, pod, pods, run, value, world};
use kube_core::kinds::apps::v1::Deployment;
use kube_core::kinds::core::v1::Service;
use kube_core::resource::Resource;
use kube_store::api::Api;
use kube_store::service::{
    FieldValidation, ObjectService, Patch, Subresource, Warning, Warnings, Write, WriteOptions,
};
use serde_json::json;
use std::sync::Arc;

fn strict() -> WriteOptions {
    WriteOptions::default().validated(FieldValidation::Strict)
}

#[test]
fn unknown_fields_are_refused_told_of_or_dropped() {
    let w = world();
    let mut object = pod("a");
    object["spec"]["replicas"] = 3.into();
    object["spec"]["containers"][0]["port"] = 80.into();
    let before = w.head();
    let refused = run(w.objects.create(pods(), "default", object.clone(), &strict())).expect_err("strict");
    assert_eq!(refused.code, 400);
    assert_eq!(
        refused.message,
        "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field \
         \"spec.containers[0].port\", unknown field \"spec.replicas\""
    );
    let fields: Vec<&str> = refused.details.causes.iter().map(|cause| cause.field.as_str()).collect();
    assert_eq!(fields, ["spec.containers[0].port", "spec.replicas"]);
    assert_eq!(w.head(), before, "nothing was stored");
    let warnings = Warnings::default();
    let warn = WriteOptions::default().validated(FieldValidation::Warn).warned(&warnings);
    let made = run(w.objects.create(pods(), "default", object.clone(), &warn)).expect("created");
    assert_eq!(value(&made)["spec"].get("replicas"), None);
    assert_eq!(
        warnings.texts(),
        ["unknown field \"spec.containers[0].port\"", "unknown field \"spec.replicas\""]
    );
    object["metadata"]["name"] = "b".into();
    let silent = WriteOptions::default().warned(&Warnings::default());
    run(w.objects.create(pods(), "default", object, &silent)).expect("ignored");
    run(w.objects.create(pods(), "default", value(&made), &strict())).expect_err("taken, not unknown");
}

#[test]
fn what_was_stored_has_no_unknown_fields() {
    let w = world();
    let made = value(&w.create(pods(), pod("a")));
    run(w.objects.update(pods(), &key("a"), Subresource::Main, made.clone(), &strict()))
        .expect("its own form");
    run(w.objects.update(pods(), &key("a"), Subresource::Status, made, &strict())).expect("its own form");
}

#[test]
fn updates_and_patches_are_held_to_it_as_well() {
    let w = world();
    w.create(pods(), pod("a"));
    let mut object = pod("a");
    object["metadata"]["lables"] = json!({});
    let refused = run(w.objects.update(pods(), &key("a"), Subresource::Main, object, &strict()));
    assert_eq!(refused.expect_err("update").code, 400);
    let status = json!({"metadata": {"name": "a"}, "status": {"fase": "Running"}});
    let refused = run(w.objects.update(pods(), &key("a"), Subresource::Status, status, &strict()));
    assert!(refused.expect_err("status").message.ends_with("unknown field \"status.fase\""));
    let patch = Patch::Merge(json!({"spec": {"activeDeadline": 1}}));
    let refused = run(w.objects.patch(pods(), &key("a"), Subresource::Main, &patch, &strict()));
    let refused = refused.expect_err("patch");
    assert_eq!((refused.code, refused.details.causes[0].field.as_str()), (422, "patch"));
    assert!(
        refused.message.ends_with("strict decoding error: unknown field \"spec.activeDeadline\""),
        "{refused}"
    );
}

#[test]
fn warnings_tell_which_write_they_are_about() {
    let w = world();
    let warnings = Warnings::default();
    let options = WriteOptions::default().warned(&warnings);
    let service = json!({
        "metadata": {"name": "s"},
        "spec": {"clusterIP": "None", "ports": [{"port": 80}], "externalIPs": ["192.0.2.1"]},
    });
    let write = |kind: &kube_core::resource::KindInfo, object| Write::Apply {
        kind: Arc::new(kind.clone()),
        namespace: "default".to_owned(),
        object,
    };
    let writes = vec![write(config_maps(), map("a", "1")), write(Service::kind_info(), service)];
    run(w.objects.transact(writes, &options)).expect("stored");
    let told: Warning = warnings.take().remove(0);
    assert_eq!((told.write, told.text.as_str()), (1, "spec.externalIPs is ignored for headless services"));
    assert_eq!(warnings.take(), []);
}

#[test]
fn templates_are_looked_at_when_they_change() {
    let w = world();
    let warnings = Warnings::default();
    let api = Api::<Deployment>::namespaced(w.objects, "default").warned(&warnings);
    let object = json!({"metadata": {"name": "a"}, "spec": {
        "selector": {"matchLabels": {"app": "x"}},
        "template": {"metadata": {"labels": {"app": "x"}}, "spec": {
            "containers": [{"name": "c", "image": "i"}], "nodeSelector": {"beta.kubernetes.io/os": "linux"},
        }},
    }});
    let deployment: Deployment = serde_json::from_value(object).expect("a deployment");
    run(api.create(&deployment)).expect("created");
    let text = "spec.template.spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use \"kubernetes.io/os\" instead";
    assert_eq!(warnings.texts(), [text]);
    warnings.take();
    let label =
        |d: &mut Deployment| drop(d.metadata.labels.get_or_insert_default().insert("a".into(), "b".into()));
    run(api.edit("a", label)).expect("labelled");
    assert_eq!(warnings.texts(), [""; 0]);
    run(api.scale("a", 2)).expect("scaled");
    assert_eq!(warnings.texts(), [text]);
}

#[test]
fn transactions_have_options() {
    let w = world();
    let write = || Write::Create {
        kind: Arc::new(config_maps().clone()),
        namespace: "default".to_owned(),
        object: map("a", "1"),
    };
    run(w.objects.transact(vec![write()], &WriteOptions::default().dry_run())).expect("would be stored");
    assert_eq!(w.get(config_maps(), "a"), None);
}
