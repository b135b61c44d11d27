//! Labels and subdomains of DNS (RFC 1035, RFC 1123).

use super::text::{
    is_alphanumeric, is_bounded, is_lower_alphanumeric, max_len_bytes, max_len_characters, regex,
};

/// The longest DNS (RFC 1123) label, in bytes.
pub const DNS1123_LABEL_MAX_LENGTH: usize = 63;
/// The longest DNS (RFC 1123) subdomain, in bytes.
pub const DNS1123_SUBDOMAIN_MAX_LENGTH: usize = 253;
/// The longest DNS (RFC 1035) label, in bytes.
pub const DNS1035_LABEL_MAX_LENGTH: usize = 63;

/// Complaints about `value` as a lowercase DNS label (RFC 1123).
///
/// Source: `IsDNS1123Label` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_dns1123_label(value: &str) -> Vec<String> {
    dns1123_label(value.as_bytes())
}

/// Complaints about `value` as a lowercase DNS subdomain (RFC 1123).
///
/// Source: `IsDNS1123Subdomain` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_dns1123_subdomain(value: &str) -> Vec<String> {
    dns1123_subdomain(value.as_bytes())
}

/// Complaints about `value` as a DNS label that starts with a letter (RFC 1035).
///
/// Source: `IsDNS1035Label` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_dns1035_label(value: &str) -> Vec<String> {
    dns1035_label(value.as_bytes())
}

/// Complaints about `value` as a lowercase DNS subdomain whose labels may start with and contain `_`.
///
/// Source: `IsDNS1123SubdomainWithUnderscore` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_dns1123_subdomain_with_underscore(value: &str) -> Vec<String> {
    let mut errors = too_long(value.as_bytes(), DNS1123_SUBDOMAIN_MAX_LENGTH);
    if !labels(value.as_bytes()).all(is_underscore_label) {
        errors.push(regex(UNDERSCORE_SUBDOMAIN, UNDERSCORE_SUBDOMAIN_PATTERN, &["example.com"]));
    }
    errors
}

/// Complaints about `value` as a wildcard followed by a DNS subdomain (RFC 1034 section 4.3.3): `*.example.com`.
///
/// Source: `IsWildcardDNS1123Subdomain` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_wildcard_dns1123_subdomain(value: &str) -> Vec<String> {
    let mut errors = too_long(value.as_bytes(), DNS1123_SUBDOMAIN_MAX_LENGTH);
    if !value.as_bytes().strip_prefix(b"*.").is_some_and(is_subdomain) {
        errors.push(regex(WILDCARD_SUBDOMAIN, WILDCARD_SUBDOMAIN_PATTERN, &["*.example.com"]));
    }
    errors
}

/// Complaints about `value` as a DNS subdomain (RFC 1123) in which capitals are allowed, as in CSI driver names.
///
/// Source: `IsDNS1123SubdomainCaseless` of `k8s.io/apimachinery/pkg/api/validate/content`.
pub fn is_dns1123_subdomain_caseless(value: &str) -> Vec<String> {
    let mut errors = too_long_in_bytes(value.as_bytes(), DNS1123_SUBDOMAIN_MAX_LENGTH);
    if !labels(value.as_bytes()).all(is_caseless_label) {
        errors.push(regex(CASELESS_SUBDOMAIN, SUBDOMAIN_PATTERN, &["Example.com"]));
    }
    errors
}

/// As [`is_dns1123_label`], for bytes.
pub(super) fn dns1123_label(value: &[u8]) -> Vec<String> {
    let mut errors = too_long(value, DNS1123_LABEL_MAX_LENGTH);
    if !is_label(value) {
        errors.push(if is_subdomain(value) {
            "must not contain dots".to_owned()
        } else {
            regex(LABEL, LABEL_PATTERN, &["my-name", "123-abc"])
        });
    }
    errors
}

/// As [`is_dns1123_subdomain`], for bytes.
pub(super) fn dns1123_subdomain(value: &[u8]) -> Vec<String> {
    let mut errors = too_long(value, DNS1123_SUBDOMAIN_MAX_LENGTH);
    if !is_subdomain(value) {
        errors.push(regex(SUBDOMAIN, SUBDOMAIN_PATTERN, &["example.com"]));
    }
    errors
}

/// As [`is_dns1123_subdomain`], but counting bytes where that counts "characters", as
/// `IsDNS1123Subdomain` of `api/validate/content` does.
pub(super) fn dns1123_subdomain_in_bytes(value: &str) -> Vec<String> {
    let mut errors = too_long_in_bytes(value.as_bytes(), DNS1123_SUBDOMAIN_MAX_LENGTH);
    if !is_subdomain(value.as_bytes()) {
        errors.push(regex(SUBDOMAIN, SUBDOMAIN_PATTERN, &["example.com"]));
    }
    errors
}

/// As [`is_dns1035_label`], for bytes.
pub(super) fn dns1035_label(value: &[u8]) -> Vec<String> {
    let mut errors = too_long(value, DNS1035_LABEL_MAX_LENGTH);
    if !(is_label(value) && value.first().is_some_and(u8::is_ascii_lowercase)) {
        errors.push(regex(LABEL_1035, LABEL_1035_PATTERN, &["my-name", "abc-123"]));
    }
    errors
}

fn too_long(value: &[u8], max: usize) -> Vec<String> {
    if value.len() > max { vec![max_len_characters(max)] } else { Vec::new() }
}

fn too_long_in_bytes(value: &[u8], max: usize) -> Vec<String> {
    if value.len() > max { vec![max_len_bytes(max)] } else { Vec::new() }
}

fn labels(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&b| b == b'.')
}

fn is_subdomain(value: &[u8]) -> bool {
    labels(value).all(is_label)
}

fn is_label(value: &[u8]) -> bool {
    is_bounded(value, is_lower_alphanumeric, |b| is_lower_alphanumeric(b) || b == b'-')
}

fn is_caseless_label(value: &[u8]) -> bool {
    is_bounded(value, is_alphanumeric, |b| is_alphanumeric(b) || b == b'-')
}

fn is_underscore_label(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"_").unwrap_or(value);
    is_bounded(value, is_lower_alphanumeric, |b| is_lower_alphanumeric(b) || b == b'-' || b == b'_')
}

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const LABEL_PATTERN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const SUBDOMAIN_PATTERN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

const CASELESS_SUBDOMAIN: &str = "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";

const UNDERSCORE_SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
const UNDERSCORE_SUBDOMAIN_PATTERN: &str =
    r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*";

const WILDCARD_SUBDOMAIN: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
const WILDCARD_SUBDOMAIN_PATTERN: &str =
    r"\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const LABEL_1035_PATTERN: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
