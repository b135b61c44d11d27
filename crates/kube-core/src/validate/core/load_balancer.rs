//! Where a load balancer answers, in the statuses of services and ingresses.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`ValidateLoadBalancerStatus`),
//! `pkg/apis/networking/validation` (`ValidateIngressLoadBalancerStatus`).

use crate::error::{FieldError, FieldPath};
use crate::names::{is_dns1123_subdomain, is_legacy_ip, is_valid_ip_for_legacy_field};
use crate::validate::fields::invalid;

/// What is wrong with an address; one that stands in `known` passes.
pub(in super::super) fn validate_ip(ip: &str, known: &[&str], path: &FieldPath) -> Vec<FieldError> {
    if ip.is_empty() { Vec::new() } else { is_valid_ip_for_legacy_field(&path.child("ip"), ip, true, known) }
}

/// What is wrong with a host name.
pub(in super::super) fn validate_hostname(name: &str, path: &FieldPath) -> Vec<FieldError> {
    if name.is_empty() {
        return Vec::new();
    }
    let path = path.child("hostname");
    let mut errors: Vec<FieldError> = invalid(&path, name, is_dns1123_subdomain(name)).collect();
    if is_legacy_ip(name) {
        errors.push(FieldError::invalid(&path, name, "must be a DNS name, not an IP address"));
    }
    errors
}
