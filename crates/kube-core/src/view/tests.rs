//! Views that readers share.

use super::{NodeView, PodView, RawObject, View};
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
