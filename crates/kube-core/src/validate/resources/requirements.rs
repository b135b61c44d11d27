//! Requests and limits.

use std::collections::BTreeSet;

use super::names::validate_pod_resource_name;
use super::{
    ResourceList, is_huge_page, is_overcommit_allowed, validate_amount, validate_container_resource_name,
};
use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{ResourceClaim, ResourceRequirements};
use crate::quantity::Quantity;
use crate::validate::fields::{Items, Text, dns_label};

/// What is wrong with the name of a resource.
type NameCheck = fn(&str, &FieldPath) -> Vec<FieldError>;

/// What is wrong with what a container asks for. `claims` are the names of the pod's resource claims.
///
/// Source: `ValidateContainerResourceRequirements`.
pub(crate) fn validate_container_requirements(
    wanted: Option<&ResourceRequirements>,
    claims: &BTreeSet<&str>,
    path: &FieldPath,
) -> Vec<FieldError> {
    let Some(wanted) = wanted else { return Vec::new() };
    validate_requirements(wanted, validate_container_resource_name, claims, path)
}

/// What is wrong with what a pod asks for as a whole.
///
/// Source: `validatePodResourceRequirements`.
pub(crate) fn validate_pod_requirements(wanted: &ResourceRequirements, path: &FieldPath) -> Vec<FieldError> {
    validate_requirements(wanted, validate_pod_resource_name, &BTreeSet::new(), path)
}

/// What is wrong with what a pod costs beyond its containers.
///
/// Source: `validateOverhead`.
pub(crate) fn validate_overhead(overhead: &ResourceList, path: &FieldPath) -> Vec<FieldError> {
    let wanted = ResourceRequirements { limits: Some(overhead.clone()), ..ResourceRequirements::default() };
    validate_requirements(&wanted, validate_container_resource_name, &BTreeSet::new(), path)
}

fn validate_requirements(
    wanted: &ResourceRequirements,
    name_check: NameCheck,
    claims: &BTreeSet<&str>,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let limits = wanted.limits.iter().flatten();
    for (name, amount) in limits {
        let path = path.child("limits").key(name);
        errors.extend(name_check(name, &path));
        errors.extend(validate_amount(name, amount, &path));
        errors.extend(huge_pages_indivisible(name, &amount.0, &path));
    }
    for (name, amount) in wanted.requests.iter().flatten() {
        let request_path = path.child("requests").key(name);
        errors.extend(name_check(name, &request_path));
        errors.extend(validate_amount(name, amount, &request_path));
        errors.extend(above_limit(wanted, name, &amount.0, path));
        errors.extend(huge_pages_indivisible(name, &amount.0, &request_path));
    }
    if huge_pages_alone(wanted) {
        errors.push(FieldError::forbidden(path, "HugePages require cpu or memory"));
    }
    errors.extend(validate_claim_names(wanted.claims.items(), claims, &path.child("claims")));
    errors
}

fn above_limit(
    wanted: &ResourceRequirements,
    name: &str,
    request: &str,
    path: &FieldPath,
) -> Option<FieldError> {
    let Some(limit) = wanted.limits.as_ref().and_then(|limits| limits.get(name)) else {
        let detail = "Limit must be set for non overcommitable resources";
        let missing = !is_overcommit_allowed(name);
        return missing.then(|| FieldError::required(&path.child("limits"), detail));
    };
    let (request, limit) = (Quantity::parse(request).ok()?, Quantity::parse(&limit.0).ok()?);
    let detail = if request != limit && !is_overcommit_allowed(name) {
        format!("must be equal to {name} limit of {limit}")
    } else if request > limit {
        format!("must be less than or equal to {name} limit of {limit}")
    } else {
        return None;
    };
    Some(FieldError::invalid(&path.child("requests"), request.to_string(), detail))
}

/// Huge pages come whole: their amount must be a multiple of the size in the name.
///
/// Source: `validateResourceQuantityHugePageValue`.
fn huge_pages_indivisible(name: &str, amount: &str, path: &FieldPath) -> Option<FieldError> {
    if !is_huge_page(name) {
        return None;
    }
    let quantity = Quantity::parse(amount).ok()?;
    let size = name.strip_prefix("hugepages-").and_then(|size| Quantity::parse(size).ok());
    let size = size.map_or(0, Quantity::value);
    if size > 0 && quantity.value() % size == 0 {
        return None;
    }
    let detail = format!("{quantity} is not positive integer multiple of {name}");
    Some(FieldError::invalid(path, quantity.to_string(), detail))
}

fn huge_pages_alone(wanted: &ResourceRequirements) -> bool {
    let has = |test: fn(&str) -> bool| {
        let mut names = [&wanted.limits, &wanted.requests].into_iter().flatten().flat_map(|list| list.keys());
        names.any(|name| test(name))
    };
    has(is_huge_page) && !has(|name| matches!(name, "cpu" | "memory"))
}

/// Source: `validateResourceClaimNames`.
fn validate_claim_names(
    wanted: &[ResourceClaim],
    claims: &BTreeSet<&str>,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (index, claim) in wanted.iter().enumerate() {
        let path = path.index(index);
        let (name, request) = (claim.name.as_str(), claim.request.text());
        if name.is_empty() {
            errors.push(FieldError::required(&path, ""));
            continue;
        }
        let overlaps = seen.contains(&(name, ""))
            || seen.contains(&(name, request))
            || (request.is_empty() && seen.iter().any(|(other, _)| *other == name));
        if !request.is_empty() && !seen.contains(&(name, "")) {
            errors.extend(dns_label(request, &path.child("request")));
        }
        if overlaps {
            errors.push(FieldError::duplicate(&path, name));
        }
        seen.insert((name, request));
        if !claims.contains(name) {
            let mut error = FieldError::not_found(&path, name);
            error.detail = unknown_claim(claims);
            errors.push(error);
        }
    }
    errors
}

fn unknown_claim(claims: &BTreeSet<&str>) -> String {
    let detail = "must be one of the names in pod.spec.resourceClaims";
    if claims.is_empty() {
        return format!("{detail} which is empty");
    }
    let names: Vec<&str> = claims.iter().copied().collect();
    format!("{detail}: {}", names.join(", "))
}
