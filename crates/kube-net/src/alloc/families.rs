//! The IP families of a Service.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/core/service/storage` (`initIPFamilyFields`).

use super::ranges::{ServiceRanges, family_of};
use super::update::{Form, is_headless, needs_cluster_ip};
use kube_core::error::{FieldError, FieldPath, ShownAsJson};
use kube_core::kinds::core::v1::ServiceSpec;
use std::collections::BTreeMap;
use std::net::IpAddr;

const SINGLE: &str = "SingleStack";
const PREFER: &str = "PreferDualStack";
const REQUIRE: &str = "RequireDualStack";

/// Fills in `ipFamilyPolicy` and `ipFamilies`.
pub(super) fn fill(
    ranges: &ServiceRanges,
    old: Option<&ServiceSpec>,
    new: &mut ServiceSpec,
) -> Result<(), Vec<FieldError>> {
    if Form::of(new) == Form::ExternalName || is_settled(old, new) {
        return Ok(());
    }
    let selectorless = is_headless(new) && new.selector.as_ref().is_none_or(BTreeMap::is_empty);
    let policy = match (&new.ip_family_policy, old.and_then(|old| old.ip_family_policy.as_ref())) {
        (Some(policy), _) | (None, Some(policy)) => policy.clone(),
        _ if selectorless => REQUIRE.to_owned(),
        _ => SINGLE.to_owned(),
    };
    new.ip_family_policy = Some(policy.clone());
    let mut errors = Vec::new();
    if let Some(old) = old {
        reduce(old, new, &policy, &mut errors);
    }
    check_policy(new, &policy, &mut errors);
    infer(ranges, new, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let families = new.ip_families.get_or_insert_default();
    let default = ranges.families().next().unwrap_or("IPv4");
    if selectorless {
        if families.is_empty() {
            families.push(default.to_owned());
        }
        if families.len() == 1 && policy != SINGLE {
            families.push(other(&families[0]).to_owned());
        }
        return Ok(());
    }
    let dual = ranges.families().count() == 2;
    if policy == REQUIRE && !dual {
        errors.push(FieldError::invalid(
            &spec("ipFamilyPolicy"),
            &policy,
            "this cluster is not configured for dual-stack services",
        ));
    }
    for (at, family) in families.iter().enumerate() {
        if ranges.of_family(family).is_none() {
            errors.push(FieldError::invalid(
                &spec("ipFamilies").index(at),
                family,
                "not configured on this cluster",
            ));
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if families.is_empty() {
        families.push(default.to_owned());
    }
    if policy != SINGLE && families.len() == 1 && dual {
        families.push(other(&families[0]).to_owned());
    }
    Ok(())
}

/// Whether nothing has changed of a Service that prefers two families: it is neither upgraded nor downgraded when the
/// cluster's ranges change.
fn is_settled(old: Option<&ServiceSpec>, new: &ServiceSpec) -> bool {
    let Some(old) = old else { return false };
    let prefers = |spec: &ServiceSpec| spec.ip_family_policy.as_deref() == Some(PREFER);
    Form::of(old) == Form::of(new)
        && needs_cluster_ip(new)
        && prefers(new)
        && (prefers(old) || old.ip_family_policy.is_none())
        && list(old.cluster_ips.as_ref()) == list(new.cluster_ips.as_ref())
        && list(old.ip_families.as_ref()) == list(new.ip_families.as_ref())
}

/// An update to a single family gives up the second one; any other may not.
fn reduce(old: &ServiceSpec, new: &mut ServiceSpec, policy: &str, errors: &mut Vec<FieldError>) {
    if policy == SINGLE {
        if list(old.cluster_ips.as_ref()) == list(new.cluster_ips.as_ref()) {
            new.cluster_ips.iter_mut().for_each(|ips| ips.truncate(1));
        }
        if list(old.ip_families.as_ref()) == list(new.ip_families.as_ref()) {
            new.ip_families.iter_mut().for_each(|families| families.truncate(1));
        }
        return;
    }
    let fewer = |new: &[String], old: &[String]| !new.is_empty() && new.len() < old.len();
    let mut refuse = |what: &str| {
        let detail = format!("must be 'SingleStack' to release the secondary {what}");
        errors.push(FieldError::invalid(&spec("ipFamilyPolicy"), policy, detail));
    };
    if fewer(list(new.cluster_ips.as_ref()), list(old.cluster_ips.as_ref())) {
        refuse("cluster IP");
    }
    if fewer(list(new.ip_families.as_ref()), list(old.ip_families.as_ref())) {
        refuse("IP family");
    }
}

fn check_policy(new: &ServiceSpec, policy: &str, errors: &mut Vec<FieldError>) {
    for (values, what) in
        [(list(new.cluster_ips.as_ref()), "cluster IPs"), (list(new.ip_families.as_ref()), "IP families")]
    {
        if policy == SINGLE && values.len() == 2 {
            let detail =
                format!("must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified");
            errors.push(FieldError::invalid(&spec("ipFamilyPolicy"), policy, detail));
        }
    }
}

/// Families that are not given follow from the cluster IPs that are.
fn infer(ranges: &ServiceRanges, new: &mut ServiceSpec, errors: &mut Vec<FieldError>) {
    let ips = list(new.cluster_ips.as_ref()).to_vec();
    let families = new.ip_families.get_or_insert_default();
    for (at, ip) in ips.iter().enumerate().skip(families.len()) {
        let Ok(address) = ip.parse::<IpAddr>() else { break };
        let family = family_of(address);
        if ranges.of_family(family).is_some() {
            families.push(family.to_owned());
        } else {
            let detail = format!("{family} is not configured on this cluster");
            errors.push(FieldError::invalid(&spec("clusterIPs").index(at), ShownAsJson(&ips), detail));
        }
    }
}

fn other(family: &str) -> &'static str {
    if family == "IPv4" { "IPv6" } else { "IPv4" }
}

pub(super) fn spec(field: &str) -> FieldPath {
    FieldPath::new("spec").child(field)
}

pub(super) fn list(values: Option<&Vec<String>>) -> &[String] {
    values.map_or(&[], Vec::as_slice)
}
