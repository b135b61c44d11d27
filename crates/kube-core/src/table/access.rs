//! Who may do what, and with which secrets.

use super::Printer;
use super::age::human_duration;
use super::cells::{NONE, Object};
use serde_json::Value;

pub(super) fn printer(kind: &str) -> Option<Printer> {
    Some(match kind {
        "CertificateSigningRequest" => certificate_signing_request,
        "ClusterRoleBinding" | "RoleBinding" => role_binding,
        "ConfigMap" => config_map,
        "Secret" => secret,
        "ServiceAccount" => service_account,
        _ => return None,
    })
}

/// Source: `printRoleBinding`, `printClusterRoleBinding`.
fn role_binding(object: &Object<'_>) -> Vec<Value> {
    let role = object.part("/roleRef");
    let [users, groups, accounts] = ["User", "Group", "ServiceAccount"].map(|kind| {
        let subjects = object.list("/subjects").filter(|subject| subject.text("/kind") == kind);
        let named = subjects.map(|subject| match kind {
            "ServiceAccount" => format!("{}/{}", subject.text("/namespace"), subject.text("/name")),
            _ => subject.text("/name").to_owned(),
        });
        named.collect::<Vec<_>>().join(", ").into()
    });
    let role = format!("{}/{}", role.text("/kind"), role.text("/name"));
    vec![object.name(), role.into(), object.age(), users, groups, accounts]
}

/// Source: `printConfigMap`.
fn config_map(object: &Object<'_>) -> Vec<Value> {
    let count = object.count("/data") + object.count("/binaryData");
    vec![object.name(), count.into(), object.age()]
}

/// Source: `printSecret`.
fn secret(object: &Object<'_>) -> Vec<Value> {
    vec![object.name(), object.text("/type").into(), object.count("/data").into(), object.age()]
}

/// Source: `printServiceAccount`.
fn service_account(object: &Object<'_>) -> Vec<Value> {
    vec![object.name(), object.age()]
}

/// Source: `printCertificateSigningRequest`.
fn certificate_signing_request(object: &Object<'_>) -> Vec<Value> {
    let has = |kind: &str| object.condition(kind).is_some();
    let mut status = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (false, true) => "Approved",
        (false, false) => "Pending",
    }
    .to_owned();
    if has("Failed") {
        status.push_str(",Failed");
    }
    if !object.text("/status/certificate").is_empty() {
        status.push_str(",Issued");
    }
    let lifetime = object.value("/spec/expirationSeconds").and_then(Value::as_i64);
    vec![
        object.name(),
        object.age(),
        object.text_or("/spec/signerName", NONE).into(),
        object.text("/spec/username").into(),
        lifetime.map_or_else(|| NONE.to_owned(), human_duration).into(),
        status.into(),
    ]
}
