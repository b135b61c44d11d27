//! The index against a plain search, explanations, escalation in words.

use super::rule::allows;
use super::{Attributes, Lack, Policy, Target, User, compact_string};
use crate::kinds::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn role(namespace: &str, name: &str, resource: &str, verb: &str) -> Role {
    read(json!({"metadata": {"name": name, "namespace": namespace},
        "rules": [{"apiGroups": [""], "resources": [resource], "verbs": [verb]}]}))
}

fn binding(namespace: &str, name: &str, role: &str, users: &[&str]) -> RoleBinding {
    let subjects: Vec<Value> = users.iter().map(|user| json!({"kind": "User", "name": user})).collect();
    read(json!({"metadata": {"name": name, "namespace": namespace}, "subjects": subjects,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role}}))
}

fn pods<'a>(user: &'a User, verb: &'a str, namespace: &'a str) -> Attributes<'a> {
    let target = Target::Resource { namespace, group: "", resource: "pods", subresource: "", name: "" };
    Attributes { user, verb, target }
}

#[test]
fn what_is_taken_out_allows_nothing() {
    let (mut policy, ann) = (Policy::default(), User::new("ann", [""; 0]));
    let get = pods(&ann, "get", "web");
    policy.set_role_binding(&binding("web", "b", "r", &["ann", "ann"]));
    assert!(policy.authorize(&get).is_none(), "the role does not exist yet");
    assert_eq!(policy.explain(&get).dangling, [r#"RoleBinding "b/web" of Role "r""#]);
    policy.set_role(&role("web", "r", "pods", "get"));
    assert_eq!(policy.authorize(&get).map(|grant| grant.name()), Some("b"));
    policy.set_role_binding(&binding("web", "b", "r", &["bob"]));
    assert!(policy.authorize(&get).is_none(), "another form replaces the first");
    policy.set_role_binding(&binding("web", "b", "r", &["ann"]));
    policy.remove_role("web", "r");
    assert!(policy.authorize(&get).is_none());
    policy.set_role(&role("web", "r", "pods", "get"));
    policy.remove_role_binding("web", "b");
    assert!(policy.authorize(&get).is_none());
}

#[test]
fn the_first_binding_is_named_whatever_the_order_of_names() {
    let (mut policy, ann) = (Policy::default(), User::new("ann", ["team"]));
    policy.set_role(&role("web", "r", "pods", "get"));
    for name in ["z", "a", "m"] {
        policy.set_role_binding(&binding("web", name, "r", &["ann"]));
    }
    let named = |policy: &Policy| policy.authorize(&pods(&ann, "get", "web")).map(|g| g.name().to_owned());
    assert_eq!(named(&policy).as_deref(), Some("z"));
    policy.set_role_binding(&binding("web", "z", "r", &["bob", "ann"]));
    assert_eq!(named(&policy).as_deref(), Some("z"), "a changed binding keeps its place");
    policy.remove_role_binding("web", "z");
    assert_eq!(named(&policy).as_deref(), Some("a"));
}

#[test]
fn the_nearest_rule_lacks_least() {
    let mut policy = Policy::default();
    let admin: ClusterRole = read(json!({"metadata": {"name": "admin"},
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}));
    let admins: ClusterRoleBinding = read(json!({"metadata": {"name": "admins"},
        "subjects": [{"kind": "Group", "name": "admins"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"}}));
    policy.set_cluster_role(&admin);
    policy.set_cluster_role_binding(&admins);
    policy.set_role(&role("web", "r", "pods", "get"));
    policy.set_role_binding(&binding("web", "b", "r", &["ann"]));
    let check = |user: &str, verb: &str, namespace: &str, expected: &[Lack]| {
        let user = User::new(user, [""; 0]);
        let explained = policy.explain(&pods(&user, verb, namespace));
        let super::Answer::Denied(Some(nearest)) = explained.answer else { panic!("{explained}") };
        assert_eq!(nearest.lacks, expected, "{user:?} {verb} {namespace}");
    };
    check("ann", "delete", "web", &[Lack::Verb]);
    check("ann", "get", "shop", &[Lack::Namespace]);
    check("bob", "get", "web", &[Lack::Subject]);
    let ann = User::new("ann", [""; 0]);
    assert_eq!(
        policy.explain(&pods(&ann, "get", "web")).to_string(),
        "allowed by RoleBinding \"b/web\" of Role \"r\" to User \"ann\", whose rule is \
         {APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"get\"]}"
    );
}

#[test]
fn refusals_are_in_the_words_of_the_api_server() {
    let ann = User::new("ann", ["team"]);
    assert_eq!(
        pods(&ann, "list", "web").forbidden("").message,
        "pods is forbidden: User \"ann\" cannot list resource \"pods\" in API group \"\" in the namespace \"web\""
    );
    let path = Attributes { user: &ann, verb: "get", target: Target::Path("/metrics") };
    assert_eq!(path.forbidden("").message, "forbidden: User \"ann\" cannot get path \"/metrics\"");
    let wanted = role("web", "r", "secrets", "get").rules.unwrap();
    let mut policy = Policy::default();
    let error = policy.confirm_no_escalation(&ann, "web", &wanted).unwrap_err();
    assert_eq!(
        error.to_string(),
        "user \"ann\" (groups=[\"team\"]) is attempting to grant RBAC permissions not currently held:\n\
         {APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\"]}"
    );
    policy.set_role(&role("web", "r", "secrets", "get"));
    policy.set_role_binding(&binding("web", "b", "r", &["ann"]));
    assert_eq!(policy.confirm_no_escalation(&ann, "web", &wanted), Ok(()));
    assert!(policy.confirm_no_escalation(&ann, "shop", &wanted).is_err());
}

#[test]
fn missing_rights_are_joined_by_verb() {
    let mut policy = Policy::default();
    policy.set_role(&role("web", "r", "pods", "get"));
    let wanted: Role = read(json!({"metadata": {}, "rules": [
        {"apiGroups": [""], "resources": ["pods", "nodes"], "verbs": ["get", "list"]},
    ]}));
    let error =
        policy.confirm_no_escalation(&User::new("bob", [""; 0]), "", &wanted.rules.unwrap()).unwrap_err();
    let missing: Vec<String> = error.missing.iter().map(compact_string).collect();
    assert_eq!(
        missing,
        [
            r#"{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}"#,
            r#"{APIGroups:[""], Resources:["nodes"], Verbs:["get" "list"]}"#,
        ]
    );
}

#[test]
fn a_star_of_subresources_is_not_one_of_resources() {
    let rule = role("", "r", "*/scale", "get").rules.unwrap().remove(0);
    let ann = User::new("ann", [""; 0]);
    let ask = |resource, subresource| {
        let target = Target::Resource { namespace: "", group: "", resource, subresource, name: "" };
        allows(&rule, &Attributes { user: &ann, verb: "get", target })
    };
    assert!(ask("pods", "scale"));
    assert!(!ask("pods", "") && !ask("pods", "scaled") && !ask("pods", "cale"));
}
