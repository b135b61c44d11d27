//! Cluster roles made of other cluster roles.

use crate::kinds::rbac::v1::{ClusterRole, PolicyRule};
use crate::selector::Selector;

/// The rules that `role` is to have, collected from `all` cluster roles; `None` if it has them already or is not made
/// of others.
///
/// Per selector in order, roles by name, `role` itself left out, equal rules once.
///
/// Source: `syncClusterRole` of `k8s.io/kubernetes/pkg/controller/clusterroleaggregation`.
///
/// # Errors
/// A selector that does not parse.
///
/// ```
/// use kube_core::kinds::rbac::v1::ClusterRole;
/// use serde_json::{from_value, json};
///
/// let admin: ClusterRole = from_value(json!({
///     "metadata": {"name": "admin"},
///     "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"to-admin": "true"}}]},
/// }))?;
/// let pods: ClusterRole = from_value(json!({
///     "metadata": {"name": "pods", "labels": {"to-admin": "true"}},
///     "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["*"]}],
/// }))?;
/// let rules = kube_core::rbac::aggregated_rules(&admin, &[&admin, &pods])?;
/// assert_eq!(rules, pods.rules);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn aggregated_rules(
    role: &ClusterRole,
    all: &[&ClusterRole],
) -> Result<Option<Vec<PolicyRule>>, crate::error::FieldError> {
    let Some(aggregation) = &role.aggregation_rule else { return Ok(None) };
    let mut others: Vec<&ClusterRole> =
        all.iter().copied().filter(|other| other.metadata.name != role.metadata.name).collect();
    others.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    let mut rules: Vec<PolicyRule> = Vec::new();
    for selector in aggregation.cluster_role_selectors.iter().flatten() {
        let selector = Selector::from_label_selector(Some(selector))?;
        let selected = others.iter().filter(|other| match &other.metadata.labels {
            Some(labels) => selector.matches(labels),
            None => selector.matches(&std::collections::BTreeMap::<String, String>::new()),
        });
        for rule in selected.flat_map(|other| other.rules.iter().flatten()) {
            if !rules.iter().any(|known| is_equal(known, rule)) {
                rules.push(rule.clone());
            }
        }
    }
    let has: &[PolicyRule] = role.rules.as_deref().unwrap_or_default();
    let same = rules.len() == has.len() && rules.iter().zip(has).all(|(a, b)| is_equal(a, b));
    Ok((!same).then_some(rules))
}

/// Absent lists are empty ones.
fn is_equal(a: &PolicyRule, b: &PolicyRule) -> bool {
    let parts = |rule: &PolicyRule| {
        [&rule.api_groups, &rule.resources, &rule.resource_names, &rule.non_resource_urls]
            .map(|list| list.clone().unwrap_or_default())
    };
    a.verbs == b.verbs && parts(a) == parts(b)
}
