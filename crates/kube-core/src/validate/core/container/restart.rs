//! When a container is started again.

use std::collections::BTreeSet;

use super::Surroundings;
use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{Container, ContainerResizePolicy, ContainerRestartRule};
use crate::validate::fields::{Items, one_of, supported};

/// What is wrong with how a container takes other amounts of resources.
///
/// Source: `validateResizePolicy`.
pub(super) fn validate_resize_policy(
    policies: &[ContainerResizePolicy],
    around: &Surroundings<'_>,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut resources = BTreeSet::new();
    for (index, policy) in policies.iter().enumerate() {
        let (resource, restart) = (policy.resource_name.as_str(), policy.restart_policy.as_str());
        if !resources.insert(resource) {
            errors.push(FieldError::duplicate(&path.index(index), resource));
        }
        errors.extend(one_of(resource, &["cpu", "memory"], path));
        errors.extend(one_of(restart, &["NotRequired", "RestartContainer"], path));
        if around.restart_policy == "Never" && restart != "NotRequired" {
            let detail = "must be 'NotRequired' when `restartPolicy` is 'Never'";
            errors.push(FieldError::invalid(path, restart, detail));
        }
    }
    errors
}

/// What is wrong with a restart policy of a single container, and the rules for its exit codes.
///
/// Source: `validateContainerRestartPolicy` (KEP-5307).
pub(super) fn validate_restart_policy(container: &Container, path: &FieldPath) -> Vec<FieldError> {
    let rules = container.restart_policy_rules.items();
    let Some(policy) = container.restart_policy.as_deref() else {
        if rules.is_empty() {
            return Vec::new();
        }
        let detail = "must specify restartPolicy when restart rules are used";
        return vec![FieldError::required(&path.child("restartPolicy"), detail)];
    };
    let mut errors: Vec<FieldError> =
        supported(policy, &["Always", "Never", "OnFailure"], &path.child("restartPolicy"))
            .into_iter()
            .collect();
    let list = path.child("restartPolicyRules");
    if rules.len() > MAX_RULES {
        errors.push(FieldError::too_many(&list, rules.len(), MAX_RULES));
    }
    for (index, rule) in rules.iter().enumerate() {
        errors.extend(validate_rule(rule, &list.index(index)));
    }
    errors
}

fn validate_rule(rule: &ContainerRestartRule, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> =
        supported(&rule.action, &["Restart", "RestartAllContainers"], &path.child("action"))
            .into_iter()
            .collect();
    let codes_path = path.child("exitCodes");
    let Some(codes) = &rule.exit_codes else {
        errors.push(FieldError::required(&codes_path, "must be specified"));
        return errors;
    };
    errors.extend(supported(&codes.operator, &["In", "NotIn"], &codes_path.child("operator")));
    let count = codes.values.items().len();
    if count > MAX_EXIT_CODES {
        errors.push(FieldError::too_many(&codes_path.child("values"), count, MAX_EXIT_CODES));
    }
    errors
}

const MAX_RULES: usize = 20;
const MAX_EXIT_CODES: usize = 255;
