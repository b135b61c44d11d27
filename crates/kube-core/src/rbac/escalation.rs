//! Nobody grants what they do not have.

use super::attributes::User;
use super::policy::Policy;
use super::rule::{ALL, compact_string, list, path_covers};
use crate::error::quoted;
use crate::kinds::rbac::v1::PolicyRule;
use std::collections::BTreeSet;
use std::fmt;

/// What of `requested` is not covered by `owned`, each with one group, resource, verb and name; nothing if all is.
///
/// Source: `Covers` of `k8s.io/component-helpers/auth/rbac/validation`.
///
/// ```
/// use kube_core::kinds::rbac::v1::PolicyRule;
/// use serde_json::{from_value, json};
///
/// let rule = |verbs| json!({"apiGroups": [""], "resources": ["pods"], "verbs": verbs});
/// let owned: Vec<PolicyRule> = from_value(json!([rule(json!(["get", "list"]))]))?;
/// let requested: Vec<PolicyRule> = from_value(json!([rule(json!(["get", "delete"]))]))?;
/// let missing = kube_core::rbac::covers(&owned, &requested);
/// assert_eq!(missing, from_value::<Vec<PolicyRule>>(json!([rule(json!(["delete"]))]))?);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn covers(owned: &[PolicyRule], requested: &[PolicyRule]) -> Vec<PolicyRule> {
    let single = requested.iter().flat_map(break_down);
    single.filter(|rule| !owned.iter().any(|owner| covers_one(owner, rule))).collect()
}

/// A user tried to grant what the user does not have.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EscalationError {
    /// Who.
    pub user: User,
    /// What of it the user does not have, each with one group, resource and name.
    pub missing: Vec<PolicyRule>,
}

/// In the words of the API server.
///
/// Source: `ConfirmNoEscalation` of `k8s.io/kubernetes/pkg/registry/rbac/validation`.
impl fmt::Display for EscalationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups: Vec<String> = self.user.groups.iter().map(|group| quoted(group)).collect();
        let missing: BTreeSet<String> = self.missing.iter().map(compact_string).collect();
        write!(
            f,
            "user {} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
            quoted(&self.user.name),
            groups.join(" "),
            missing.into_iter().collect::<Vec<_>>().join("\n"),
        )
    }
}

impl std::error::Error for EscalationError {}

impl Policy {
    /// That the user has everything that `requested` grants in `namespace` (empty for the cluster). Whoever may
    /// `escalate` the role or `bind` it is not asked this.
    ///
    /// Source: `ConfirmNoEscalation`.
    ///
    /// # Errors
    /// What the user does not have.
    ///
    /// ```
    /// use kube_core::kinds::rbac::v1::PolicyRule;
    /// use kube_core::rbac::{Policy, User};
    /// use serde_json::{from_value, json};
    ///
    /// let all: PolicyRule = from_value(json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}))?;
    /// let ann = User::new("ann", ["support"]);
    /// let refused = Policy::default().confirm_no_escalation(&ann, "web", &[all]).unwrap_err();
    /// assert!(refused.to_string().contains("attempting to grant RBAC permissions not currently held"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn confirm_no_escalation(
        &self,
        user: &User,
        namespace: &str,
        requested: &[PolicyRule],
    ) -> Result<(), EscalationError> {
        let missing = covers(&self.rules_for(user, namespace), requested);
        if missing.is_empty() {
            return Ok(());
        }
        Err(EscalationError { user: user.clone(), missing: compacted(missing) })
    }
}

/// Source: `BreakdownRule`.
fn break_down(rule: &PolicyRule) -> Vec<PolicyRule> {
    let mut single = Vec::new();
    let one = |value: &String| Some(vec![value.clone()]);
    for group in list(rule.api_groups.as_ref()) {
        for resource in list(rule.resources.as_ref()) {
            for verb in &rule.verbs {
                let whole = PolicyRule {
                    api_groups: one(group),
                    resources: one(resource),
                    verbs: vec![verb.clone()],
                    ..PolicyRule::default()
                };
                match list(rule.resource_names.as_ref()) {
                    [] => single.push(whole),
                    names => single.extend(
                        names.iter().map(|name| PolicyRule { resource_names: one(name), ..whole.clone() }),
                    ),
                }
            }
        }
    }
    for path in list(rule.non_resource_urls.as_ref()) {
        single.extend(rule.verbs.iter().map(|verb| PolicyRule {
            non_resource_urls: one(path),
            verbs: vec![verb.clone()],
            ..PolicyRule::default()
        }));
    }
    single
}

/// Source: `ruleCovers`.
fn covers_one(owner: &PolicyRule, rule: &PolicyRule) -> bool {
    let names = list(owner.resource_names.as_ref());
    let asked = list(rule.resource_names.as_ref());
    has_all(&owner.verbs, &rule.verbs)
        && has_all(list(owner.api_groups.as_ref()), list(rule.api_groups.as_ref()))
        && has_resources(list(owner.resources.as_ref()), list(rule.resources.as_ref()))
        && (names.is_empty() || !asked.is_empty() && asked.iter().all(|name| names.contains(name)))
        && has_paths(list(owner.non_resource_urls.as_ref()), list(rule.non_resource_urls.as_ref()))
}

fn has_all(owned: &[String], asked: &[String]) -> bool {
    owned.iter().any(|value| value == ALL) || asked.iter().all(|value| owned.contains(value))
}

/// Source: `resourceCoversAll`.
fn has_resources(owned: &[String], asked: &[String]) -> bool {
    let below_any = |resource: &String| {
        let subresource = resource.split_once('/').map(|(_, subresource)| subresource);
        subresource.is_some_and(|sub| owned.iter().any(|value| value.strip_prefix("*/") == Some(sub)))
    };
    owned.iter().any(|value| value == ALL)
        || asked.iter().all(|resource| owned.contains(resource) || below_any(resource))
}

/// Source: `nonResourceURLsCoversAll`.
fn has_paths(owned: &[String], asked: &[String]) -> bool {
    asked.iter().all(|path| owned.iter().any(|owner| path_covers(owner, path)))
}

/// Joins rules that differ only in their verb.
///
/// Source: `CompactRules` of `k8s.io/kubernetes/pkg/registry/rbac/validation`.
fn compacted(rules: Vec<PolicyRule>) -> Vec<PolicyRule> {
    let mut joined: Vec<PolicyRule> = Vec::new();
    for rule in rules {
        let same = |other: &&mut PolicyRule| {
            other.non_resource_urls.is_none()
                && PolicyRule { verbs: Vec::new(), ..(**other).clone() }
                    == PolicyRule { verbs: Vec::new(), ..rule.clone() }
        };
        match joined.iter_mut().find(same) {
            Some(other) => other.verbs.extend(rule.verbs),
            None => joined.push(rule),
        }
    }
    joined
}
