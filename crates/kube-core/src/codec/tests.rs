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
