//! One requirement of a label selector: a key, an operator, values.

use super::Labels;
use crate::error::{FieldError, FieldPath, ShownValue};
use crate::names;
use std::fmt;
use std::sync::Arc;

/// How a requirement compares.
///
/// Source: `k8s.io/apimachinery/pkg/selection`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Operator {
    /// `key=value`.
    Equals,
    /// `key==value`: the same as [`Operator::Equals`], printed as it was written.
    DoubleEquals,
    /// `key!=value`: also true where the label is absent.
    NotEquals,
    /// `key in (a,b)`.
    In,
    /// `key notin (a,b)`: also true where the label is absent.
    NotIn,
    /// `key`.
    Exists,
    /// `!key`.
    DoesNotExist,
    /// `key>1`: both sides are integers of 64 bits.
    GreaterThan,
    /// `key<1`: both sides are integers of 64 bits.
    LessThan,
}

impl Operator {
    /// Kubernetes' name: `=`, `==`, `!=`, `in`, `notin`, `exists`, `!`, `gt`, `lt`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "=",
            Self::DoubleEquals => "==",
            Self::NotEquals => "!=",
            Self::In => "in",
            Self::NotIn => "notin",
            Self::Exists => "exists",
            Self::DoesNotExist => "!",
            Self::GreaterThan => "gt",
            Self::LessThan => "lt",
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One requirement; a selector is the AND of its requirements.
///
/// Source: `k8s.io/apimachinery/pkg/labels` (`Requirement`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requirement {
    key: Arc<str>,
    operator: Operator,
    values: Box<[Arc<str>]>,
    /// The one value of `GreaterThan` and `LessThan`.
    number: i64,
}

impl Requirement {
    /// A checked requirement. `path` is where it stands: errors name `<path>.key` and `<path>.values`.
    ///
    /// # Errors
    /// Everything wrong with it: a key or value that is no label, a number of values that does not go with the operator,
    /// a bound that is no integer.
    pub fn new(
        key: impl Into<Arc<str>>,
        operator: Operator,
        values: Vec<Arc<str>>,
        path: &FieldPath,
    ) -> Result<Self, Vec<FieldError>> {
        let key = key.into();
        let mut errors: Vec<FieldError> = check_key(&key, || path.child("key")).into_iter().collect();
        let number = check_values(operator, &values, path, &mut errors);
        for (index, value) in values.iter().enumerate() {
            errors.extend(check_value(value, || path.child("values").index(index).key(&key)));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut requirement = Self::unchecked(key, operator, values);
        requirement.number = number;
        Ok(requirement)
    }

    /// `key=value` without looking at either, as `labels.SelectorFromSet` takes them.
    pub(super) fn equals(key: Arc<str>, value: Arc<str>) -> Self {
        Self::unchecked(key, Operator::Equals, vec![value])
    }

    fn unchecked(key: Arc<str>, operator: Operator, mut values: Vec<Arc<str>>) -> Self {
        values.sort_unstable();
        Self { key, operator, values: values.into(), number: 0 }
    }

    /// The label it looks at.
    pub fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// How it compares.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// The values, sorted; a value written twice stands twice.
    pub fn values(&self) -> &[Arc<str>] {
        &self.values
    }

    /// The bound of `GreaterThan` and `LessThan`; `None` for the other operators.
    pub fn bound(&self) -> Option<i64> {
        matches!(self.operator, Operator::GreaterThan | Operator::LessThan).then_some(self.number)
    }

    /// Whether `labels` meet it. Does not allocate.
    pub fn matches(&self, labels: &(impl Labels + ?Sized)) -> bool {
        self.matches_value(labels.value(&self.key))
    }

    /// Whether this value of the label [`Requirement::key`] meets it; `None` is an absent label.
    pub fn matches_value(&self, value: Option<&str>) -> bool {
        match self.operator {
            Operator::Equals | Operator::DoubleEquals | Operator::In => {
                value.is_some_and(|v| self.has_value(v))
            }
            Operator::NotEquals | Operator::NotIn => !value.is_some_and(|v| self.has_value(v)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => integer(value).is_some_and(|n| n > self.number),
            Operator::LessThan => integer(value).is_some_and(|n| n < self.number),
        }
    }

    /// The one value that a label must have to meet it.
    pub(super) fn exact(&self) -> Option<&str> {
        match (self.operator, &*self.values) {
            (Operator::Equals | Operator::DoubleEquals | Operator::In, [value]) => Some(value),
            _ => None,
        }
    }

    fn has_value(&self, value: &str) -> bool {
        self.values.binary_search_by(|v| (**v).cmp(value)).is_ok()
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, values) = (&self.key, self.values.join(","));
        match self.operator {
            Operator::Exists => f.write_str(key),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::In | Operator::NotIn => write!(f, "{key} {} ({values})", self.operator),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
            Operator::Equals | Operator::DoubleEquals | Operator::NotEquals => {
                write!(f, "{key}{}{values}", self.operator)
            }
        }
    }
}

/// What is wrong with a label's key. The path is built only for an error.
pub(super) fn check_key(key: &str, path: impl FnOnce() -> FieldPath) -> Option<FieldError> {
    let wrong = names::is_qualified_name(key);
    (!wrong.is_empty()).then(|| FieldError::invalid(&path(), key, wrong.join("; ")))
}

/// What is wrong with a label's value.
pub(super) fn check_value(value: &str, path: impl FnOnce() -> FieldPath) -> Option<FieldError> {
    let wrong = names::is_valid_label_value(value);
    (!wrong.is_empty()).then(|| FieldError::invalid(&path(), value, wrong.join("; ")))
}

/// Checks how many values there are; returns the bound of `Gt` and `Lt`, else 0.
fn check_values(
    operator: Operator,
    values: &[Arc<str>],
    path: &FieldPath,
    errors: &mut Vec<FieldError>,
) -> i64 {
    let wrong = match operator {
        Operator::In | Operator::NotIn if values.is_empty() => {
            "for 'in', 'notin' operators, values set can't be empty"
        }
        Operator::Equals | Operator::DoubleEquals | Operator::NotEquals if values.len() != 1 => {
            "exact-match compatibility requires one single value"
        }
        Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
            "values set must be empty for exists and does not exist"
        }
        Operator::GreaterThan | Operator::LessThan if values.len() != 1 => {
            "for 'Gt', 'Lt' operators, exactly one value is required"
        }
        _ => "",
    };
    if !wrong.is_empty() {
        errors.push(FieldError::invalid(&path.child("values"), ShownList(values), wrong));
    }
    let mut number = 0;
    if matches!(operator, Operator::GreaterThan | Operator::LessThan) {
        for (index, value) in values.iter().enumerate() {
            if let Some(n) = integer(Some(value)) {
                number = n;
            } else {
                let at = path.child("values").index(index);
                let text = "for 'Gt', 'Lt' operators, the value must be an integer";
                errors.push(FieldError::invalid(&at, &**value, text));
            }
        }
    }
    number
}

/// Go's `strconv.ParseInt(value, 10, 64)`: the same texts as Rust's, a leading sign included.
fn integer(value: Option<&str>) -> Option<i64> {
    value?.parse().ok()
}

/// A list of texts as an error message shows it: JSON, and an empty list as Go's nil.
pub(super) struct ShownList<'a>(pub(super) &'a [Arc<str>]);

impl ShownValue for ShownList<'_> {
    fn shown(&self) -> String {
        if self.0.is_empty() {
            return "null".to_owned();
        }
        let texts: Vec<&str> = self.0.iter().map(AsRef::as_ref).collect();
        serde_json::json!(texts).to_string()
    }
}
