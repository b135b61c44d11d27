//! Quotas of namespaces.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`ValidateResourceQuota`, `ValidateResourceQuotaUpdate`).

use std::collections::BTreeSet;

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::core::v1::{ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement};
use crate::validate::Kind;
use crate::validate::fields::{Items, given};
use crate::validate::meta::FIELD_IMMUTABLE;
use crate::validate::resources::{
    ResourceList, canonicalize, is_huge_page, validate_amount, validate_resource_name,
};

impl Kind for ResourceQuota {
    fn set_defaults(&mut self) {
        canonicalize(&mut self.spec.get_or_insert_default().hard);
        if let Some(status) = &mut self.status {
            canonicalize(&mut status.hard);
            canonicalize(&mut status.used);
        }
    }

    const JUDGES_STATUS: bool = true;

    /// Source: `ValidateResourceQuotaStatusUpdate`.
    fn validate_status_update(&self, _old: &Self) -> Vec<FieldError> {
        let Some(status) = &self.status else { return Vec::new() };
        let path = FieldPath::new("status");
        let mut errors = validate_amounts(status.hard.as_ref(), &path.child("hard"));
        errors.extend(validate_amounts(status.used.as_ref(), &path.child("used")));
        errors
    }

    fn validate(&self) -> Vec<FieldError> {
        let mut errors = given(self.spec.as_ref(), validate_quota_spec);
        if let Some(status) = &self.status {
            let path = FieldPath::new("status");
            errors.extend(validate_amounts(status.hard.as_ref(), &path.child("hard")));
            errors.extend(validate_amounts(status.used.as_ref(), &path.child("used")));
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = given(self.spec.as_ref(), validate_quota_spec);
        let list =
            |quota: &Self| quota.spec.as_ref().and_then(|spec| spec.scopes.clone()).unwrap_or_default();
        let scopes = |quota: &Self| list(quota).into_iter().collect::<BTreeSet<String>>();
        if scopes(self) != scopes(old) {
            let path = FieldPath::new("spec").child("scopes");
            errors.push(FieldError::invalid(&path, ShownAsJson(&list(self)), FIELD_IMMUTABLE));
        }
        errors
    }
}

fn validate_quota_spec(spec: &ResourceQuotaSpec) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let mut errors = validate_amounts(spec.hard.as_ref(), &path.child("hard"));
    errors.extend(validate_scopes(spec, &path.child("scopes")));
    let expressions = spec.scope_selector.as_ref().map_or(&[][..], |s| s.match_expressions.items());
    let path = path.child("scopeSelector").child("matchExpressions");
    for expression in expressions {
        errors.extend(validate_expression(expression, spec, &path));
    }
    let scopes: BTreeSet<&str> = expressions.iter().map(|e| e.scope_name.as_str()).collect();
    errors.extend(
        conflicts(&scopes)
            .map(|()| FieldError::invalid(&path, ShownAsJson(spec.scopes.items()), "conflicting scopes")),
    );
    errors
}

fn validate_amounts(amounts: Option<&ResourceList>, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (name, amount) in amounts.into_iter().flatten() {
        let path = path.key(name);
        errors.extend(validate_resource_name(name, &path));
        if !name.contains('/') && !is_quota_name(name) {
            errors.push(FieldError::invalid(&path, name, "must be a standard resource for quota"));
        }
        errors.extend(validate_amount(name, amount, &path));
    }
    errors
}

/// Source: `validateResourceQuotaScopes`.
fn validate_scopes(spec: &ResourceQuotaSpec, path: &FieldPath) -> Vec<FieldError> {
    let scopes = spec.scopes.items();
    let mut errors = Vec::new();
    for scope in scopes {
        if !SCOPES.contains(&scope.as_str()) {
            errors.push(FieldError::invalid(path, ShownAsJson(scopes), "unsupported scope"));
        }
        for _ in misplaced(scope, spec) {
            errors.push(FieldError::invalid(path, ShownAsJson(scopes), MISPLACED));
        }
    }
    let names: BTreeSet<&str> = scopes.iter().map(String::as_str).collect();
    errors.extend(
        conflicts(&names).map(|()| FieldError::invalid(path, ShownAsJson(scopes), "conflicting scopes")),
    );
    errors
}

/// Source: `validateScopedResourceSelectorRequirement`.
fn validate_expression(
    expression: &ScopedResourceSelectorRequirement,
    spec: &ResourceQuotaSpec,
    path: &FieldPath,
) -> Vec<FieldError> {
    let (scope, operator) = (expression.scope_name.as_str(), expression.operator.as_str());
    let mut errors = Vec::new();
    if !SCOPES.contains(&scope) {
        errors.push(FieldError::invalid(&path.child("scopeName"), scope, "unsupported scope"));
    }
    for _ in misplaced(scope, spec) {
        errors.push(FieldError::invalid(path, ShownAsJson(&spec.scope_selector), MISPLACED));
    }
    if SCOPES.contains(&scope)
        && !matches!(scope, "PriorityClass" | "VolumeAttributesClass")
        && operator != "Exists"
    {
        errors.push(FieldError::invalid(&path.child("operator"), operator, MUST_EXIST));
    }
    let values = expression.values.items();
    let here = path.child("values");
    match operator {
        "In" | "NotIn" if values.is_empty() => {
            let detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
            errors.push(FieldError::required(&here, detail));
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
            errors.push(FieldError::invalid(&here, ShownAsJson(values), detail));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => {
            let path = path.child("operator");
            errors.push(FieldError::invalid(&path, other, "not a valid selector operator"));
        }
    }
    errors
}

/// The resources of the quota that `scope` cannot tell apart.
///
/// Source: `IsResourceQuotaScopeValidForResource`.
fn misplaced<'a>(scope: &str, spec: &'a ResourceQuotaSpec) -> impl Iterator<Item = &'a String> + use<'a> {
    let of_pods = !matches!(scope, "BestEffort" | "VolumeAttributesClass");
    let best_effort = scope == "BestEffort";
    let of_claims = scope == "VolumeAttributesClass";
    let known = SCOPES.contains(&scope);
    spec.hard.iter().flatten().map(|(name, _)| name).filter(move |name| {
        let fits = !known
            || (of_pods && is_pod_quota(name))
            || (best_effort && *name == "pods")
            || (of_claims && matches!(name.as_str(), "persistentvolumeclaims" | "requests.storage"));
        is_quota_name(name) && !fits
    })
}

fn conflicts(scopes: &BTreeSet<&str>) -> Option<()> {
    let pairs = [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")];
    pairs.iter().any(|(one, other)| scopes.contains(one) && scopes.contains(other)).then_some(())
}

/// Source: `IsStandardQuotaResourceName`.
fn is_quota_name(name: &str) -> bool {
    is_pod_quota(name)
        || OBJECTS.contains(&name)
        || is_huge_page(name)
        || name.strip_prefix("requests.").is_some_and(is_huge_page)
}

/// Source: `podComputeQuotaResources`, `podObjectCountQuotaResources`.
fn is_pod_quota(name: &str) -> bool {
    let bare = name.strip_prefix("requests.").or_else(|| name.strip_prefix("limits.")).unwrap_or(name);
    matches!(bare, "cpu" | "memory") || name == "pods"
}

const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];
const OBJECTS: &[&str] = &[
    "ephemeral-storage",
    "requests.ephemeral-storage",
    "limits.ephemeral-storage",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "requests.storage",
    "services.nodeports",
    "services.loadbalancers",
];
const MISPLACED: &str = "unsupported scope applied to resource";
const MUST_EXIST: &str = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
