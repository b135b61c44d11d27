//! Reading optional fields as Kubernetes does, filling them, and the checks that most kinds share.

use std::cmp::Ordering;

use crate::error::{FieldError, FieldPath, ShownValue};
use crate::names::{NameRule, is_dns1123_label, is_dns1123_subdomain, is_qualified_name};

/// A text that may be absent, which is the same as empty.
pub(crate) trait Text {
    /// The text; empty if it is absent.
    fn text(&self) -> &str;

    /// Makes `value` of a text that is absent or empty.
    fn fill(&mut self, value: &str);
}

impl Text for Option<String> {
    fn text(&self) -> &str {
        self.as_deref().unwrap_or_default()
    }

    fn fill(&mut self, value: &str) {
        if self.text().is_empty() {
            *self = Some(value.to_owned());
        }
    }
}

/// A list that may be absent, which is the same as empty.
pub(crate) trait Items<T> {
    /// The list; empty if it is absent.
    fn items(&self) -> &[T];

    /// The list, to change its items; empty if it is absent.
    fn items_mut(&mut self) -> &mut [T];
}

impl<T> Items<T> for Option<Vec<T>> {
    fn items(&self) -> &[T] {
        self.as_deref().unwrap_or_default()
    }

    fn items_mut(&mut self) -> &mut [T] {
        self.as_deref_mut().unwrap_or_default()
    }
}

/// Makes `value` of a number that is absent or 0.
pub(crate) fn fill_zero(field: &mut Option<i32>, value: i32) {
    if field.unwrap_or_default() == 0 {
        *field = Some(value);
    }
}

/// What `judge` says of a part that may be absent, which is the same as empty.
pub(crate) fn given<T: Default, R>(part: Option<&T>, judge: impl FnOnce(&T) -> R) -> R {
    match part {
        Some(part) => judge(part),
        None => judge(&T::default()),
    }
}

/// One error per complaint about `value`.
pub(crate) fn invalid<V: ShownValue + Copy>(
    path: &FieldPath,
    value: V,
    complaints: Vec<String>,
) -> impl Iterator<Item = FieldError> {
    complaints.into_iter().map(move |detail| FieldError::invalid(path, value, detail))
}

/// What is wrong with `value` as a DNS label.
pub(crate) fn dns_label(value: &str, path: &FieldPath) -> Vec<FieldError> {
    invalid(path, value, is_dns1123_label(value)).collect()
}

/// What is wrong with `value` as a DNS subdomain.
pub(crate) fn dns_subdomain(value: &str, path: &FieldPath) -> Vec<FieldError> {
    invalid(path, value, is_dns1123_subdomain(value)).collect()
}

/// What is wrong with `value` as a qualified name.
pub(crate) fn qualified_name(value: &str, path: &FieldPath) -> Vec<FieldError> {
    invalid(path, value, is_qualified_name(value)).collect()
}

/// What is wrong with `value` as a name under `rule`.
pub(crate) fn name(value: &str, rule: NameRule, path: &FieldPath) -> Vec<FieldError> {
    invalid(path, value, rule(value, false)).collect()
}

/// As [`name`], required.
pub(crate) fn required_name(value: &str, rule: NameRule, path: &FieldPath) -> Vec<FieldError> {
    if value.is_empty() { vec![FieldError::required(path, "")] } else { name(value, rule, path) }
}

/// What is wrong with `value` if it is empty.
pub(crate) fn required(value: &str, path: &FieldPath, field: &str) -> Option<FieldError> {
    value.is_empty().then(|| FieldError::required(&path.child(field), ""))
}

/// What is wrong with `value` if it is empty or none of `valid`.
pub(crate) fn one_of(value: &str, valid: &[&str], path: &FieldPath) -> Option<FieldError> {
    if value.is_empty() {
        return Some(FieldError::required(path, ""));
    }
    supported(value, valid, path)
}

/// What is wrong with `value` if it is none of `valid`; the empty text is a value like any other.
pub(crate) fn supported(value: &str, valid: &[&str], path: &FieldPath) -> Option<FieldError> {
    (!valid.contains(&value)).then(|| FieldError::not_supported(path, value, valid))
}

/// What is wrong with a number if it is below zero; an absent one is 0.
pub(crate) fn nonnegative<N: Into<i64>>(
    value: Option<N>,
    path: &FieldPath,
    field: &str,
) -> Option<FieldError> {
    let value: i64 = value?.into();
    (value < 0).then(|| FieldError::invalid(&path.child(field), value, NEGATIVE))
}

/// What is wrong with a number if it is not above zero.
pub(crate) fn positive(value: i64, path: &FieldPath) -> Option<FieldError> {
    (value.cmp(&0) != Ordering::Greater).then(|| FieldError::invalid(path, value, NOT_POSITIVE))
}

/// What is said of a number below zero (`IsNegativeErrorMsg`).
pub(crate) const NEGATIVE: &str = "must be greater than or equal to 0";

/// What is said of a number that is not above zero (`isNotPositiveErrorMsg`).
pub(crate) const NOT_POSITIVE: &str = "must be greater than zero";
