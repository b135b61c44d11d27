//! Names inside an object that are not DNS names: variables, keys, headers, ports, reasons.

use super::dns::DNS1123_SUBDOMAIN_MAX_LENGTH;
use super::text::{EMPTY, max_len_characters, regex};

/// Complaints about `value` as an identifier of the C language.
///
/// Source: `IsCIdentifier` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_c_identifier(value: &str) -> Vec<String> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if value.bytes().all(word) && value.bytes().next().is_some_and(|b| !b.is_ascii_digit()) {
        return Vec::new();
    }
    vec![regex(C_IDENTIFIER, "[A-Za-z_][A-Za-z0-9_]*", &["my_name", "MY_NAME", "MyName"])]
}

/// Complaints about `value` as the name of an environment variable.
///
/// Source: `IsEnvVarName` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_env_var_name(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if !(is_key(value) && value.bytes().next().is_some_and(|b| !b.is_ascii_digit())) {
        let examples = &["my.env-name", "MY_ENV.NAME", "MyEnvName1"];
        errors.push(regex(ENV_VAR, "[-._a-zA-Z][-._a-zA-Z0-9]*", examples));
    }
    errors.extend(change_of_directory(value));
    errors
}

/// Complaints about `value` as the name of an environment variable under the relaxed rule (KEP-4369), which
/// is the API server's since Kubernetes 1.34: printable ASCII other than `=`.
///
/// Source: `IsRelaxedEnvVarName` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_relaxed_env_var_name(value: &str) -> Vec<String> {
    if value.is_empty() {
        return vec![format!("environment variable name {EMPTY}")];
    }
    if value.bytes().all(|b| (b.is_ascii_graphic() || b == b' ') && b != b'=') {
        return Vec::new();
    }
    vec![RELAXED_ENV_VAR.to_owned()]
}

/// Complaints about `value` as a key of a `ConfigMap` or a Secret.
///
/// Source: `IsConfigMapKey` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_config_map_key(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > DNS1123_SUBDOMAIN_MAX_LENGTH {
        errors.push(max_len_characters(DNS1123_SUBDOMAIN_MAX_LENGTH));
    }
    if !is_key(value) {
        errors.push(regex(CONFIG_MAP_KEY, "[-._a-zA-Z0-9]+", &["key.name", "KEY_NAME", "key-name"]));
    }
    errors.extend(change_of_directory(value));
    errors
}

/// Complaints about `value` as the name of an HTTP header.
///
/// Source: `IsHTTPHeaderName` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_http_header_name(value: &str) -> Vec<String> {
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Vec::new();
    }
    vec![regex(HTTP_HEADER, "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

/// Complaints about `port` as the name of a port (an IANA service name, RFC 6335, in lower case).
///
/// Source: `IsValidPortName` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_valid_port_name(port: &str) -> Vec<String> {
    let bytes = port.as_bytes();
    let mut errors = Vec::new();
    if bytes.len() > PORT_NAME_MAX_LENGTH {
        errors.push(max_len_characters(PORT_NAME_MAX_LENGTH));
    }
    if bytes.is_empty() || !bytes.iter().all(|&b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !bytes.iter().any(u8::is_ascii_lowercase) {
        errors.push("must contain at least one letter (a-z)".to_owned());
    }
    if port.contains("--") {
        errors.push("must not contain consecutive hyphens".to_owned());
    }
    if port.starts_with('-') || port.ends_with('-') {
        errors.push("must not begin or end with a hyphen".to_owned());
    }
    errors
}

/// Complaints about `value` as the reason of a condition.
///
/// Source: `IsValidConditionReason` of `k8s.io/apimachinery/pkg/apis/meta/v1/validation`.
pub fn is_valid_condition_reason(value: &str) -> Vec<String> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let first = value.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    let last = value.bytes().next_back().is_some_and(word);
    if first && last && value.bytes().all(|b| word(b) || b == b',' || b == b':') {
        return Vec::new();
    }
    let examples = &["my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB"];
    vec![regex(CONDITION_REASON, "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?", examples)]
}

fn is_key(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
}

/// Keys become file names: none may lead out of its directory.
fn change_of_directory(value: &str) -> Option<String> {
    match value {
        "." | ".." => Some(format!("must not be '{value}'")),
        _ if value.starts_with("..") => Some("must not start with '..'".to_owned()),
        _ => None,
    }
}

const PORT_NAME_MAX_LENGTH: usize = 15;

const C_IDENTIFIER: &str = "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
const ENV_VAR: &str = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
const RELAXED_ENV_VAR: &str =
    "a valid environment variable name must consist only of printable ASCII characters other than '='";
const CONFIG_MAP_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
const HTTP_HEADER: &str = "a valid HTTP header must consist of alphanumeric characters or '-'";
const CONDITION_REASON: &str = "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";
