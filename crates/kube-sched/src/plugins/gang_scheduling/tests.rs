//! What a policy asks for; the rest is held to in the queue's tests and the driver's.

use super::policy;
use kube_core::kinds::scheduling::v1alpha2::PodGroup;
use serde_json::{Value, json};

fn group(policy: &Value) -> PodGroup {
    serde_json::from_value(json!({"metadata": {"name": "g"}, "spec": {"schedulingPolicy": policy}})).unwrap()
}

#[test]
fn a_gang_has_its_minimum_and_other_groups_have_none() {
    assert_eq!(policy(&group(&json!({"gang": {"minCount": 4}}))).least, 4);
    assert_eq!(policy(&group(&json!({"basic": {}}))).least, 1);
}
