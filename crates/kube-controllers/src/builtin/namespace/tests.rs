//! What a namespace on its way out tells.

use super::plan::{Content, Remaining, conditions, next};
use jiff::Timestamp;
use kube_core::error::ApiError;
use kube_core::kinds::apps::v1::Deployment;
use kube_core::kinds::core::v1::{NamespaceStatus, Pod};
use kube_core::resource::Resource;
use kube_core::view::RawObject;
use serde_json::json;
use std::collections::BTreeMap;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

fn content() -> Vec<Content> {
    let pod = |name: &str| {
        let meta =
            json!({ "name": name, "finalizers": ["a/b"], "deletionTimestamp": "1970-01-01T00:01:40Z" });
        RawObject::from_value(json!({ "metadata": meta })).expect("an object")
    };
    let deployment = RawObject::from_value(json!({ "metadata": { "name": "d" } })).expect("an object");
    let all = [
        Content::of(Pod::kind_info(), &[pod("p"), pod("q")]),
        Content::of(Deployment::kind_info(), &[deployment]),
        Content::of(Pod::kind_info(), &[]),
    ];
    all.into_iter().flatten().collect()
}

fn told(status: &NamespaceStatus) -> BTreeMap<&str, (&str, &str)> {
    let all = status.conditions.iter().flatten();
    all.map(|c| (c.type_.as_str(), (c.status.as_str(), c.message.as_deref().unwrap_or_default()))).collect()
}

#[test]
fn what_is_left_is_told() {
    let mut status = NamespaceStatus::default();
    conditions(&mut status, &Remaining::of(&content()), &[ApiError::bad_request("no")], at(0));
    let all = told(&status);
    assert_eq!(all.len(), 5);
    let kinds = "Some resources are remaining: deployments.apps has 1 resource instances, pods. has 2 resource instances";
    assert_eq!(all["NamespaceContentRemaining"], ("True", kinds));
    let held = "Some content in the namespace has finalizers remaining: a/b in 2 resource instances";
    assert_eq!(all["NamespaceFinalizersRemaining"], ("True", held));
    assert_eq!(all["NamespaceDeletionContentFailure"].0, "True");
    let since = status.conditions.as_ref().expect("conditions")[0].last_transition_time.clone();
    conditions(&mut status, &Remaining::default(), &[], at(9));
    assert!(told(&status).values().all(|(status, _)| *status == "False"));
    assert_eq!(status.conditions.expect("conditions")[0].last_transition_time, since, "it did not change");
}

#[test]
fn the_slowest_object_decides_when_to_look_again() {
    assert_eq!(next(&content(), at(40)).as_secs(), 31);
    assert_eq!(next(&content(), at(99)).as_millis(), 8_500, "finalizers take their time");
    assert_eq!(next(&content()[1..], at(40)).as_secs(), 1);
}
