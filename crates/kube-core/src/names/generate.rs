//! Rules for the names of objects, which also judge `metadata.generateName`.

use super::dns::{dns1035_label, dns1123_label, dns1123_subdomain};
use super::path::{is_path_segment_name, is_path_segment_prefix};

/// The rule for the names of one kind: gives the complaints about a name, or, when the flag is set, about a
/// prefix to which a suffix will be appended (`metadata.generateName`).
///
/// Source: `ValidateNameFunc` of `k8s.io/apimachinery/pkg/api/validation`.
pub type NameRule = fn(name: &str, prefix: bool) -> Vec<String>;

/// The [`NameRule`] of most kinds: a DNS subdomain.
///
/// Source: `NameIsDNSSubdomain` of `k8s.io/apimachinery/pkg/api/validation`.
pub fn name_is_dns_subdomain(name: &str, prefix: bool) -> Vec<String> {
    judge(name, prefix, dns1123_subdomain)
}

/// The [`NameRule`] of kinds whose name becomes a DNS label (Namespace).
///
/// Source: `NameIsDNSLabel` of `k8s.io/apimachinery/pkg/api/validation`.
pub fn name_is_dns_label(name: &str, prefix: bool) -> Vec<String> {
    judge(name, prefix, dns1123_label)
}

/// The [`NameRule`] of kinds whose name becomes a DNS label that starts with a letter (Service).
///
/// Source: `NameIsDNS1035Label` of `k8s.io/apimachinery/pkg/api/validation`.
pub fn name_is_dns1035_label(name: &str, prefix: bool) -> Vec<String> {
    judge(name, prefix, dns1035_label)
}

/// The [`NameRule`] of kinds whose name need only be usable in a URL path (roles and their bindings).
///
/// Source: `ValidatePathSegmentName` of `k8s.io/apimachinery/pkg/api/validation/path`.
pub fn name_is_path_segment(name: &str, prefix: bool) -> Vec<String> {
    if prefix { is_path_segment_prefix(name) } else { is_path_segment_name(name) }
}

/// The [`NameRule`] of namespaces.
///
/// Source: `ValidateNamespaceName` of `k8s.io/apimachinery/pkg/api/validation`.
pub fn validate_namespace_name(name: &str, prefix: bool) -> Vec<String> {
    name_is_dns_label(name, prefix)
}

/// The [`NameRule`] of service accounts.
///
/// Source: `ValidateServiceAccountName` of `k8s.io/apimachinery/pkg/api/validation`.
pub fn validate_service_account_name(name: &str, prefix: bool) -> Vec<String> {
    name_is_dns_subdomain(name, prefix)
}

fn judge(name: &str, prefix: bool, rule: fn(&[u8]) -> Vec<String>) -> Vec<String> {
    match name.as_bytes() {
        // A prefix may end in a dash. As Kubernetes does (`maskTrailingDash`), an `a` takes the place of the
        // last *two* bytes, so that what stands before the dash is not judged and one byte more is allowed.
        [head @ .., _, b'-'] if prefix => rule(&[head, b"a".as_slice()].concat()),
        bytes => rule(bytes),
    }
}
