//! Field selectors: `metadata.name=web,status.phase!=Running`.
//!
//! Source: `k8s.io/apimachinery/pkg/fields`.

use super::SelectorError;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A field selector: the AND of its requirements, none being everything. A clone shares the memory.
///
/// A field that an object does not have compares as the empty text. Which fields a kind knows is the caller's business.
///
/// ```
/// use kube_core::selector::field::FieldSelector;
///
/// let selector: FieldSelector = "spec.nodeName=,status.phase!=Failed".parse()?;
/// assert!(selector.matches(|field| (field == "status.phase").then_some("Running")));
/// # Ok::<(), kube_core::selector::SelectorError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldSelector(Option<Arc<[FieldRequirement]>>);

/// One requirement of a field selector.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldRequirement {
    field: Arc<str>,
    operator: FieldOperator,
    value: Arc<str>,
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldOperator {
    /// `field=value`, also written `field==value`.
    Equals,
    /// `field!=value`.
    NotEquals,
}

impl FieldOperator {
    /// Kubernetes' name: `=` or `!=`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "=",
            Self::NotEquals => "!=",
        }
    }
}

impl FieldRequirement {
    /// A requirement on `field`.
    pub fn new(field: impl Into<Arc<str>>, operator: FieldOperator, value: impl Into<Arc<str>>) -> Self {
        Self { field: field.into(), operator, value: value.into() }
    }

    /// The field it looks at: a path such as `metadata.name`.
    pub fn field(&self) -> &Arc<str> {
        &self.field
    }

    /// How it compares.
    pub fn operator(&self) -> FieldOperator {
        self.operator
    }

    /// The value it compares with, unescaped.
    pub fn value(&self) -> &Arc<str> {
        &self.value
    }

    /// Whether a field of this value meets it; an absent field is the empty text.
    pub fn matches_value(&self, value: &str) -> bool {
        (*self.value == *value) == (self.operator == FieldOperator::Equals)
    }
}

impl FieldSelector {
    /// Selects every object.
    pub const EVERYTHING: Self = Self(None);

    /// The AND of `requirements`, in this order.
    pub fn all(requirements: impl IntoIterator<Item = FieldRequirement>) -> Self {
        let requirements: Vec<FieldRequirement> = requirements.into_iter().collect();
        Self((!requirements.is_empty()).then(|| requirements.into()))
    }

    /// Selects the objects whose `field` has this value. Source: `fields.OneTermEqualSelector`.
    pub fn equal(field: &str, value: &str) -> Self {
        Self::all([FieldRequirement::new(field, FieldOperator::Equals, value)])
    }

    /// Whether an object is selected; `lookup` gives the value of a field, `None` where there is none.
    pub fn matches<T: AsRef<str>>(&self, mut lookup: impl FnMut(&str) -> Option<T>) -> bool {
        self.requirements().iter().all(|requirement| {
            let value = lookup(&requirement.field);
            requirement.matches_value(value.as_ref().map_or("", AsRef::as_ref))
        })
    }

    /// The requirements, in the order of their texts as they were written.
    pub fn requirements(&self) -> &[FieldRequirement] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether nothing is required.
    pub fn is_everything(&self) -> bool {
        self.0.is_none()
    }

    /// The value that `field` must have, where one is demanded. Source: `fields.Selector.RequiresExactMatch`.
    pub fn requires_exact(&self, field: &str) -> Option<&str> {
        let mut exact = self.requirements().iter().filter(|r| r.operator == FieldOperator::Equals);
        exact.find(|r| &*r.field == field).map(|r| &*r.value)
    }
}

impl FromStr for FieldSelector {
    type Err = SelectorError;

    fn from_str(selector: &str) -> Result<Self, SelectorError> {
        let mut terms = split_terms(selector);
        terms.sort_unstable();
        let mut requirements = Vec::new();
        for term in terms.into_iter().filter(|term| !term.is_empty()) {
            let Some((field, operator, value)) = split_term(term) else {
                let text = format!("invalid selector: '{selector}'; can't understand '{term}'");
                return Err(SelectorError::new(text));
            };
            let value = unescape(value)?;
            // `=` alone asks for nothing.
            if !(field.is_empty() && value.is_empty()) {
                requirements.push(FieldRequirement::new(field, operator, value));
            }
        }
        Ok(Self::all(requirements))
    }
}

impl fmt::Display for FieldRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.field, self.operator.as_str(), escape(&self.value))
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements().iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            requirement.fmt(f)?;
        }
        Ok(())
    }
}

/// `value` as it is written in a field selector: `\`, `,` and `=` get a backslash. Source: `fields.EscapeValue`.
pub fn escape(value: &str) -> Cow<'_, str> {
    if !value.contains(SPECIAL) {
        return Cow::Borrowed(value);
    }
    let mut escaped = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        if SPECIAL.contains(&c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    Cow::Owned(escaped)
}

/// The value that is meant by `text` in a field selector. Source: `fields.UnescapeValue`.
///
/// # Errors
/// A `,` or `=` without a backslash, or a backslash before anything that needs none.
pub fn unescape(text: &str) -> Result<Cow<'_, str>, SelectorError> {
    if !text.contains(SPECIAL) {
        return Ok(Cow::Borrowed(text));
    }
    let mut value = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(escaped) if SPECIAL.contains(&escaped) => value.push(escaped),
                other => {
                    let sequence: String = other.into_iter().collect();
                    let text = format!("invalid field selector: invalid escape sequence: \\{sequence}");
                    return Err(SelectorError::new(text));
                }
            },
            ',' | '=' => {
                let text = format!("invalid field selector: unescaped character in value: {}", u32::from(c));
                return Err(SelectorError::new(text));
            }
            other => value.push(other),
        }
    }
    Ok(Cow::Owned(value))
}

/// The characters that are escaped in values.
const SPECIAL: [char; 3] = ['\\', ',', '='];

/// The texts between commas, except those behind a backslash; escapes stay as they are.
fn split_terms(selector: &str) -> Vec<&str> {
    let mut escaped = false;
    selector
        .split(|c| {
            let splits = c == ',' && !escaped;
            escaped = c == '\\' && !escaped;
            splits
        })
        .collect()
}

/// Splits at the first operator: no escape counts in a field's name.
fn split_term(term: &str) -> Option<(&str, FieldOperator, &str)> {
    let operators =
        [("!=", FieldOperator::NotEquals), ("==", FieldOperator::Equals), ("=", FieldOperator::Equals)];
    term.char_indices().find_map(|(at, _)| {
        let (field, rest) = term.split_at(at);
        operators.into_iter().find_map(|(text, operator)| Some((field, operator, rest.strip_prefix(text)?)))
    })
}
