//! The label selector, ready to match.

use super::{LabelSelector, LabelSet, Labels, Requirement, SelectorError, label_selector, parse};
use crate::error::{FieldError, FieldPath};
use k8s_openapi::apimachinery::pkg::apis::meta::v1;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A label selector: nothing, everything, or the AND of its requirements (sorted by key). A clone shares the memory.
///
/// `FromStr` is `labels.Parse`; `Display` is the normal form of the same syntax, and reading it gives the selector back.
/// Two exceptions: [`Selector::nothing`] has no text and prints as the empty one, and values written twice in a
/// structure are printed twice but read once.
///
/// Contradictions (`a=b,a!=b`) are not looked for: such a selector matches nothing but is not [`Selector::nothing`].
///
/// Source: `k8s.io/apimachinery/pkg/labels`.
///
/// ```
/// use kube_core::selector::Selector;
/// use std::collections::BTreeMap;
///
/// let selector: Selector = "app=web,generation>3".parse()?;
/// let labels = BTreeMap::from([("app".to_owned(), "web".to_owned()), ("generation".to_owned(), "12".to_owned())]);
/// assert!(selector.matches(&labels));
/// assert_eq!(selector.requires_exact("app"), Some("web"));
/// # Ok::<(), kube_core::selector::SelectorError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector(Form);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Form {
    Nothing,
    Everything,
    /// Never empty.
    All(Arc<[Requirement]>),
}

impl Selector {
    /// Selects no object.
    pub fn nothing() -> Self {
        Self(Form::Nothing)
    }

    /// Selects every object.
    pub fn everything() -> Self {
        Self(Form::Everything)
    }

    /// The AND of `requirements`; everything where there are none.
    pub fn all(requirements: impl IntoIterator<Item = Requirement>) -> Self {
        let mut requirements: Vec<Requirement> = requirements.into_iter().collect();
        if requirements.is_empty() {
            return Self::everything();
        }
        requirements.sort_by(|a, b| a.key().cmp(b.key()));
        Self(Form::All(requirements.into()))
    }

    /// The selector that a structure means: absent is nothing, empty is everything.
    ///
    /// Source: `k8s.io/apimachinery/pkg/apis/meta/v1` (`LabelSelectorAsSelector`).
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn from_label_selector(selector: Option<&v1::LabelSelector>) -> Result<Self, FieldError> {
        let Some(selector) = selector else { return Ok(Self::nothing()) };
        let labels =
            selector.match_labels.iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()));
        let expressions = selector.match_expressions.iter().flatten().map(|expression| {
            let values = expression.values.iter().flatten().map(|v| v.as_str().into()).collect();
            (expression.key.as_str().into(), expression.operator.as_str().into(), values)
        });
        label_selector::compile(labels.map(|(key, value)| (key.into(), value.into())), expressions)
    }

    /// As [`Selector::from_label_selector`], from the lean form.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn from_lean(selector: Option<&LabelSelector>) -> Result<Self, FieldError> {
        selector.map_or_else(|| Ok(Self::nothing()), LabelSelector::to_selector)
    }

    /// The selector that a map means: every label as in `labels`, and everything where there are none. Nothing is checked.
    ///
    /// Callers that read `Service.spec.selector` must treat an absent or empty map as "no selector" before they come here.
    ///
    /// Source: `labels.SelectorFromSet`.
    pub fn from_labels(labels: impl Into<LabelSet>) -> Self {
        Self::all(labels.into().iter().map(|(key, value)| Requirement::equals(key.clone(), value.clone())))
    }

    /// As [`Selector::from_labels`], checked.
    ///
    /// Source: `labels.ValidatedSelectorFromSet`.
    ///
    /// # Errors
    /// The first key or value that is no label.
    pub fn from_validated_labels(labels: impl Into<LabelSet>) -> Result<Self, FieldError> {
        let labels = labels.into();
        let pairs = labels.iter().map(|(key, value)| (key.clone(), value.clone()));
        label_selector::compile(pairs, std::iter::empty())
    }

    /// Reads the text form. Errors about keys and values name `path`.
    ///
    /// # Errors
    /// What the text should have had instead.
    pub fn parse(text: &str, path: &FieldPath) -> Result<Self, SelectorError> {
        parse::requirements(text, path).map(Self::all)
    }

    /// Whether an object with `labels` is selected. Does not allocate.
    pub fn matches(&self, labels: &(impl Labels + ?Sized)) -> bool {
        match &self.0 {
            Form::Nothing => false,
            Form::Everything => true,
            Form::All(requirements) => requirements.iter().all(|requirement| requirement.matches(labels)),
        }
    }

    /// The requirements, by key; empty for everything, `None` for nothing.
    pub fn requirements(&self) -> Option<&[Requirement]> {
        match &self.0 {
            Form::Nothing => None,
            Form::Everything => Some(&[]),
            Form::All(requirements) => Some(requirements),
        }
    }

    /// This selector AND `more`. Nothing stays nothing.
    #[must_use]
    pub fn and(&self, more: impl IntoIterator<Item = Requirement>) -> Self {
        match self.requirements() {
            None => Self::nothing(),
            Some(own) => Self::all(own.iter().cloned().chain(more)),
        }
    }

    /// Whether it has no requirement and so selects every object.
    pub fn is_everything(&self) -> bool {
        self.0 == Form::Everything
    }

    /// Whether it is the selector of no object.
    pub fn is_nothing(&self) -> bool {
        self.0 == Form::Nothing
    }

    /// The value that the label `key` must have, where the first requirement on `key` allows exactly one.
    ///
    /// Source: `labels.Selector.RequiresExactMatch`.
    pub fn requires_exact(&self, key: &str) -> Option<&str> {
        self.requirements()?.iter().find(|requirement| &**requirement.key() == key)?.exact()
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        Self::parse(text, &FieldPath::root())
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements().unwrap_or_default().iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            requirement.fmt(f)?;
        }
        Ok(())
    }
}
