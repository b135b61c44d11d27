//! Domains with a minimum of labels, and domains followed by a path or a key.

use super::dns::{is_dns1123_label, is_dns1123_subdomain};
use super::qualified::validate_label_name;
use super::text::regex;
use crate::error::{FieldError, FieldPath};

/// Complaints about `name` as a domain of at least three labels, for the field `path`. At most one is given.
///
/// Source: `IsFullyQualifiedName` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_fully_qualified_name(path: &FieldPath, name: &str) -> Vec<FieldError> {
    domain(path, name, 3, "should be a domain with at least three segments separated by dots")
        .err()
        .into_iter()
        .collect()
}

/// Complaints about `name` as a domain of at least two labels, for the field `path`. A dot may end it. At most
/// one complaint is given.
///
/// Source: `IsFullyQualifiedDomainName` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_fully_qualified_domain_name(path: &FieldPath, name: &str) -> Vec<FieldError> {
    if name.is_empty() {
        return vec![FieldError::required(path, "")];
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    // What is left of "." is empty but not missing: it is judged as a subdomain.
    let judged = subdomain(path, name)
        .and_then(|()| {
            at_least(path, name, 2, "should be a domain with at least two segments separated by dots")
        })
        .and_then(|()| name.split('.').try_for_each(|label| one(path, label, &is_dns1123_label(label))));
    judged.err().into_iter().collect()
}

/// Complaints about `value` as a domain followed by a path (`acme.io/foo`), for the field `path`.
///
/// Source: `IsDomainPrefixedPath` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_domain_prefixed_path(path: &FieldPath, value: &str) -> Vec<FieldError> {
    if value.is_empty() {
        return vec![FieldError::required(path, "")];
    }
    let Some((host, rest)) = value.split_once('/').filter(|(h, r)| !h.is_empty() && !r.is_empty()) else {
        return vec![FieldError::invalid(
            path,
            value,
            "must be a domain-prefixed path (such as \"acme.io/foo\")",
        )];
    };
    let mut errors: Vec<FieldError> = is_dns1123_subdomain(host)
        .into_iter()
        .map(|detail| FieldError::invalid(path, host, detail))
        .collect();
    if !rest.bytes().all(is_path_byte) {
        errors.push(FieldError::invalid(path, rest, regex("Invalid path", PATH_PATTERN, &[])));
    }
    errors
}

/// Complaints about `value` as a domain followed by a key (`acme.io/foo`), for the field `path`.
///
/// Source: `IsDomainPrefixedKey` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_domain_prefixed_key(path: &FieldPath, value: &str) -> Vec<FieldError> {
    if value.is_empty() {
        return vec![FieldError::required(path, "")];
    }
    let mut errors = validate_label_name(value, path);
    if errors.is_empty() && !value.contains('/') {
        errors.push(FieldError::invalid(
            path,
            value,
            "must be a domain-prefixed key (such as \"acme.io/foo\")",
        ));
    }
    errors
}

fn domain(path: &FieldPath, name: &str, labels: usize, detail: &str) -> Result<(), FieldError> {
    if name.is_empty() {
        return Err(FieldError::required(path, ""));
    }
    subdomain(path, name)?;
    at_least(path, name, labels, detail)
}

fn subdomain(path: &FieldPath, name: &str) -> Result<(), FieldError> {
    one(path, name, &is_dns1123_subdomain(name))
}

fn at_least(path: &FieldPath, name: &str, labels: usize, detail: &str) -> Result<(), FieldError> {
    if name.split('.').count() < labels { Err(FieldError::invalid(path, name, detail)) } else { Ok(()) }
}

fn one(path: &FieldPath, value: &str, complaints: &[String]) -> Result<(), FieldError> {
    if complaints.is_empty() { Ok(()) } else { Err(FieldError::invalid(path, value, complaints.join(","))) }
}

fn is_path_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || br"/-._~%!$&'()*+,;=:".contains(&b)
}

const PATH_PATTERN: &str = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+";
