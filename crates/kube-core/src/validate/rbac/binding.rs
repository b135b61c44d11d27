//! Bindings of roles.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/rbac/v1` (`SetDefaults_RoleBinding`, `SetDefaults_Subject`),
//! `pkg/apis/rbac/validation` (`ValidateRoleBinding`, `ValidateClusterRoleBinding`).

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::rbac::v1::{ClusterRoleBinding, RoleBinding, RoleRef, Subject};
use crate::names::{NameRule, name_is_path_segment, validate_service_account_name};
use crate::validate::Kind;
use crate::validate::fields::{Items, Text, name, required_name, supported};

impl Kind for RoleBinding {
    fn name_rule() -> NameRule {
        name_is_path_segment
    }

    fn set_defaults(&mut self) {
        set_binding_defaults(&mut self.role_ref, self.subjects.items_mut());
    }

    fn validate(&self) -> Vec<FieldError> {
        validate_binding(&self.role_ref, &["Role", "ClusterRole"], self.subjects.items())
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = self.validate();
        errors.extend(validate_same_role(&self.role_ref, &old.role_ref));
        errors
    }
}

impl Kind for ClusterRoleBinding {
    fn name_rule() -> NameRule {
        name_is_path_segment
    }

    fn set_defaults(&mut self) {
        set_binding_defaults(&mut self.role_ref, self.subjects.items_mut());
    }

    fn validate(&self) -> Vec<FieldError> {
        validate_binding(&self.role_ref, &["ClusterRole"], self.subjects.items())
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = self.validate();
        errors.extend(validate_same_role(&self.role_ref, &old.role_ref));
        errors
    }
}

fn set_binding_defaults(role: &mut RoleRef, subjects: &mut [Subject]) {
    role.api_group.fill(GROUP);
    for subject in subjects {
        if matches!(subject.kind.as_str(), "User" | "Group") {
            subject.api_group.fill(GROUP);
        }
    }
}

fn validate_binding(role: &RoleRef, kinds: &[&str], subjects: &[Subject]) -> Vec<FieldError> {
    let path = FieldPath::new("roleRef");
    let mut errors: Vec<FieldError> =
        supported(role.api_group.text(), &[GROUP], &path.child("apiGroup")).into_iter().collect();
    errors.extend(supported(&role.kind, kinds, &path.child("kind")));
    errors.extend(required_name(&role.name, name_is_path_segment, &path.child("name")));
    let in_namespace = kinds.len() > 1;
    for (index, subject) in subjects.iter().enumerate() {
        errors.extend(validate_subject(subject, in_namespace, &FieldPath::new("subjects").index(index)));
    }
    errors
}

/// Source: `ValidateRoleBindingSubject`.
fn validate_subject(subject: &Subject, in_namespace: bool, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if subject.name.is_empty() {
        errors.push(FieldError::required(&path.child("name"), ""));
    }
    let group = subject.api_group.text();
    match subject.kind.as_str() {
        "ServiceAccount" => {
            if !subject.name.is_empty() {
                errors.extend(name(&subject.name, validate_service_account_name, &path.child("name")));
            }
            errors.extend(supported(group, &[""], &path.child("apiGroup")));
            if !in_namespace && subject.namespace.text().is_empty() {
                errors.push(FieldError::required(&path.child("namespace"), ""));
            }
        }
        "User" | "Group" => errors.extend(supported(group, &[GROUP], &path.child("apiGroup"))),
        other => {
            let kinds = &["ServiceAccount", "User", "Group"];
            errors.push(FieldError::not_supported(&path.child("kind"), other, kinds));
        }
    }
    errors
}

/// What is granted does not change under those to whom it was granted.
fn validate_same_role(new: &RoleRef, old: &RoleRef) -> Option<FieldError> {
    let path = FieldPath::new("roleRef");
    (new != old).then(|| FieldError::invalid(&path, ShownAsJson(new), "cannot change roleRef"))
}

const GROUP: &str = "rbac.authorization.k8s.io";
