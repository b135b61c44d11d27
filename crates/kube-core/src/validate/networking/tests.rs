//! Ingresses, their classes, and network policies.

use crate::kinds::networking::v1::{Ingress, IngressClass, NetworkPolicy};
use crate::validate::check::{filled, refusals, update_refusals, with};
use serde_json::{Value, json};

#[test]
fn a_stored_ingress_keeps_what_was_allowed_once() {
    let ingress = |path: &str| {
        let backend = json!({"service": {"name": "s", "port": {"number": 80}}});
        let http = json!({"paths": [{"path": path, "pathType": "Prefix", "backend": backend}]});
        json!({"metadata": {"name": "i"}, "spec": {"rules": [{"host": "*.a.com", "http": http}]}})
    };
    let wrong = ["spec.rules[0].http.paths[0].path: Invalid value: \"x\": must be an absolute path"];
    assert_eq!(refusals::<Ingress>(&ingress("x")), wrong);
    assert_eq!(update_refusals::<Ingress>(&ingress("/"), &ingress("x")), wrong);
}

#[test]
fn a_class_of_a_namespace_names_it() {
    let class = |parameters: Value| json!({"metadata": {"name": "c"}, "spec": {"controller": "example.com/c", "parameters": parameters}});
    let parameters = json!({"kind": "K", "name": "n"});
    assert_eq!(filled::<IngressClass>(&class(parameters.clone()))["spec"]["parameters"]["scope"], "Cluster");
    let scoped = |scope: &str| with(&class(parameters.clone()), &[("/spec/parameters/scope", json!(scope))]);
    assert_eq!(
        refusals::<IngressClass>(&scoped("Namespace")),
        ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"]
    );
    assert_eq!(
        refusals::<IngressClass>(&scoped("Bogus")),
        ["spec.parameters.scope: Unsupported value: \"Bogus\": supported values: \"Cluster\", \"Namespace\""]
    );
    let other = with(&class(parameters.clone()), &[("/spec/controller", json!("example.com/d"))]);
    assert_eq!(
        update_refusals::<IngressClass>(&scoped("Cluster"), &other),
        ["spec.controller: Invalid value: \"example.com/d\": field is immutable"]
    );
}

#[test]
fn a_policy_is_about_what_it_has_rules_for() {
    let policy = |spec: Value| json!({"metadata": {"name": "n"}, "spec": spec});
    let both = filled::<NetworkPolicy>(&policy(json!({"podSelector": {}, "egress": [{}]})));
    assert_eq!(both["spec"]["policyTypes"], json!(["Ingress", "Egress"]));
    let block = |cidr: &str, except: &str| {
        let peer = json!({"ipBlock": {"cidr": cidr, "except": [except]}});
        refusals::<NetworkPolicy>(&policy(json!({"podSelector": {}, "egress": [{"to": [peer]}]})))
    };
    assert_eq!(block("fd00::/8", "fd00:1::/32"), [""; 0]);
    assert_eq!(
        block("10.0.0.0/8", "10.0.0.0/8"),
        [
            "spec.egress[0].to[0].ipBlock.except[0]: Invalid value: \"10.0.0.0/8\": must be a strict subset of `cidr`"
        ]
    );
    assert_eq!(block("10.0.0.0/8", "fd00::/16").len(), 1);
}
