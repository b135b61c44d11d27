//! Reviews, and acting as somebody else.

use super::access::{ann, rule};
use super::{World, config_maps, run, world};
use kube_core::error::ApiError;
use kube_core::kinds::authentication::v1::SelfSubjectReview;
use kube_core::kinds::authorization::v1::{
    LocalSubjectAccessReview, SelfSubjectAccessReview, SelfSubjectRulesReview, SubjectAccessReview,
};
use kube_core::rbac::User;
use kube_core::resource::Resource;
use kube_store::api::Api;
use kube_store::service::{Access, ListQuery, ObjectService, WriteOptions};
use serde_json::{Value, json};
use std::sync::Arc;

fn access(w: &World) -> Arc<Access> {
    Access::new(w.objects.clone())
}

/// What a review answers, asked by ann.
fn ask<K: Resource>(w: &World, namespace: &str, review: Value) -> Result<Value, ApiError> {
    let service = access(w).as_user(ann());
    let raw = run(service.create(K::kind_info(), namespace, review, &WriteOptions::default()))?;
    Ok(raw.to_value().expect("JSON")["status"].clone())
}

fn reviewer(w: &World) {
    w.allow_everywhere(
        "reviewer",
        &json!([rule("authorization.k8s.io", "subjectaccessreviews", &["create"])]),
    );
}

const GET_MAPS: &str = r#"{"verb": "get", "resource": "configmaps", "namespace": "default"}"#;

fn maps() -> Value {
    serde_json::from_str(GET_MAPS).expect("JSON")
}

#[test]
fn what_somebody_may_do_is_answered_with_its_reason() {
    let w = world();
    reviewer(&w);
    w.allow("reader", &json!([rule("", "configmaps", &["get"])]));
    let review = |who: Value| json!({"spec": {"groups": who, "resourceAttributes": maps()}});
    let allowed = ask::<SubjectAccessReview>(&w, "", review(json!(["developers"]))).expect("answered");
    assert_eq!(
        allowed,
        json!({
            "allowed": true,
            "reason": "RBAC: allowed by RoleBinding \"reader/default\" of Role \"reader\" to Group \"developers\"",
        })
    );
    let refused = ask::<SubjectAccessReview>(&w, "", review(json!(["testers"]))).expect("answered");
    assert_eq!(refused["allowed"], false);
    let masters = ask::<SubjectAccessReview>(&w, "", review(json!(["system:masters"]))).expect("answered");
    assert_eq!(masters, json!({"allowed": true}));
    let path = json!({"spec": {"user": "bob", "nonResourceAttributes": {"verb": "get", "path": "/metrics"}}});
    assert_eq!(ask::<SubjectAccessReview>(&w, "", path).expect("answered")["allowed"], false);
}

#[test]
fn who_knows_no_users_says_who_does() {
    let w = world();
    let head = w.head();
    let review = json!({"metadata": {"name": "a"}, "spec": {"resourceAttributes": maps()}});
    let kind = SelfSubjectAccessReview::kind_info();
    let refused = run(w.objects.create(kind, "", review, &WriteOptions::default())).expect_err("whose?");
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (405, "selfsubjectaccessreviews are answered by a service in the name of a user")
    );
    assert_eq!(w.head(), head);
}

#[test]
fn nothing_is_stored_and_asking_about_others_needs_a_role() {
    let w = world();
    let head = w.head();
    let review = json!({"spec": {"user": "bob", "resourceAttributes": maps()}});
    let refused = ask::<SubjectAccessReview>(&w, "", review).expect_err("no role");
    assert_eq!(refused.code, 403);
    let own = json!({"spec": {"resourceAttributes": maps()}});
    assert_eq!(ask::<SelfSubjectAccessReview>(&w, "", own).expect("everybody may")["allowed"], false);
    let name = ask::<SelfSubjectReview>(&w, "", json!({})).expect("everybody may");
    assert_eq!(
        name["userInfo"],
        json!({"username": "ann", "groups": ["developers", "system:authenticated"]})
    );
    assert_eq!(w.head(), head);
}

#[test]
fn a_typed_review_is_answered_too() {
    let w = world();
    w.allow("reader", &json!([rule("", "configmaps", &["get"])]));
    let api = Api::<SelfSubjectAccessReview>::all(access(&w).as_user(ann()));
    let review = serde_json::from_value(json!({"spec": {"resourceAttributes": maps()}})).expect("typed");
    let answer = run(api.create(&review)).expect("answered");
    assert!(answer.status.expect("a status").allowed);
}

#[test]
fn all_rules_of_a_user_are_listed() {
    let w = world();
    w.allow("reader", &json!([rule("", "configmaps", &["get", "list"])]));
    w.allow_everywhere("paths", &json!([{"nonResourceURLs": ["/healthz"], "verbs": ["get"]}]));
    let status =
        ask::<SelfSubjectRulesReview>(&w, "", json!({"spec": {"namespace": "default"}})).expect("answered");
    assert_eq!(
        status,
        json!({
            "incomplete": false,
            "resourceRules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}],
            "nonResourceRules": [{"nonResourceURLs": ["/healthz"], "verbs": ["get"]}],
        })
    );
    let refused =
        ask::<SelfSubjectRulesReview>(&w, "", json!({"spec": {}})).expect_err("of which namespace?");
    assert_eq!((refused.code, refused.message.as_str()), (400, "no namespace on request"));
}

#[test]
fn a_review_that_asks_nothing_or_two_things_is_refused() {
    let w = world();
    reviewer(&w);
    let check = |review: Value, expected: &[&str]| {
        let refused = ask::<SubjectAccessReview>(&w, "", review).expect_err("invalid");
        let causes: Vec<String> = refused
            .details
            .causes
            .iter()
            .map(|cause| format!("{}: {}", cause.field, cause.message))
            .collect();
        assert_eq!((refused.code, causes), (422, expected.iter().map(|&text| text.to_owned()).collect()));
    };
    check(
        json!({"metadata": {"name": "a"}, "spec": {}}),
        &[
            "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified",
            "spec.user: Invalid value: \"\": at least one of user or group must be specified",
            "metadata: Invalid value: {\"name\":\"a\"}: must be empty",
        ],
    );
    check(
        json!({"spec": {"user": "bob", "resourceAttributes": maps(), "nonResourceAttributes": {"path": "/x"}}}),
        &[
            "spec.nonResourceAttributes: Invalid value: {\"path\":\"/x\"}: cannot be specified in combination with resourceAttributes",
        ],
    );
}

#[test]
fn a_review_may_ask_about_a_selector_that_is_right() {
    let w = world();
    w.allow("reader", &json!([rule("", "configmaps", &["get"])]));
    let review = |fields: Value, labels: Value| {
        let mut attributes = maps();
        attributes["fieldSelector"] = fields;
        attributes["labelSelector"] = labels;
        ask::<SelfSubjectAccessReview>(&w, "", json!({"spec": {"resourceAttributes": attributes}}))
    };
    let newer = json!({"requirements": [{"key": "a", "operator": "Near", "values": ["b"]}]});
    let allowed = review(json!({"rawSelector": "metadata.name=a"}), newer).expect("answered");
    assert_eq!(allowed["allowed"], true, "roles know no selectors");
    let named = json!({"key": "metadata.name", "operator": "In", "values": ["a"]});
    let wrong = json!({"rawSelector": "a=b", "requirements": [named, {"key": "", "operator": "In"}]});
    let refused = review(wrong, json!({})).expect_err("invalid");
    let causes: Vec<String> =
        refused.details.causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
    let path = "spec.resourceAttributes";
    let expected = [
        format!(
            "{path}.fieldSelector.rawSelector: Invalid value: \"a=b\": may not specified at the same time as requirements"
        ),
        format!("{path}.fieldSelector.requirements[1].key: Required value: must be specified"),
        format!(
            "{path}.fieldSelector.requirements[1].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"
        ),
        format!(
            "{path}.labelSelector.requirements: Required value: when {path}.labelSelector is specified, requirements or rawSelector is required"
        ),
    ];
    assert_eq!((refused.code, causes), (422, expected.to_vec()));
}

#[test]
fn a_local_review_stays_in_its_namespace() {
    let w = world();
    w.allow("reviewer", &json!([rule("authorization.k8s.io", "localsubjectaccessreviews", &["create"])]));
    let review = |asked: Value| json!({"spec": {"user": "bob", "resourceAttributes": asked}});
    let answer = ask::<LocalSubjectAccessReview>(&w, "default", review(maps())).expect("answered");
    assert_eq!(answer["allowed"], false);
    let elsewhere = review(json!({"verb": "get", "resource": "pods", "namespace": "other"}));
    let refused = ask::<LocalSubjectAccessReview>(&w, "default", elsewhere).expect_err("another namespace");
    assert!(refused.message.contains("must match metadata.namespace"), "{refused:?}");
    let refused = ask::<LocalSubjectAccessReview>(&w, "other", review(maps())).expect_err("not there");
    assert_eq!(refused.code, 403);
}

#[test]
fn acting_as_somebody_needs_the_verb_for_name_and_groups() {
    let w = world();
    w.allow_everywhere(
        "actor",
        &json!([
            rule("", "users", &["impersonate"]),
            {"apiGroups": [""], "resources": ["groups"], "resourceNames": ["support"], "verbs": ["impersonate"]},
        ]),
    );
    w.allow("builder", &json!([rule("", "serviceaccounts", &["impersonate"])]));
    let acting = |other: User| run(access(&w).impersonate(&ann(), other));
    let none: [&str; 0] = [];

    assert!(acting(User::new("bob", ["support"])).is_ok());
    let refused = acting(User::new("bob", ["support", "admins"])).expect_err("not that group");
    assert_eq!(
        refused.message,
        "groups \"admins\" is forbidden: User \"ann\" cannot impersonate resource \"groups\" in API group \"\" at the cluster scope"
    );
    assert!(acting(User::new("system:serviceaccount:default:builder", none)).is_ok());
    let refused = acting(User::new("system:serviceaccount:other:builder", none)).expect_err("not there");
    assert!(refused.message.contains("in the namespace \"other\""), "{refused:?}");
}

#[test]
fn who_acts_as_somebody_has_their_rights_and_no_others() {
    let w = world();
    w.allow_everywhere("actor", &json!([rule("", "serviceaccounts", &["impersonate"])]));
    w.allow("reader", &json!([rule("", "configmaps", &["list"])]));
    let none: [&str; 0] = [];
    let other = User::new("system:serviceaccount:default:builder", none);
    let service = run(access(&w).impersonate(&ann(), other)).expect("allowed");
    let name = run(service.create(SelfSubjectReview::kind_info(), "", json!({}), &WriteOptions::default()));
    let name = name.expect("answered").to_value().expect("JSON");
    assert_eq!(
        name["status"]["userInfo"],
        json!({
            "username": "system:serviceaccount:default:builder",
            "groups": ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
        })
    );
    let refused =
        run(service.list(config_maps(), &ListQuery::namespaced("default"))).expect_err("ann's right");
    assert_eq!(refused.code, 403);
}
