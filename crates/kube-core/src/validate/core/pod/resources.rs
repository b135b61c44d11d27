//! What a pod asks for as a whole (KEP-2837).

use std::collections::BTreeMap;

use crate::error::{FieldError, FieldPath};
use crate::kinds::ApiQuantity;
use crate::kinds::core::v1::{Container, PodSpec, ResourceRequirements};
use crate::quantity::Quantity;
use crate::validate::fields::Items;
use crate::validate::resources::{
    ResourceList, is_huge_page, is_overcommit_allowed, is_pod_level, validate_pod_requirements,
};

type Amounts = BTreeMap<String, Quantity>;

/// Fills what a pod that asks for something as a whole leaves out.
///
/// Source: `defaultHugePagePodLimits`, `defaultPodRequests`, `defaultPodLimits`.
pub(super) fn set_pod_level_resources(spec: &mut PodSpec) {
    let Some(mut wanted) = spec.resources.take() else { return };
    let has = |list: &Option<ResourceList>| list.as_ref().is_some_and(|list| !list.is_empty());
    if has(&wanted.limits) || has(&wanted.requests) {
        for (name, amount) in aggregate(spec, |r| r.limits.as_ref()) {
            let asked = wanted.requests.as_ref().is_some_and(|requests| requests.contains_key(&name));
            if is_huge_page(&name) && !asked {
                insert(&mut wanted.limits, name, amount);
            }
        }
    }
    if has(&wanted.limits) {
        for (name, amount) in aggregate(spec, |r| r.requests.as_ref()) {
            if is_pod_level(&name) && is_overcommit_allowed(&name) {
                insert(&mut wanted.requests, name, amount);
            }
        }
        for (name, amount) in wanted.limits.iter().flatten() {
            if is_pod_level(name) {
                let requests = wanted.requests.get_or_insert_default();
                requests.entry(name.clone()).or_insert_with(|| amount.clone());
            }
        }
    }
    spec.resources = Some(wanted);
}

fn insert(list: &mut Option<ResourceList>, name: String, amount: Quantity) {
    list.get_or_insert_default().entry(name).or_insert_with(|| ApiQuantity(amount.to_string()));
}

/// What the containers need together: the sum of those side by side, or the most that one before them needs.
///
/// Source: `AggregateContainerRequests` of `k8s.io/component-helpers/resource`.
fn aggregate(spec: &PodSpec, list: fn(&ResourceRequirements) -> Option<&ResourceList>) -> Amounts {
    let amounts = |container: &Container| -> Amounts {
        let list = container.resources.as_ref().and_then(list).into_iter().flatten();
        list.filter_map(|(name, amount)| Some((name.clone(), Quantity::parse(&amount.0).ok()?))).collect()
    };
    let mut total = Amounts::new();
    for container in &spec.containers {
        add(&mut total, &amounts(container));
    }
    let (mut beside, mut before) = (Amounts::new(), Amounts::new());
    for container in spec.init_containers.items() {
        let mut needed = amounts(container);
        if container.restart_policy.as_deref() == Some("Always") {
            add(&mut total, &needed);
            add(&mut beside, &needed);
            needed.clone_from(&beside);
        } else {
            add(&mut needed, &beside);
        }
        raise(&mut before, &needed);
    }
    raise(&mut total, &before);
    total
}

fn add(total: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let sum = total.get(name).map_or(Some(*amount), |have| have.checked_add(*amount));
        total.insert(name.clone(), sum.unwrap_or(*amount));
    }
}

fn raise(total: &mut Amounts, least: &Amounts) {
    for (name, amount) in least {
        let have = total.entry(name.clone()).or_insert(*amount);
        if *have < *amount {
            *have = *amount;
        }
    }
}

/// What is wrong with what a pod asks for as a whole.
///
/// Source: `validatePodResources`, `validatePodResourceConsistency`.
pub(super) fn validate_pod_resources(spec: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    let Some(wanted) = &spec.resources else { return Vec::new() };
    let mut errors = Vec::new();
    if wanted.claims.is_some() {
        let detail = "claims cannot be set for Resources at pod-level";
        errors.push(FieldError::forbidden(&path.child("claims"), detail));
    }
    errors.extend(validate_pod_requirements(wanted, path));
    for (name, needed) in aggregate(spec, |r| r.requests.as_ref()) {
        let asked = wanted.requests.as_ref().and_then(|requests| requests.get(&name));
        let asked = asked.and_then(|amount| Quantity::parse(&amount.0).ok()).unwrap_or(Quantity::ZERO);
        if is_pod_level(&name) && needed > asked {
            let detail = format!("must be greater than or equal to aggregate container requests of {needed}");
            let path = path.child("requests").key(&name);
            errors.push(FieldError::invalid(&path, asked.to_string(), detail));
        }
    }
    errors.extend(validate_limits(spec, wanted, path));
    errors
}

fn validate_limits(spec: &PodSpec, wanted: &ResourceRequirements, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, container) in spec.containers.iter().enumerate() {
        let limits = container.resources.as_ref().and_then(|r| r.limits.as_ref()).into_iter().flatten();
        for (name, limit) in limits {
            let Some(most) = wanted.limits.as_ref().and_then(|limits| limits.get(name)) else { continue };
            let (Ok(limit), Ok(most)) = (Quantity::parse(&limit.0), Quantity::parse(&most.0)) else {
                continue;
            };
            if limit > most {
                let path = path.child("containers").index(index).key(name).child("limits");
                let detail = format!("must be less than or equal to pod limits of {most}");
                errors.push(FieldError::invalid(&path, limit.to_string(), detail));
            }
        }
    }
    errors
}
