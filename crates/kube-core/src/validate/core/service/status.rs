//! Where a service is reached from outside.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`ValidateServiceStatusUpdate`).

use super::service_type;
use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{LoadBalancerIngress, Service};
use crate::validate::core::{validate_hostname, validate_ip};
use crate::validate::fields::{Items, Text, given};

fn ingress(service: &Service) -> &[LoadBalancerIngress] {
    let balancer = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    balancer.map_or(&[], |balancer| balancer.ingress.items())
}

/// An address without a mode is a virtual one.
///
/// Source: `SetDefaults_Service`.
pub(super) fn fill(new: &mut Service, old: &Service) {
    if given(old.spec.as_ref(), |spec| service_type(spec) != "LoadBalancer") {
        return;
    }
    let balancer = new.status.as_mut().and_then(|status| status.load_balancer.as_mut());
    let addresses = balancer.map_or(&mut [][..], |balancer| balancer.ingress.items_mut());
    for address in addresses.iter_mut().filter(|address| !address.ip.text().is_empty()) {
        address.ip_mode.get_or_insert_with(|| "VIP".to_owned());
    }
}

/// What is wrong with the status of `new`; its spec is that of `old`.
pub(super) fn validate_status(new: &Service, old: &Service) -> Vec<FieldError> {
    let path = FieldPath::new("status").child("loadBalancer").child("ingress");
    let given = ingress(new);
    let balanced = old.spec.as_ref().is_some_and(|spec| service_type(spec) == "LoadBalancer");
    if !balanced && !given.is_empty() {
        let detail = "may only be used when `spec.type` is 'LoadBalancer'";
        return vec![FieldError::forbidden(&path, detail)];
    }
    let known: Vec<&str> = ingress(old).iter().map(|address| address.ip.text()).collect();
    let mut errors = Vec::new();
    for (index, address) in given.iter().enumerate() {
        let path = path.index(index);
        errors.extend(validate_ip(address.ip.text(), &known, &path));
        errors.extend(validate_mode(address, &path.child("ipMode")));
        errors.extend(validate_hostname(address.hostname.text(), &path));
    }
    errors
}

fn validate_mode(address: &LoadBalancerIngress, path: &FieldPath) -> Option<FieldError> {
    match (address.ip.text(), address.ip_mode.as_deref()) {
        ("", None) => None,
        ("", Some(_)) => Some(FieldError::forbidden(path, "may not be specified when `ip` is not set")),
        (_, None) => Some(FieldError::required(path, "must be specified when `ip` is set")),
        (_, Some("VIP" | "Proxy")) => None,
        (_, Some(mode)) => Some(FieldError::not_supported(path, mode, &["Proxy", "VIP"])),
    }
}
