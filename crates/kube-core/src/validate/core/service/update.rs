//! What may not change in a service.

use super::{is_headless, needs_health_check, service_type};
use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::core::v1::ServiceSpec;
use crate::validate::fields::{Items, Text};

/// What is wrong with the spec `new` as the successor of `old`.
///
/// Source: `ValidateServiceUpdate`.
pub(super) fn validate_spec_update(new: &ServiceSpec, old: &ServiceSpec) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let mut errors = Vec::new();
    if service_type(new) != "ExternalName" && service_type(old) != "ExternalName" {
        errors.extend(validate_ips(new, old, &path));
        errors.extend(validate_families(new, old, &path));
    }
    errors.extend(validate_class(new, old, &path.child("loadBalancerClass")));
    let checked = needs_health_check(new) && needs_health_check(old);
    if checked && new.health_check_node_port != old.health_check_node_port {
        errors.push(FieldError::forbidden(&path.child("healthCheckNodePort"), "field is immutable"));
    }
    errors
}

/// Source: `validateUpgradeDowngradeClusterIPs`.
fn validate_ips(new: &ServiceSpec, old: &ServiceSpec, path: &FieldPath) -> Vec<FieldError> {
    if is_headless(new) && is_headless(old) {
        return Vec::new();
    }
    let list = path.child("clusterIPs");
    let (ips, before) = (new.cluster_ips.items(), old.cluster_ips.items());
    let mut errors = Vec::new();
    if ips.is_empty() && !before.is_empty() {
        errors.push(FieldError::invalid(
            &list.index(0),
            ShownAsJson(ips),
            "primary clusterIP can not be unset",
        ));
    }
    // When one is added or released, only the first must stay.
    let compared = if ips.len() == before.len() { ips.len() } else { 1 };
    for (index, _) in ips.iter().zip(before).enumerate().take(compared).filter(|(_, (new, old))| new != old) {
        errors.push(FieldError::invalid(&list.index(index), ShownAsJson(ips), NOT_ONCE_SET));
    }
    if before.len() > ips.len() && ips.len() == 1 {
        errors.extend(not_single(new, "clusterIP", path));
    }
    errors
}

/// Source: `validateUpgradeDowngradeIPFamilies`.
fn validate_families(new: &ServiceSpec, old: &ServiceSpec, path: &FieldPath) -> Vec<FieldError> {
    if is_headless(new) || is_headless(old) {
        return Vec::new();
    }
    let here = path.child("ipFamilies").index(0);
    let (families, before) = (new.ip_families.items(), old.ip_families.items());
    let mut errors = Vec::new();
    if before.len() > families.len() && new.cluster_ips.items().is_empty() {
        let detail = "primary ipFamily can not be unset";
        errors.push(FieldError::invalid(&here, ShownAsJson(families), detail));
    }
    let compared = if families.len() == before.len() { families.len() } else { 1 };
    for _ in families.iter().zip(before).take(compared).filter(|(new, old)| new != old) {
        errors.push(FieldError::invalid(&here, ShownAsJson(families), NOT_ONCE_SET));
    }
    if before.len() > families.len() && families.len() == 1 {
        errors.extend(not_single(new, "ipFamily", path));
    }
    errors
}

fn not_single(new: &ServiceSpec, what: &str, path: &FieldPath) -> Option<FieldError> {
    if new.ip_family_policy.text() == "SingleStack" {
        return None;
    }
    let detail = format!("must be set to 'SingleStack' when releasing the secondary {what}");
    Some(FieldError::invalid(&path.child("ipFamilyPolicy"), ShownAsJson(&new.ip_family_policy), detail))
}

/// Who balances may be said only when a service becomes balanced.
///
/// Source: `validateLoadBalancerClassField`.
fn validate_class(new: &ServiceSpec, old: &ServiceSpec, path: &FieldPath) -> Option<FieldError> {
    let both = service_type(new) == "LoadBalancer" && service_type(old) == "LoadBalancer";
    let changed = new.load_balancer_class != old.load_balancer_class;
    (both && changed).then(|| FieldError::invalid(path, ShownAsJson(&new.load_balancer_class), NOT_ONCE_SET))
}

const NOT_ONCE_SET: &str = "may not change once set";
