//! The names of resources.

use crate::error::{FieldError, FieldPath};
use crate::names::is_qualified_name;

use super::super::fields::qualified_name;

const HUGE_PAGES: &str = "hugepages-";
const NATIVE_DOMAIN: &str = "kubernetes.io/";
const REQUESTS_PREFIX: &str = "requests.";

const CONTAINER: &[&str] = &["cpu", "memory", "ephemeral-storage"];
const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
    "storage",
    "requests.storage",
];
const INTEGER: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

/// Whether `name` is one of pages of a fixed size.
///
/// Source: `IsHugePageResourceName`.
pub(crate) fn is_huge_page(name: &str) -> bool {
    name.starts_with(HUGE_PAGES)
}

/// Whether `name` is Kubernetes' own: without domain, or below `kubernetes.io/`.
///
/// Source: `IsNativeResource`.
pub(crate) fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains(NATIVE_DOMAIN)
}

/// Whether more of it may be asked for than there is: native, and no huge pages.
///
/// Source: `IsOvercommitAllowed`.
pub(crate) fn is_overcommit_allowed(name: &str) -> bool {
    is_native(name) && !is_huge_page(name)
}

/// Whether `name` is that of a resource that nodes extend Kubernetes by.
///
/// Source: `IsExtendedResourceName`.
pub(crate) fn is_extended(name: &str) -> bool {
    let quota_name = || format!("{REQUESTS_PREFIX}{name}");
    !is_native(name) && !name.starts_with(REQUESTS_PREFIX) && is_qualified_name(&quota_name()).is_empty()
}

/// Whether amounts of it must be whole.
///
/// Source: `IsIntegerResourceName`.
pub(super) fn is_integer(name: &str) -> bool {
    INTEGER.contains(&name) || is_extended(name)
}

/// Whether it can be asked for a pod as a whole.
///
/// Source: `IsSupportedPodLevelResource` of `k8s.io/component-helpers/resource`.
pub(crate) fn is_pod_level(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || is_huge_page(name)
}

/// What is wrong with the name of a resource.
///
/// Source: `validateResourceName`.
pub(crate) fn validate_resource_name(name: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = qualified_name(name, path);
    if errors.is_empty() && !name.contains('/') && !STANDARD.contains(&name) && !is_huge_page(name) {
        errors.push(FieldError::invalid(path, name, "must be a standard resource type or fully qualified"));
    }
    errors
}

/// What is wrong with the name of a resource that a container asks for.
///
/// Source: `validateContainerResourceName`.
pub(crate) fn validate_container_resource_name(name: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = validate_resource_name(name, path);
    if !name.contains('/') {
        if !CONTAINER.contains(&name) && !is_huge_page(name) {
            errors.push(FieldError::invalid(path, name, "must be a standard resource for containers"));
        }
    } else if !is_native(name) && !is_extended(name) {
        errors.push(FieldError::invalid(path, name, "doesn't follow extended resource name standard"));
    }
    errors
}

/// What is wrong with the name of a resource that a pod asks for as a whole.
///
/// Source: `validatePodResourceName`.
pub(super) fn validate_pod_resource_name(name: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = validate_resource_name(name, path);
    if errors.is_empty() && !is_pod_level(name) {
        errors.push(FieldError::not_supported(path, name, &["cpu", HUGE_PAGES, "memory"]));
    }
    errors
}
