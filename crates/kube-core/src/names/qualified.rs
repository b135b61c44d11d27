//! Keys and values of labels; finalizers are named like label keys.

use super::dns::dns1123_subdomain_in_bytes;
use super::text::{EMPTY, is_alphanumeric, is_bounded, max_len_bytes, regex};
use crate::error::{FieldError, FieldPath};

/// The longest value of a label, in bytes.
pub const LABEL_VALUE_MAX_LENGTH: usize = 63;
const LABEL_KEY_MAX_LENGTH: usize = 63;

/// Complaints about `value` as a qualified name, which is what keys of labels and annotations, finalizers and
/// resource names are: an optional DNS subdomain and `/`, and a name.
///
/// Source: `IsQualifiedName` of `k8s.io/apimachinery/pkg/util/validation` (`IsLabelKey` of
/// `pkg/api/validate/content`).
pub fn is_qualified_name(value: &str) -> Vec<String> {
    let (prefix, name) = match value.split_once('/') {
        None => (None, value),
        Some((_, rest)) if rest.contains('/') => return vec![too_many_parts()],
        Some((prefix, name)) => (Some(prefix), name),
    };
    let mut errors = prefix.map(prefix_part).unwrap_or_default();
    if name.is_empty() {
        errors.push(format!("name part {EMPTY}"));
    } else if name.len() > LABEL_KEY_MAX_LENGTH {
        errors.push(format!("name part {}", max_len_bytes(LABEL_KEY_MAX_LENGTH)));
    }
    if !is_name(name) {
        errors.push(format!("name part {}", regex(KEY, KEY_PATTERN, KEY_EXAMPLES)));
    }
    errors
}

/// Complaints about `value` as the value of a label.
///
/// Source: `IsValidLabelValue` of `k8s.io/apimachinery/pkg/util/validation` (`IsLabelValue` of
/// `pkg/api/validate/content`).
pub fn is_valid_label_value(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > LABEL_VALUE_MAX_LENGTH {
        errors.push(max_len_bytes(LABEL_VALUE_MAX_LENGTH));
    }
    if !(value.is_empty() || is_name(value)) {
        errors.push(regex(VALUE, VALUE_PATTERN, &["MyValue", "my_value", "12345"]));
    }
    errors
}

/// Complaints about `name` as the key of a label, for the field `path`.
///
/// Source: `ValidateLabelName` of `k8s.io/apimachinery/pkg/apis/meta/v1/validation`.
pub fn validate_label_name(name: &str, path: &FieldPath) -> Vec<FieldError> {
    is_qualified_name(name).into_iter().map(|detail| FieldError::invalid(path, name, detail)).collect()
}

/// Complaints about `name` as a finalizer, for the field `path`.
///
/// Source: `ValidateFinalizerName` of `k8s.io/apimachinery/pkg/api/validation`.
pub fn validate_finalizer_name(name: &str, path: &FieldPath) -> Vec<FieldError> {
    validate_label_name(name, path)
}

fn prefix_part(prefix: &str) -> Vec<String> {
    if prefix.is_empty() {
        return vec![format!("prefix part {EMPTY}")];
    }
    let mut errors = dns1123_subdomain_in_bytes(prefix);
    for error in &mut errors {
        error.insert_str(0, "prefix part ");
    }
    errors
}

fn too_many_parts() -> String {
    let mut text = regex(KEY, KEY_PATTERN, KEY_EXAMPLES);
    text.insert_str(0, "a valid label key ");
    text.push_str(" with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
    text
}

fn is_name(value: &str) -> bool {
    is_bounded(value.as_bytes(), is_alphanumeric, |b| is_alphanumeric(b) || matches!(b, b'-' | b'_' | b'.'))
}

const KEY: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const KEY_PATTERN: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const KEY_EXAMPLES: &[&str] = &["MyName", "my.name", "123-abc"];

const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const VALUE_PATTERN: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";
