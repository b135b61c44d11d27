//! The addresses of a service.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{NONE, is_headless, service_type};
use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::core::v1::ServiceSpec;
use crate::names::is_valid_ip_for_legacy_field;
use crate::validate::core::endpoints::validate_non_special_ip;
use crate::validate::fields::{Items, Text, supported};

/// What is wrong with addresses in the cluster, and with their families.
///
/// Source: `ValidateServiceClusterIPsRelatedFields`.
pub(super) fn validate_cluster_ips(spec: &ServiceSpec, path: &FieldPath) -> Vec<FieldError> {
    if service_type(spec) == "ExternalName" {
        return Vec::new();
    }
    let list = path.child("clusterIPs");
    let ips = spec.cluster_ips.items();
    let shown = || ShownAsJson(ips);
    let mut errors: Vec<FieldError> = out_of_step(spec, &list).into_iter().collect();
    errors.extend(validate_families(spec, path));
    let mut has_wrong = false;
    for (index, ip) in ips.iter().enumerate() {
        if index == 0 && ip == NONE {
            if ips.len() > 1 {
                has_wrong = true;
                let detail = "'None' must be the first and only value";
                errors.push(FieldError::invalid(&list, shown(), detail));
            }
            continue;
        }
        let wrong = is_valid_ip_for_legacy_field(&list.index(index), ip, true, &[]);
        has_wrong |= !wrong.is_empty();
        errors.extend(wrong);
    }
    if ips.len() > 2 {
        errors.push(FieldError::invalid(&list, shown(), "may only hold up to 2 values"));
    }
    if has_wrong {
        return errors;
    }
    let v6: Vec<bool> = ips.iter().map(|ip| is_v6(ip)).collect();
    if ips.len() > 1 && (v6.iter().all(|v6| *v6) || !v6.contains(&true)) {
        let detail = "may specify no more than one IP for each IP family";
        errors.push(FieldError::invalid(&list, shown(), detail));
    }
    if !is_headless(spec) {
        let families = spec.ip_families.items().iter().enumerate();
        for (index, family) in families.take(ips.len()) {
            if matches!((family.as_str(), v6[index]), ("IPv4", true) | ("IPv6", false)) {
                let detail = format!("expected an {family} value as indicated by `ipFamilies[{index}]`");
                errors.push(FieldError::invalid(&list.index(index), &ips[index], detail));
            }
        }
    }
    errors
}

/// The single address is the first of the list.
fn out_of_step(spec: &ServiceSpec, path: &FieldPath) -> Option<FieldError> {
    let (ip, ips) = (spec.cluster_ip.text(), spec.cluster_ips.items());
    let detail = match (ip.is_empty(), ips.first()) {
        (false, None) => return Some(FieldError::required(path, "")),
        (false, Some(first)) if first != ip => "first value must match `clusterIP`",
        (true, Some(_)) => "must be empty when `clusterIP` is not specified",
        _ => return None,
    };
    Some(FieldError::invalid(path, ShownAsJson(ips), detail))
}

fn validate_families(spec: &ServiceSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    let families = spec.ip_families.items();
    for (index, family) in families.iter().enumerate() {
        let path = path.child("ipFamilies").index(index);
        errors.extend(supported(family, &["IPv4", "IPv6"], &path));
        if !seen.insert(family) {
            errors.push(FieldError::duplicate(&path, family));
        }
    }
    let path = path.child("ipFamilyPolicy");
    let Some(policy) = spec.ip_family_policy.as_deref() else { return errors };
    errors.extend(supported(policy, &["PreferDualStack", "RequireDualStack", "SingleStack"], &path));
    if policy == "SingleStack" {
        let counts = [("IP families", families.len()), ("cluster IPs", spec.cluster_ips.items().len())];
        for (what, _) in counts.into_iter().filter(|(_, count)| *count == 2) {
            let detail =
                format!("must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified");
            errors.push(FieldError::invalid(&path, policy, detail));
        }
    }
    errors
}

/// What is wrong with addresses outside the cluster.
pub(super) fn validate_external_ips(spec: &ServiceSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, ip) in spec.external_ips.items().iter().enumerate() {
        let path = path.child("externalIPs").index(index);
        let wrong = is_valid_ip_for_legacy_field(&path, ip, true, &[]);
        if wrong.is_empty() {
            errors.extend(validate_non_special_ip(ip, &path));
        }
        errors.extend(wrong);
    }
    errors
}

fn is_v6(ip: &str) -> bool {
    ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6())
}
