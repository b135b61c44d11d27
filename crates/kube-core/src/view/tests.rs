//! Views that readers share.

use super::{Meta, NodeView, PodView, RawObject, View};
use crate::kinds::meta::v1::{ObjectMeta, Time};
use crate::resource::ResourceVersion;
use serde_json::json;
use std::sync::Arc;

#[test]
fn a_view_is_read_once_for_all_who_hold_the_object() {
    let pod = json!({"metadata": {"name": "a", "resourceVersion": "7"}, "spec": {"nodeName": "n"}});
    let raw = RawObject::from_value(pod).unwrap();
    let first = PodView::decode_shared(&raw).unwrap();
    assert!(Arc::ptr_eq(&first, &PodView::decode_shared(&raw).unwrap()));
    assert_eq!(first.node_name().map(|name| &**name), Some("n"));

    let gone = raw.clone().at(ResourceVersion::new(9));
    assert_eq!(PodView::decode_shared(&gone).unwrap().version, ResourceVersion::new(9));
    // Another view of it is no pod.
    assert_eq!(&*NodeView::decode_shared(&raw).unwrap().meta.name, "a");
    assert!(Arc::ptr_eq(&first, &PodView::decode_shared(&raw).unwrap()));
}

#[test]
fn what_does_not_decode_is_refused_each_time() {
    let raw = RawObject::from_value(json!({"metadata": {"name": "a"}, "spec": {"containers": 7}})).unwrap();
    assert!(PodView::decode_shared(&raw).is_err());
    assert!(PodView::decode_shared(&raw).is_err());
}

#[test]
fn typed_metadata_is_what_reading_its_text_gives() {
    let full: ObjectMeta = serde_json::from_value(json!({
        "name": "web-0", "namespace": "shop", "uid": "u-1", "generation": 3,
        "labels": {"tier": "front", "app": "web"}, "annotations": {"note": "a \"b\""},
        "finalizers": ["example.com/a", "example.com/b"],
        "creationTimestamp": "2026-01-01T00:00:00Z", "deletionTimestamp": "2026-01-01T00:00:09.75Z",
        "deletionGracePeriodSeconds": 30,
        "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "u-2", "controller": true},
            {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u-3", "blockOwnerDeletion": true},
        ],
    }))
    .unwrap();
    let before_1970 = Time("1969-12-31T23:59:58.25Z".parse().unwrap());
    let early = ObjectMeta { creation_timestamp: Some(before_1970), ..ObjectMeta::default() };
    for meta in [full, early, ObjectMeta::default()] {
        let read: Meta = serde_json::from_slice(&serde_json::to_vec(&meta).unwrap()).unwrap();
        assert_eq!(Meta::from(&meta), read);
    }
}
