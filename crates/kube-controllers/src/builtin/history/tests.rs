//! Revisions are named, found and forgotten as Kubernetes does it.

use super::{Next, by_revision, holds, next, revision_hash, surplus, template_of, template_patch};
use kube_core::kinds::apps::v1::ControllerRevision;
use kube_core::kinds::core::v1::PodTemplateSpec;
use serde_json::{Value, from_value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

fn template(image: &str) -> PodTemplateSpec {
    from_value(json!({
        "metadata": { "annotations": { "test": "value" }, "labels": { "app": "foo" } },
        "spec": {
            "containers": [{
                "image": image, "imagePullPolicy": "Always", "name": "test",
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            }],
            "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
            "securityContext": {}, "terminationGracePeriodSeconds": 30,
        },
    }))
    .expect("a template")
}

fn revision(number: i64, data: &Value) -> Arc<ControllerRevision> {
    let object = json!({ "metadata": { "name": format!("r{number}") }, "revision": number, "data": data });
    Arc::new(from_value(object).expect("a revision"))
}

fn history(images: &[&str]) -> Vec<Arc<ControllerRevision>> {
    let numbered = images.iter().zip(1..);
    numbered.map(|(image, number)| revision(number, &template_patch(&template(image)))).collect()
}

/// The data and the names are those of Kubernetes' own test of compatibility between its versions
/// (`pkg/controller/statefulset/testdata`).
#[test]
fn patches_and_hashes_are_those_of_kubernetes() {
    let patch = template_patch(&template("test"));
    let written = r#"{"spec":{"template":{"$patch":"replace","metadata":{"annotations":{"test":"value"},"labels":{"app":"foo"}},"spec":{"containers":[{"image":"test","imagePullPolicy":"Always","name":"test","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}}}}"#;
    assert_eq!(patch.to_string(), written);
    assert_eq!(revision_hash(&patch, 0), "776999688b");
    let mut before_1_34 = patch;
    before_1_34["spec"]["template"]["metadata"]["creationTimestamp"] = Value::Null;
    assert_eq!(revision_hash(&before_1_34, 0), "c77f6d978");
}

#[test]
fn characters_of_html_are_escaped_before_hashing() {
    let hash = |text: &str| revision_hash(&json!({ "a": text }), 0);
    let plain = revision_hash(&json!({ "a": "x" }), 0);
    assert_ne!(hash("<"), plain);
    // FNV-1 of `{"a":"\u003c\u003e\u0026"}0`.
    assert_eq!(hash("<>&"), "859f57945c");
}

#[test]
fn collisions_give_other_names_and_templates_come_back_whole() {
    let patch = template_patch(&template("test"));
    let names: BTreeSet<String> = (0..5).map(|collisions| revision_hash(&patch, collisions)).collect();
    assert_eq!(names.len(), 5);
    let kept = revision(1, &patch);
    assert_eq!(template_patch(&template_of(&kept).expect("a template")), patch);
}

#[test]
fn an_older_version_of_the_same_data_is_the_same_revision() {
    let patch = template_patch(&template("test"));
    let mut old = patch.clone();
    old["spec"]["template"]["metadata"]["creationTimestamp"] = Value::Null;
    assert!(holds(&revision(1, &old), &patch));
    assert!(!holds(&revision(1, &template_patch(&template("other"))), &patch));
}

#[test]
fn the_present_template_is_new_or_the_same_or_comes_back() {
    let patch = |image: &str| template_patch(&template(image));
    let all = history(&["a", "b", "c"]);
    assert_eq!(next(&[], &patch("a")), Next::New(1));
    assert_eq!(next(&all, &patch("d")), Next::New(4));
    assert_eq!(next(&all, &patch("c")), Next::Same(all[2].clone()));
    assert_eq!(next(&all, &patch("a")), Next::Raise(all[0].clone(), 4));
}

#[test]
fn the_oldest_that_nobody_uses_are_forgotten() {
    let mut all = history(&["a", "b", "c", "d"]);
    all.reverse();
    all.sort_by(by_revision);
    let live = BTreeSet::from(["r1", "r4"]);
    let gone = |limit: i32| -> Vec<i64> { surplus(&all, &live, limit).iter().map(|r| r.revision).collect() };
    assert_eq!(gone(0), [2, 3]);
    assert_eq!(gone(1), [2]);
    assert!(gone(2).is_empty() && gone(-1).is_empty());
}
