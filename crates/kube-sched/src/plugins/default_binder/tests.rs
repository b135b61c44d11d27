//! What is sent to the store.

use super::binding;
use crate::fixtures::{info, pod};
use serde_json::json;

#[test]
fn the_binding_names_pod_uid_and_node() {
    let sent = binding(None, &info(&pod("p", json!({}))), "n1");
    assert_eq!(sent["metadata"], json!({"name": "p", "namespace": "default", "uid": "p"}));
    assert_eq!(sent["target"], json!({"apiVersion": "v1", "kind": "Node", "name": "n1"}));
}
