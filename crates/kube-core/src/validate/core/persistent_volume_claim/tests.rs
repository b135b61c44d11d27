//! What claims are filled with, and their templates.

use serde_json::{Value, json};

use crate::kinds::core::v1::{PersistentVolumeClaim, Pod};
use crate::validate::Kind;
use crate::validate::check::{refusals, update_refusals, with};

fn base() -> Value {
    json!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}})
}

#[track_caller]
fn check(changes: &[(&str, Value)], expected: &[&str]) {
    assert_eq!(refusals::<PersistentVolumeClaim>(&with(&base(), changes)), expected, "{changes:?}");
}

#[track_caller]
fn prepared(changes: &[(&str, Value)], old: Option<&Value>) -> Value {
    let mut claim = PersistentVolumeClaim::decode(&with(&base(), changes)).unwrap();
    match old {
        None => claim.prepare_create(),
        Some(old) => claim.prepare_update(&PersistentVolumeClaim::decode(old).unwrap()),
    }
    let spec = serde_json::to_value(claim.spec).unwrap();
    json!([spec["dataSource"], spec["dataSourceRef"]])
}

#[test]
fn both_fields_of_a_source_say_the_same() {
    let snapshot = json!({"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "s"});
    let both = json!([snapshot, snapshot]);
    assert_eq!(prepared(&[("/spec/dataSource", snapshot.clone())], None), both);
    assert_eq!(prepared(&[("/spec/dataSourceRef", snapshot)], None), both);
    // The older field knows claims and snapshots only.
    let anything = json!({"apiGroup": "a.io", "kind": "Thing", "name": "s"});
    assert_eq!(prepared(&[("/spec/dataSource", anything.clone())], None), json!([null, null]));
    assert_eq!(prepared(&[("/spec/dataSourceRef", anything.clone())], None), json!([anything, anything]));
    let elsewhere = json!({"apiGroup": "a.io", "kind": "Thing", "name": "s", "namespace": "n"});
    assert_eq!(prepared(&[("/spec/dataSourceRef", elsewhere)], None), json!([null, null]));
    // A client that knows the older field only sends back what it got.
    let old =
        with(&base(), &[("/spec/dataSource", anything.clone()), ("/spec/dataSourceRef", anything.clone())]);
    assert_eq!(prepared(&[("/spec/dataSource", anything.clone())], Some(&old)), json!([anything, anything]));
}

#[test]
fn a_source_is_named() {
    check(&[("/spec/dataSource", json!({"kind": "PersistentVolumeClaim", "name": "c"}))], &[]);
    check(
        &[("/spec/dataSource", json!({"kind": "Thing", "name": ""}))],
        &[
            "spec.dataSource.name: Required value",
            "spec.dataSource: Invalid value: \"Thing\": must be 'PersistentVolumeClaim' when referencing the default apiGroup",
        ],
    );
    check(
        &[
            ("/spec/dataSource", json!({"kind": "PersistentVolumeClaim", "name": "a"})),
            ("/spec/dataSourceRef", json!({"kind": "PersistentVolumeClaim", "name": "b"})),
        ],
        &["spec: Invalid value: \"spec.dataSource\": must match dataSourceRef"],
    );
}

#[test]
fn a_class_moves_from_the_annotation_to_the_field() {
    let annotation = "/metadata/annotations";
    let named = json!({"volume.beta.kubernetes.io/storage-class": "gold"});
    let old = with(&base(), &[("/metadata", json!({})), (annotation, named)]);
    let moved = with(&old, &[("/spec/storageClassName", json!("gold"))]);
    assert_eq!(update_refusals::<PersistentVolumeClaim>(&old, &moved), Vec::<String>::new());
    let other = with(&old, &[(annotation, json!({"volume.beta.kubernetes.io/storage-class": "silver"}))]);
    assert_eq!(
        update_refusals::<PersistentVolumeClaim>(&old, &other),
        [
            "metadata.annotations.volume.beta.kubernetes.io/storage-class: Invalid value: \"silver\": field is immutable"
        ],
    );
    let other = with(&old, &[("/spec/storageClassName", json!("silver"))]);
    assert_eq!(update_refusals::<PersistentVolumeClaim>(&old, &other).len(), 1, "the spec is immutable");
}

#[test]
fn of_the_metadata_of_a_template_there_are_labels_and_annotations() {
    let pod = |metadata: Value| {
        let template = json!({"metadata": metadata, "spec": base()["spec"]});
        json!({
            "metadata": {"name": "p"},
            "spec": {
                "containers": [{"name": "c", "image": "nginx"}],
                "volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": template}}],
            },
        })
    };
    assert_eq!(refusals::<Pod>(&pod(json!({"labels": {"a": "b"}}))), Vec::<String>::new());
    assert_eq!(
        refusals::<Pod>(&pod(json!({"name": "x", "finalizers": ["a.io/b"]}))),
        [
            "spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set",
            "spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.finalizers: Forbidden: cannot be set",
        ],
    );
}
