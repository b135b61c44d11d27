//! Roles.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/rbac/validation` (`ValidateRole`, `ValidateClusterRole`).

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::rbac::v1::{ClusterRole, PolicyRule, Role};
use crate::names::{NameRule, name_is_path_segment};
use crate::selector::Selector;
use crate::validate::Kind;
use crate::validate::fields::Items;
use crate::validate::label_selector::validate_label_selector;

impl Kind for Role {
    fn name_rule() -> NameRule {
        name_is_path_segment
    }

    fn validate(&self) -> Vec<FieldError> {
        validate_rules(self.rules.items(), true)
    }
}

impl Kind for ClusterRole {
    fn name_rule() -> NameRule {
        name_is_path_segment
    }

    fn validate(&self) -> Vec<FieldError> {
        let mut errors = validate_rules(self.rules.items(), false);
        let Some(aggregation) = &self.aggregation_rule else { return errors };
        let path = FieldPath::new("aggregationRule").child("clusterRoleSelectors");
        let selectors = aggregation.cluster_role_selectors.items();
        if selectors.is_empty() {
            let detail = "at least one clusterRoleSelector required if aggregationRule is non-nil";
            errors.push(FieldError::required(&path, detail));
        }
        for (index, selector) in selectors.iter().enumerate() {
            let path = path.index(index);
            errors.extend(validate_label_selector(Some(selector), &path));
            if Selector::from_label_selector(Some(selector)).is_err() {
                errors.push(FieldError::invalid(&path, ShownAsJson(&None::<()>), "invalid label selector."));
            }
        }
        errors
    }
}

fn validate_rules(rules: &[PolicyRule], namespaced: bool) -> Vec<FieldError> {
    let path = FieldPath::new("rules");
    let rules = rules.iter().enumerate();
    rules.flat_map(|(index, rule)| validate_rule(rule, namespaced, &path.index(index))).collect()
}

/// Source: `ValidatePolicyRule`.
fn validate_rule(rule: &PolicyRule, namespaced: bool, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if rule.verbs.is_empty() {
        errors.push(FieldError::required(&path.child("verbs"), "verbs must contain at least one value"));
    }
    let (groups, resources) = (rule.api_groups.items(), rule.resources.items());
    let urls = rule.non_resource_urls.items();
    if !urls.is_empty() {
        let path = path.child("nonResourceURLs");
        if namespaced {
            let detail = "namespaced rules cannot apply to non-resource URLs";
            errors.push(FieldError::invalid(&path, ShownAsJson(urls), detail));
        }
        if !groups.is_empty() || !resources.is_empty() || !rule.resource_names.items().is_empty() {
            let detail = "rules cannot apply to both regular resources and non-resource URLs";
            errors.push(FieldError::invalid(&path, ShownAsJson(urls), detail));
        }
        return errors;
    }
    if groups.is_empty() {
        let detail = "resource rules must supply at least one api group";
        errors.push(FieldError::required(&path.child("apiGroups"), detail));
    }
    if resources.is_empty() {
        let detail = "resource rules must supply at least one resource";
        errors.push(FieldError::required(&path.child("resources"), detail));
    }
    errors
}
