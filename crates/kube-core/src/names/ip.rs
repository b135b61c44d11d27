//! Addresses, networks (`10.0.0.0/8`) and addresses of interfaces (`10.0.0.1/8`).
//!
//! Fields that are older than strict validation also accept forms that different programs read differently:
//! IPv4 with leading zeros, IPv4 written as IPv6, networks with host bits. The functions for them are named
//! `…_for_legacy_field`; the API server adds the warnings of [`warnings_for_ip`] and [`warnings_for_cidr`].

use super::ip_text::{Address, Network};
use crate::error::{FieldError, FieldPath, quoted};

/// Complaints about `value` as an IP address in canonical form, for the field `path`.
///
/// Source: `IsValidIP` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_valid_ip(path: &FieldPath, value: &str) -> Vec<FieldError> {
    let (address, mut errors) = parse_ip(path, value, true);
    if let (Some(address), true) = (address, errors.is_empty()) {
        errors.extend(canonical(path, value, &address.to_string()));
    }
    errors
}

/// Complaints about `value` as an IP address in a field that predates strict validation, for the field `path`.
/// A value of `valid_old` passes, whatever it is: it stands in the stored object.
///
/// Source: `IsValidIPForLegacyField` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_valid_ip_for_legacy_field(
    path: &FieldPath,
    value: &str,
    strict: bool,
    valid_old: &[&str],
) -> Vec<FieldError> {
    if valid_old.contains(&value) { Vec::new() } else { parse_ip(path, value, strict).1 }
}

/// What the API server warns of in `value`, which [`is_valid_ip_for_legacy_field`] accepts; empty if it does not.
///
/// Source: `GetWarningsForIP` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn warnings_for_ip(path: &FieldPath, value: &str) -> Vec<String> {
    let Some(address) = Address::parse(value) else {
        return Vec::new();
    };
    let shown = address.to_string();
    if address.has_leading_zeros || address.is_mapped() {
        return vec![format!(
            "{path}: non-standard IP address {} is invalid: use {}",
            quoted(value),
            quoted(&shown)
        )];
    }
    if shown == value {
        return Vec::new();
    }
    vec![format!(
        "{path}: IPv6 address {} should be in RFC 5952 canonical format ({})",
        quoted(value),
        quoted(&shown)
    )]
}

/// Complaints about `value` as a network in canonical form, without bits beyond its prefix, for the field `path`.
///
/// Source: `IsValidCIDR` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_valid_cidr(path: &FieldPath, value: &str) -> Vec<FieldError> {
    let (network, mut errors) = parse_cidr(path, value, true);
    if let (Some(network), true) = (network, errors.is_empty()) {
        errors.extend(canonical(path, value, &network.masked()));
    }
    errors
}

/// Complaints about `value` as a network in a field that predates strict validation, for the field `path`.
/// A value of `valid_old` passes, whatever it is: it stands in the stored object.
///
/// Source: `IsValidCIDRForLegacyField` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_valid_cidr_for_legacy_field(
    path: &FieldPath,
    value: &str,
    strict: bool,
    valid_old: &[&str],
) -> Vec<FieldError> {
    if valid_old.contains(&value) { Vec::new() } else { parse_cidr(path, value, strict).1 }
}

/// What the API server warns of in `value`, which [`is_valid_cidr_for_legacy_field`] accepts; empty if it does not.
///
/// Source: `GetWarningsForCIDR` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn warnings_for_cidr(path: &FieldPath, value: &str) -> Vec<String> {
    let Some(network) = Network::parse(value) else {
        return Vec::new();
    };
    let mut warnings = Vec::new();
    if network.has_host_bits() {
        let single = format!("{}/{}", network.address, network.width());
        warnings.push(format!(
            "{path}: CIDR value {} is ambiguous in this context (should be {} or {}?)",
            quoted(value),
            quoted(&network.masked()),
            quoted(&single)
        ));
    }
    if network.has_leading_zeros || network.address.is_mapped() {
        warnings.push(format!(
            "{path}: non-standard CIDR value {} is invalid: use {}",
            quoted(value),
            quoted(&network.masked())
        ));
    }
    if warnings.is_empty() && network.masked() != value {
        warnings.push(format!(
            "{path}: IPv6 CIDR value {} should be in RFC 5952 canonical format ({})",
            quoted(value),
            quoted(&network.masked())
        ));
    }
    warnings
}

/// Complaints about `value` as the canonical form of an interface's address and its network's prefix length
/// (`192.168.1.5/24`), for the field `path`.
///
/// Source: `IsValidInterfaceAddress` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_valid_interface_address(path: &FieldPath, value: &str) -> Vec<FieldError> {
    match Network::parse(value) {
        None => vec![FieldError::invalid(path, value, NOT_AN_INTERFACE_ADDRESS)],
        Some(network) => canonical(path, value, &network.interface()).into_iter().collect(),
    }
}

/// Whether `value` is an IP address in any form that old fields accept.
///
/// Source: `ParseIPSloppy` of `k8s.io/utils/net`.
pub fn is_legacy_ip(value: &str) -> bool {
    Address::parse(value).is_some()
}

/// Whether the network `inner` lies within `outer` and is smaller; `None` where one of them is no network in any form
/// that old fields accept.
pub fn is_legacy_subnet(inner: &str, outer: &str) -> Option<bool> {
    Some(Network::parse(outer)?.surrounds(Network::parse(inner)?))
}

fn parse_ip(path: &FieldPath, value: &str, strict: bool) -> (Option<Address>, Vec<FieldError>) {
    let Some(address) = Address::parse(value) else {
        return (None, vec![FieldError::invalid(path, value, NOT_AN_IP)]);
    };
    let detail = if !strict {
        None
    } else if address.has_leading_zeros {
        Some("must not have leading 0s")
    } else if address.is_mapped() {
        Some("must not be an IPv4-mapped IPv6 address")
    } else {
        None
    };
    (Some(address), detail.map(|detail| FieldError::invalid(path, value, detail)).into_iter().collect())
}

fn parse_cidr(path: &FieldPath, value: &str, strict: bool) -> (Option<Network>, Vec<FieldError>) {
    let Some(network) = Network::parse(value) else {
        return (None, vec![FieldError::invalid(path, value, NOT_A_CIDR)]);
    };
    let detail = if !strict {
        None
    } else if network.has_leading_zeros {
        Some("must not have leading 0s in IP or prefix length")
    } else if network.address.is_mapped() {
        Some("must not have an IPv4-mapped IPv6 address")
    } else if network.has_host_bits() {
        Some("must not have bits set beyond the prefix length")
    } else {
        None
    };
    (Some(network), detail.map(|detail| FieldError::invalid(path, value, detail)).into_iter().collect())
}

fn canonical(path: &FieldPath, value: &str, form: &str) -> Option<FieldError> {
    (value != form)
        .then(|| FieldError::invalid(path, value, format!("must be in canonical form ({})", quoted(form))))
}

const NOT_AN_IP: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const NOT_A_CIDR: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
const NOT_AN_INTERFACE_ADDRESS: &str =
    "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)";
