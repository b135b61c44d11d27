//! One form per object, whatever it was written like.

use super::{Codec, find_codec};
use crate::kinds::core::v1::{ConfigMap, Pod};
use crate::resource::builtin_kinds;
use serde_json::{Value, json};

#[test]
fn every_codec_belongs_to_a_kind_and_keeps_its_form() {
    let mut found = 0;
    for info in builtin_kinds() {
        let Some(codec) = find_codec(&info.group, &info.version, &info.kind) else { continue };
        found += 1;
        let mut object = json!({"metadata": {"name": "a", "labels": null}, "nonsense": {"x": 1}});
        codec.create(&mut object).unwrap();
        assert_eq!((&object["apiVersion"], &object["kind"]), (&json!(info.api_version()), &json!(info.kind)));
        assert_eq!(object.get("nonsense"), None, "{}", info.kind);
        let once = object.clone();
        codec.set_defaults(&mut object).unwrap();
        assert_eq!(object, once, "{}", info.kind);
    }
    assert_eq!(found, 47);
}

#[test]
fn what_does_not_decode_is_refused() {
    let codec = Codec::of::<Pod>();
    for wrong in [json!({"spec": []}), json!({"kind": "Node"}), json!({"apiVersion": "v2"}), Value::Null] {
        assert!(codec.set_defaults(&mut wrong.clone()).is_err(), "{wrong}");
        assert!(codec.create(&mut wrong.clone()).is_err(), "{wrong}");
        assert!(codec.update(b"{}", &mut wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn bytes_of_a_time_do_not_tell_how_it_was_written() {
    let codec = Codec::of::<ConfigMap>();
    let mut object = json!({"metadata": {"creationTimestamp": "2024-01-01T02:00:00+02:00"}});
    codec.set_defaults(&mut object).unwrap();
    assert_eq!(object["metadata"]["creationTimestamp"], "2024-01-01T00:00:00Z");
}

#[test]
fn a_finalizer_of_a_built_in_object_has_a_domain_unless_it_is_kubernetes_own() {
    let codec = find_codec("", "v1", "ConfigMap").unwrap();
    let errors = |finalizer: &str| {
        let mut object = json!({"metadata": {"name": "a", "finalizers": [finalizer]}});
        let created = codec.create(&mut object).unwrap();
        assert_eq!(created, codec.update(b"{}", &mut object).unwrap());
        created.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(errors("example.com/a"), [""; 0]);
    assert_eq!(errors("orphan"), [""; 0]);
    assert_eq!(
        errors("nodomain"),
        [
            "metadata.finalizers[0]: Invalid value: \"nodomain\": name is neither a standard finalizer name nor is it fully qualified"
        ]
    );
}

#[test]
fn the_field_that_does_not_decode_is_found() {
    let find = |object: Value| find_codec("", "v1", "Pod").unwrap().locate(&object).as_str().to_owned();
    let pod = |containers: Value| json!({"metadata": {"name": "a"}, "spec": {"containers": containers}});
    assert_eq!(find(pod(json!([{"name": "a"}]))), "");
    assert_eq!(find(pod(json!(7))), "spec.containers");
    assert_eq!(find(pod(json!([{"name": "a"}, {"name": "b", "image": 1}]))), "spec.containers[1].image");
    let port = json!([{"name": "a", "ports": [{"containerPort": 80}, {"containerPort": "http"}]}]);
    assert_eq!(find(pod(port)), "spec.containers[0].ports[1].containerPort");
    assert_eq!(find(json!({"metadata": {"labels": {"app/x": 1}}})), "metadata.labels.app/x");
    assert_eq!(find(json!([])), "");
}

#[test]
fn unknown_fields_are_named() {
    let codec = find_codec("", "v1", "Pod").expect("a built-in kind");
    let given = json!({
        "apiVersion": "v1", "kind": "Pod", "nonsense": 1,
        "metadata": {"name": "a", "labels": {"any": "thing"}, "lables": {}},
        "spec": {
            "replicas": 3, "hostAliases": null,
            "nodeSelector": {}, "tolerations": [],
            "containers": [
                {"name": "a", "image": "i", "resources": {"limits": {"cpu": 1}}},
                {"name": "b", "image": "i", "ports": [{"containerPort": 80, "port": 80}]},
            ],
        },
    });
    let read = codec.read(&given).expect("decodes");
    let unknown = codec.unknown_fields(&given, &*read).expect("JSON");
    let unknown: Vec<&str> = unknown.iter().map(crate::error::FieldPath::as_str).collect();
    assert_eq!(unknown, ["metadata.lables", "nonsense", "spec.containers[1].ports[0].port", "spec.replicas"]);
}
