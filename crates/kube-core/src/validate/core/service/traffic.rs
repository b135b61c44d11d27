//! How traffic reaches the endpoints of a service.

use super::{is_external, needs_health_check, service_type};
use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::ServiceSpec;
use crate::kinds::meta::v1::ObjectMeta;
use crate::names::{is_valid_cidr_for_legacy_field, is_valid_port_num};
use crate::validate::fields::{Items, Text, invalid, one_of, qualified_name, supported};

/// What is wrong with how clients stick to endpoints.
///
/// Source: `validateClientIPAffinityConfig`.
pub(super) fn validate_affinity(spec: &ServiceSpec, path: &FieldPath) -> Vec<FieldError> {
    let affinity = spec.session_affinity.text();
    let here = path.child("sessionAffinityConfig");
    let mut errors: Vec<FieldError> =
        one_of(affinity, &["ClientIP", "None"], &path.child("sessionAffinity")).into_iter().collect();
    let config = spec.session_affinity_config.as_ref();
    let missing = "when session affinity type is ClientIP";
    match (affinity, config) {
        ("ClientIP", None) => errors.push(FieldError::required(&here, missing)),
        ("ClientIP", Some(config)) => {
            let here = here.child("clientIP");
            match config.client_ip.as_ref().map(|client| client.timeout_seconds) {
                None => errors.push(FieldError::required(&here, missing)),
                Some(None) => errors.push(FieldError::required(&here.child("timeoutSeconds"), missing)),
                Some(Some(seconds)) if !(1..=DAY).contains(&seconds) => {
                    let detail = format!("must be greater than 0 and less than {DAY}");
                    errors.push(FieldError::invalid(&here.child("timeoutSeconds"), seconds, detail));
                }
                Some(Some(_)) => {}
            }
        }
        ("None", Some(_)) => {
            errors.push(FieldError::forbidden(&here, "must not be set when session affinity is None"));
        }
        _ => {}
    }
    errors
}

/// What is wrong with what is said to load balancers.
pub(super) fn validate_load_balancer(
    spec: &ServiceSpec,
    meta: &ObjectMeta,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let is_balanced = service_type(spec) == "LoadBalancer";
    let only_balanced = "may only be used when `type` is 'LoadBalancer'";
    let ranges = spec.load_balancer_source_ranges.items();
    let annotation = meta.annotations.as_ref().and_then(|annotations| annotations.get(SOURCE_RANGES));
    let (here, ranges): (FieldPath, Vec<&str>) = match annotation {
        _ if !ranges.is_empty() => {
            (path.child("LoadBalancerSourceRanges"), ranges.iter().map(String::as_str).collect())
        }
        Some(list) => {
            let path = FieldPath::new("metadata").child("annotations").key(SOURCE_RANGES);
            (path, list.split(',').filter(|_| !list.trim().is_empty()).collect())
        }
        None => (path.clone(), Vec::new()),
    };
    if !is_balanced && (!ranges.is_empty() || annotation.is_some()) {
        errors.push(FieldError::forbidden(&here, only_balanced));
    }
    for (index, range) in ranges.iter().enumerate() {
        let path = if annotation.is_some() { here.clone() } else { here.index(index) };
        errors.extend(is_valid_cidr_for_legacy_field(&path, range.trim(), true, &[]));
    }
    match (spec.allocate_load_balancer_node_ports, is_balanced) {
        (Some(_), false) => {
            errors.push(FieldError::forbidden(&path.child("allocateLoadBalancerNodePorts"), only_balanced));
        }
        (None, true) => {
            errors.push(FieldError::required(&FieldPath::new("allocateLoadBalancerNodePorts"), ""));
        }
        _ => {}
    }
    if let Some(class) = spec.load_balancer_class.as_deref() {
        let path = path.child("loadBalancerClass");
        if is_balanced {
            errors.extend(qualified_name(class, &path));
        } else {
            errors.push(FieldError::forbidden(&path, only_balanced));
        }
    }
    errors
}

/// What is wrong with the policies of traffic. The port of health checks is allocated after this, so it may be absent.
///
/// Source: `validateServiceExternalTrafficPolicy`, `validateServiceInternalTrafficFieldsValue`,
/// `validateServiceTrafficDistribution`.
pub(super) fn validate_policies(spec: &ServiceSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let policy = spec.external_traffic_policy.text();
    let here = path.child("externalTrafficPolicy");
    if is_external(spec) {
        errors.extend(one_of(policy, POLICIES, &here));
    } else if !policy.is_empty() {
        let detail = "may only be set for externally-accessible services";
        errors.push(FieldError::invalid(&here, policy, detail));
    }
    if let Some(port) = spec.health_check_node_port.filter(|&port| port != 0) {
        let here = path.child("healthCheckNodePort");
        if needs_health_check(spec) {
            errors.extend(invalid(&here, port, is_valid_port_num(port.into())));
        } else {
            let detail =
                "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
            errors.push(FieldError::invalid(&here, port, detail));
        }
    }
    let here = path.child("internalTrafficPolicy");
    match spec.internal_traffic_policy.as_deref() {
        Some(policy) => errors.extend(supported(policy, POLICIES, &here)),
        None if service_type(spec) != "ExternalName" => errors.push(FieldError::required(&here, "")),
        None => {}
    }
    if let Some(distribution) = spec.traffic_distribution.as_deref() {
        errors.extend(supported(distribution, DISTRIBUTIONS, &path.child("trafficDistribution")));
    }
    errors
}

/// Seconds.
const DAY: i32 = 86400;
const POLICIES: &[&str] = &["Cluster", "Local"];
const DISTRIBUTIONS: &[&str] = &["PreferClose", "PreferSameZone", "PreferSameNode"];
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
