//! Access is decided, granted and aggregated as Kubernetes does.

use kube_core::kinds::rbac::v1::{ClusterRole, PolicyRule};
use kube_core::rbac::{Attributes, Policy, Target, User, aggregated_rules, compact_string, covers};
use kube_testkit::parity;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[test]
fn parity_rbac() {
    parity::run(env!("CARGO_MANIFEST_DIR"), "rbac", "authorize", |input, want| {
        let policy = policy(input)?;
        let requests = input["requests"].as_array().ok_or("no requests")?;
        let decisions = want["decisions"].as_array().ok_or("no decisions")?;
        if requests.len() != decisions.len() {
            return Err("not one decision per request".to_owned());
        }
        for (request, decision) in requests.iter().zip(decisions) {
            check(&policy, request, decision)?;
        }
        Ok(())
    });
}

#[test]
fn parity_rbac_covers() {
    parity::run(env!("CARGO_MANIFEST_DIR"), "rbac", "covers", |input, want| {
        let owned: Vec<PolicyRule> = read(&input["ownerRules"])?;
        let requested: Vec<PolicyRule> = read(&input["requestedRules"])?;
        let uncovered: Vec<String> = covers(&owned, &requested).iter().map(compact_string).collect();
        let wanted: Vec<String> = read(&want["uncovered"])?;
        if uncovered == wanted && want["covers"] == uncovered.is_empty() {
            return Ok(());
        }
        Err(format!("got {uncovered:?}, want {want}"))
    });
}

#[test]
fn parity_rbac_aggregate() {
    parity::run(env!("CARGO_MANIFEST_DIR"), "rbac", "aggregate", |input, want| {
        let roles: Vec<ClusterRole> = read(&input["clusterRoles"])?;
        let name = input["sync"].as_str();
        let role = roles.iter().find(|role| role.metadata.name.as_deref() == name).ok_or("no such role")?;
        let all: Vec<&ClusterRole> = roles.iter().collect();
        let found = aggregated_rules(role, &all).map_err(|error| error.to_string())?;
        let wanted: Option<Vec<PolicyRule>> =
            if want["changed"] == true { Some(read(&want["rules"])?) } else { None };
        if found == wanted { Ok(()) } else { Err(format!("got {found:?}, want {want}")) }
    });
}

fn policy(input: &Value) -> Result<Policy, String> {
    let mut policy = Policy::default();
    for role in read::<Vec<_>>(&input["roles"])? {
        policy.set_role(&role);
    }
    for role in read::<Vec<_>>(&input["clusterRoles"])? {
        policy.set_cluster_role(&role);
    }
    for binding in read::<Vec<_>>(&input["roleBindings"])? {
        policy.set_role_binding(&binding);
    }
    for binding in read::<Vec<_>>(&input["clusterRoleBindings"])? {
        policy.set_cluster_role_binding(&binding);
    }
    Ok(policy)
}

fn check(policy: &Policy, request: &Value, want: &Value) -> Result<(), String> {
    let text = |field: &str| request[field].as_str().unwrap_or_default();
    let groups: Vec<String> = read(&request["groups"])?;
    let user = User::new(text("user"), groups);
    let target = match request["path"].as_str() {
        Some(path) => Target::Path(path),
        None => Target::Resource {
            namespace: text("namespace"),
            group: text("apiGroup"),
            resource: text("resource"),
            subresource: text("subresource"),
            name: text("name"),
        },
    };
    let asked = Attributes { user: &user, verb: text("verb"), target };
    let grant = policy.authorize(&asked);
    let explained = policy.explain(&asked);
    if grant.is_some() != matches!(explained.answer, kube_core::rbac::Answer::Allowed { .. }) {
        return Err(format!("{request}: the explanation differs: {explained}"));
    }
    let reason = grant.map(|grant| format!("RBAC: allowed by {grant}"));
    match (reason, want["allowed"].as_bool()) {
        (None, Some(false)) => Ok(()),
        (Some(reason), Some(true)) if want["reason"] == reason => Ok(()),
        (reason, _) => Err(format!("{request}: got {reason:?}, want {want}")),
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}
