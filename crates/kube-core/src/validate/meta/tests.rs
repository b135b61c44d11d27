//! Rules as tables of data.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta, OwnerReference, Time};
use k8s_openapi::jiff::Timestamp;

use super::{
    TOTAL_ANNOTATION_SIZE_LIMIT, validate_annotations, validate_object_meta, validate_object_meta_update,
};
use crate::error::FieldPath;
use crate::names::name_is_dns_label;

/// A valid object with `change` made to it.
fn with(change: impl FnOnce(&mut ObjectMeta)) -> ObjectMeta {
    let mut meta = ObjectMeta {
        name: Some("web".into()),
        namespace: Some("default".into()),
        resource_version: Some("7".into()),
        ..ObjectMeta::default()
    };
    change(&mut meta);
    meta
}

fn check(meta: &ObjectMeta, namespaced: bool, want: &[&str]) {
    let errors = validate_object_meta(meta, namespaced, name_is_dns_label, &FieldPath::new("metadata"));
    let got: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(got, want);
}

fn check_update(new: &ObjectMeta, old: &ObjectMeta, want: &[&str]) {
    let errors = validate_object_meta_update(new, old, &FieldPath::new("metadata"));
    let got: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(got, want);
}

fn owner(kind: &str, name: &str, controller: bool) -> OwnerReference {
    OwnerReference {
        api_version: if kind == "Event" { "v1".into() } else { "apps/v1".into() },
        kind: kind.into(),
        name: name.into(),
        uid: "u".into(),
        controller: controller.then_some(true),
        block_owner_deletion: None,
    }
}

fn at(second: i64) -> Time {
    Time(Timestamp::from_second(second).unwrap())
}

#[test]
fn a_name_is_required_and_judged_by_the_rule_of_the_kind() {
    check(&with(|_| ()), true, &[]);
    check(
        &with(|m| m.name = None),
        true,
        &["metadata.name: Required value: name or generateName is required"],
    );
    check(
        &with(|m| m.name = Some("a.b".into())),
        true,
        &["metadata.name: Invalid value: \"a.b\": must not contain dots"],
    );
    check(
        &with(|m| m.generate_name = Some("a.b-".into())),
        true,
        &["metadata.generateName: Invalid value: \"a.b-\": must not contain dots"],
    );
}

#[test]
fn a_namespace_stands_where_the_scope_says() {
    check(&with(|m| m.namespace = None), true, &["metadata.namespace: Required value"]);
    check(&with(|m| m.namespace = None), false, &[]);
    check(&with(|_| ()), false, &["metadata.namespace: Forbidden: not allowed on this type"]);
    check(
        &with(|m| m.namespace = Some("a.b".into())),
        true,
        &["metadata.namespace: Invalid value: \"a.b\": must not contain dots"],
    );
}

#[test]
fn only_one_owner_is_the_controller_and_no_event_owns() {
    let owners = vec![owner("ReplicaSet", "a", true), owner("ReplicaSet", "b", true)];
    check(
        &with(|m| m.owner_references = Some(owners)),
        true,
        &[concat!(
            r#"metadata.ownerReferences: Invalid value: [{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"a","uid":"u","controller":true},"#,
            r#"{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"b","uid":"u","controller":true}]: "#,
            r#"Only one reference can have Controller set to true. Found "true" in references for ReplicaSet/a and ReplicaSet/b"#,
        )],
    );
    check(
        &with(|m| m.owner_references = Some(vec![owner("Event", "a", false)])),
        true,
        &[
            r#"metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"a","uid":"u"}: /v1, Kind=Event is disallowed from being an owner"#,
        ],
    );
    let nobody = OwnerReference { api_version: "a/b/c".into(), ..OwnerReference::default() };
    check(
        &with(|m| m.owner_references = Some(vec![nobody])),
        true,
        &[
            r#"metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version must not be empty"#,
            r#"metadata.ownerReferences.kind: Invalid value: "": must not be empty"#,
            r#"metadata.ownerReferences.name: Invalid value: "": must not be empty"#,
            r#"metadata.ownerReferences.uid: Invalid value: "": must not be empty"#,
        ],
    );
}

#[test]
fn finalizers_do_not_contradict() {
    let both = vec!["orphan".into(), "foregroundDeletion".into()];
    check(
        &with(|m| m.finalizers = Some(both)),
        true,
        &[
            r#"metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set"#,
        ],
    );
}

#[test]
fn managed_fields_have_an_operation_and_a_printable_manager() {
    let entry = ManagedFieldsEntry {
        operation: Some("Pa<tch".into()),
        fields_type: Some("V2".into()),
        manager: Some("é\u{7}".into()),
        subresource: Some("s".repeat(257)),
        ..ManagedFieldsEntry::default()
    };
    check(
        &with(|m| m.managed_fields = Some(vec![entry])),
        true,
        &[
            r#"metadata.managedFields[0].operation: Invalid value: "Pa\u003ctch": must be `Apply` or `Update`"#,
            r#"metadata.managedFields[0].fieldsType: Invalid value: "V2": must be `FieldsV1`"#,
            r#"metadata.managedFields[0].manager: Invalid value: "é\a": invalid character U+0007 (at position 2)"#,
            "metadata.managedFields[0].subresource: Too long: may not be more than 256 bytes",
        ],
    );
}

#[test]
fn annotations_may_have_capitals_but_not_too_many_bytes() {
    let path = FieldPath::new("a");
    let sized = |bytes: usize| [("Example.com/K".to_owned(), "v".repeat(bytes - 13))].into();
    assert_eq!(validate_annotations(&sized(TOTAL_ANNOTATION_SIZE_LIMIT), &path), []);
    let errors = validate_annotations(&sized(TOTAL_ANNOTATION_SIZE_LIMIT + 1), &path);
    assert_eq!(errors[0].to_string(), "a: Too long: may not be more than 262144 bytes");
    assert_eq!(validate_annotations(&[("a b".into(), String::new())].into(), &path).len(), 1);
}

#[test]
fn generation_and_labels_are_judged() {
    check(
        &with(|m| m.generation = Some(-1)),
        true,
        &["metadata.generation: Invalid value: -1: must be greater than or equal to 0"],
    );
    let meta = with(|m| m.labels = Some([("/a".into(), "v".repeat(64))].into()));
    check(
        &meta,
        true,
        &[
            r#"metadata.labels: Invalid value: "/a": prefix part must be non-empty"#,
            &format!(
                r#"metadata.labels: Invalid value: "{}": must be no more than 63 bytes"#,
                "v".repeat(64)
            ),
        ],
    );
}

#[test]
fn identity_does_not_change() {
    let old = with(|m| {
        m.uid = Some("u".into());
        m.creation_timestamp = Some(at(0));
        m.generation = Some(2);
    });
    check_update(&old, &old, &[]);
    let new = with(|m| {
        m.name = Some("other".into());
        m.namespace = None;
        m.resource_version = None;
        m.creation_timestamp = Some(at(1));
        m.deletion_timestamp = Some(at(2));
        m.deletion_grace_period_seconds = Some(30);
        m.generation = Some(1);
    });
    check_update(
        &new,
        &old,
        &[
            r#"metadata.resourceVersion: Invalid value: "": must be specified for an update"#,
            "metadata.generation: Invalid value: 1: must not be decremented",
            r#"metadata.name: Invalid value: "other": field is immutable"#,
            r#"metadata.namespace: Invalid value: "": field is immutable"#,
            r#"metadata.uid: Invalid value: "": field is immutable"#,
            r#"metadata.creationTimestamp: Invalid value: "1970-01-01T00:00:01Z": field is immutable"#,
            r#"metadata.deletionTimestamp: Invalid value: "1970-01-01T00:00:02Z": field is immutable"#,
            "metadata.deletionGracePeriodSeconds: Invalid value: 30: field is immutable",
        ],
    );
    check_update(
        &with(|m| m.uid = Some("u".into())),
        &with(|m| {
            m.uid = Some("u".into());
            m.deletion_grace_period_seconds = Some(30);
        }),
        &["metadata.deletionGracePeriodSeconds: Invalid value: null: field is immutable"],
    );
}

#[test]
fn no_finalizer_joins_an_object_that_goes() {
    let old = with(|m| {
        m.deletion_timestamp = Some(at(1));
        m.finalizers = Some(vec!["a".into()]);
    });
    let mut new = old.clone();
    new.finalizers = Some(vec!["c".into(), "a".into(), "b".into()]);
    check_update(
        &new,
        &old,
        &[
            r#"metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"b", "c"}"#,
        ],
    );
    new.finalizers = None;
    check_update(&new, &old, &[]);
}
