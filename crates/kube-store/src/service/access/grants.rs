//! Nobody grants what they do not have: writes of roles and bindings are judged by what they give.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased`,
//! `pkg/registry/rbac/escalation_check.go`, `helpers.go` (`IsOnlyMutatingGCFields`).

use super::Access;
use crate::storage::ReadAt;
use kube_core::error::ApiError;
use kube_core::kinds::rbac::v1::{ClusterRole, PolicyRule, Role, RoleRef};
use kube_core::rbac::{Attributes, Target, User};
use kube_core::resource::{KindInfo, ObjectKey, Resource};
use serde::Deserialize;
use serde_json::Value;

const GROUP: &str = "rbac.authorization.k8s.io";

/// What a write of a role or binding gives to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grants {
    /// Rules that bindings may give.
    Rules,
    /// A role to subjects.
    Role,
}

/// What writes of the kind give; `None` for every other kind.
pub(super) fn grants(kind: &KindInfo) -> Option<Grants> {
    match (&*kind.group, &*kind.plural) {
        (GROUP, "roles" | "clusterroles") => Some(Grants::Rules),
        (GROUP, "rolebindings" | "clusterrolebindings") => Some(Grants::Role),
        _ => None,
    }
}

/// A write of a role or binding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Granting<'a> {
    pub(super) kind: &'a KindInfo,
    pub(super) gives: Grants,
    pub(super) namespace: &'a str,
    /// Empty for a create, as its request has no name.
    pub(super) name: &'a str,
    /// What stands there; `None` for a create.
    pub(super) old: Option<&'a Value>,
    pub(super) new: &'a Value,
    /// Roles that the same request writes before.
    pub(super) before: &'a [(ObjectKey, Value)],
}

impl Access {
    /// That the write gives nothing that the user does not have.
    ///
    /// # Errors
    /// 403 with what is missing, and 404 for a binding to a role that is not there.
    pub(super) async fn confirm(&self, user: &User, write: Granting<'_>) -> Result<(), ApiError> {
        if super::is_privileged(user) || write.only_owners_changed() {
            return Ok(());
        }
        match write.gives {
            Grants::Rules => self.confirm_rules(user, write).await,
            Grants::Role => self.confirm_role(user, write).await,
        }
    }

    async fn confirm_rules(&self, user: &User, write: Granting<'_>) -> Result<(), ApiError> {
        if self.allows(&asked(user, "escalate", write.namespace, &write.kind.plural, write.name)).await? {
            return Ok(());
        }
        let rules = rules_of(write.new);
        if let Some(missing) = self.missing(user, write.namespace, &rules).await? {
            return Err(write.forbidden(&missing));
        }
        // It gathers whatever is there or will come.
        let gathers = aggregates(write.new) || write.old.is_some_and(aggregates);
        if gathers && self.missing(user, write.namespace, &everything()).await?.is_some() {
            return Err(write.forbidden("must have cluster-admin privileges to use an aggregationRule"));
        }
        Ok(())
    }

    async fn confirm_role(&self, user: &User, write: Granting<'_>) -> Result<(), ApiError> {
        // What does not decode is not stored either: the service says what is wrong with it.
        let Ok(role) = RoleRef::deserialize(&write.new["roleRef"]) else { return Ok(()) };
        let resource = match role.kind.as_str() {
            "ClusterRole" => "clusterroles",
            "Role" => "roles",
            other => return Err(ApiError::internal(format!("unsupported role reference kind: {other:?}"))),
        };
        if self.allows(&asked(user, "bind", write.namespace, resource, &role.name)).await? {
            return Ok(());
        }
        let rules = self.rules_given(&role, write).await?;
        match self.missing(user, write.namespace, &rules).await? {
            Some(missing) => Err(write.forbidden(&missing)),
            None => Ok(()),
        }
    }

    /// The rules of the role that a binding gives.
    async fn rules_given(&self, role: &RoleRef, write: Granting<'_>) -> Result<Vec<PolicyRule>, ApiError> {
        let (kind, key) = if role.kind == "ClusterRole" {
            (ClusterRole::kind_info(), ObjectKey::cluster(role.name.as_str()))
        } else {
            (Role::kind_info(), ObjectKey::new(write.namespace, role.name.as_str()))
        };
        if let Some((_, written)) = write.before.iter().rev().find(|(at, _)| *at == key) {
            return Ok(rules_of(written));
        }
        let stored = self.service.get(kind, &key, ReadAt::Latest).await?;
        Ok(rules_of(&stored.to_value().map_err(ApiError::internal)?))
    }
}

impl Granting<'_> {
    fn forbidden(&self, why: &str) -> ApiError {
        let name = self.new.pointer("/metadata/name").and_then(Value::as_str).unwrap_or(self.name);
        ApiError::forbidden(&self.kind.group, &self.kind.plural, name, why)
    }

    /// Whether the write changes nothing but what a garbage collector may have to change.
    fn only_owners_changed(&self) -> bool {
        self.old.is_some_and(|old| without_owners(old) == without_owners(self.new))
    }
}

fn without_owners(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in ["ownerReferences", "finalizers", "managedFields", "resourceVersion"] {
            metadata.remove(field);
        }
    }
    object
}

fn asked<'a>(
    user: &'a User,
    verb: &'a str,
    namespace: &'a str,
    resource: &'a str,
    name: &'a str,
) -> Attributes<'a> {
    let target = Target::Resource { namespace, group: GROUP, resource, subresource: "", name };
    Attributes { user, verb, target }
}

/// The rules of a role; those that do not decode are not stored either.
fn rules_of(role: &Value) -> Vec<PolicyRule> {
    let rules = role.get("rules").map(Vec::<PolicyRule>::deserialize);
    rules.and_then(Result::ok).unwrap_or_default()
}

fn aggregates(role: &Value) -> bool {
    let selectors = role.pointer("/aggregationRule/clusterRoleSelectors").and_then(Value::as_array);
    selectors.is_some_and(|selectors| !selectors.is_empty())
}

/// Every verb on everything.
fn everything() -> [PolicyRule; 2] {
    let all = || Some(vec!["*".to_owned()]);
    let verbs = || vec!["*".to_owned()];
    [
        PolicyRule { api_groups: all(), resources: all(), verbs: verbs(), ..PolicyRule::default() },
        PolicyRule { non_resource_urls: all(), verbs: verbs(), ..PolicyRule::default() },
    ]
}
