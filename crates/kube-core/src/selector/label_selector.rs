//! The structured label selector: `matchLabels` and `matchExpressions`, as lean views hold it.

use super::text::{Text, null_as_default};
use super::{LabelSet, Operator, Requirement, Selector, SelectorError};
use crate::error::{FieldError, FieldPath};
use k8s_openapi::apimachinery::pkg::apis::meta::v1;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A label selector as it stands in objects. In an object it is an `Option`: absent is not empty.
///
/// Reads leniently (`null`, unknown operators); [`LabelSelector::to_selector`] is where mistakes are found.
///
/// Source: `k8s.io/apimachinery/pkg/apis/meta/v1` (`LabelSelector`).
///
/// ```
/// use kube_core::selector::{LabelSelector, LabelSet};
///
/// let selector: LabelSelector = serde_json::from_str(
///     r#"{"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "canary", "operator": "DoesNotExist"}]}"#,
/// )?;
/// assert!(selector.to_selector()?.matches(&LabelSet::from_iter([("app", "web")])));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// Labels that must have these values.
    #[serde(skip_serializing_if = "LabelSet::is_empty")]
    pub match_labels: LabelSet,
    /// Further requirements.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// One of a selector's `matchExpressions`; node selectors use the same form.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct LabelSelectorRequirement {
    /// The label, or for a node selector's `matchFields` the field.
    pub key: Arc<str>,
    /// How to compare.
    pub operator: SelectorOperator,
    /// What to compare with.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub values: Vec<Arc<str>>,
}

/// The operator of an expression, as it is written in objects.
///
/// Source: `metav1.LabelSelectorOperator` and `corev1.NodeSelectorOperator` (which alone knows `Gt` and `Lt`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SelectorOperator {
    /// The value is one of those given.
    In,
    /// The value is none of those given, or the label is absent.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// The value is an integer above the one given. Node selectors only.
    Gt,
    /// The value is an integer below the one given. Node selectors only.
    Lt,
    /// No operator of Kubernetes: kept so that the error can name it.
    Unknown(Arc<str>),
}

impl SelectorOperator {
    /// The operator as it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::In => "In",
            Self::NotIn => "NotIn",
            Self::Exists => "Exists",
            Self::DoesNotExist => "DoesNotExist",
            Self::Gt => "Gt",
            Self::Lt => "Lt",
            Self::Unknown(other) => other,
        }
    }

    /// What a requirement calls it; `None` for an unknown one.
    pub(super) fn operator(&self) -> Option<Operator> {
        match self {
            Self::In => Some(Operator::In),
            Self::NotIn => Some(Operator::NotIn),
            Self::Exists => Some(Operator::Exists),
            Self::DoesNotExist => Some(Operator::DoesNotExist),
            Self::Gt => Some(Operator::GreaterThan),
            Self::Lt => Some(Operator::LessThan),
            Self::Unknown(_) => None,
        }
    }
}

impl From<&str> for SelectorOperator {
    fn from(text: &str) -> Self {
        match text {
            "In" => Self::In,
            "NotIn" => Self::NotIn,
            "Exists" => Self::Exists,
            "DoesNotExist" => Self::DoesNotExist,
            "Gt" => Self::Gt,
            "Lt" => Self::Lt,
            other => Self::Unknown(other.into()),
        }
    }
}

impl Default for SelectorOperator {
    /// The operator of an expression that names none; no selector accepts it.
    fn default() -> Self {
        Self::from("")
    }
}

impl fmt::Display for SelectorOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for SelectorOperator {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for SelectorOperator {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(|Text(text)| Self::from(&*text))
    }
}

impl LabelSelector {
    /// The selector ready to match; everything where nothing is required.
    ///
    /// Source: `metav1.LabelSelectorAsSelector`.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn to_selector(&self) -> Result<Selector, FieldError> {
        let labels = self.match_labels.iter().map(|(key, value)| (key.clone(), value.clone()));
        let expressions = self.match_expressions.iter();
        compile(labels, expressions.map(|e| (e.key.clone(), e.operator.clone(), e.values.clone())))
    }

    /// The selector as the map that old APIs have.
    ///
    /// Source: `metav1.LabelSelectorAsMap`.
    ///
    /// # Errors
    /// An expression says more than a map can: anything but `In` with one value.
    pub fn as_map(&self) -> Result<LabelSet, SelectorError> {
        let mut pairs: Vec<(Arc<str>, Arc<str>)> =
            self.match_labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        for LabelSelectorRequirement { key, operator, values } in &self.match_expressions {
            let no_map = "cannot be converted into the old label selector format";
            let wrong = match (operator, values.as_slice()) {
                (SelectorOperator::In, [value]) => {
                    pairs.push((key.clone(), value.clone()));
                    continue;
                }
                (SelectorOperator::In, _) => format!("operator \"In\" without a single value {no_map}"),
                (SelectorOperator::NotIn | SelectorOperator::Exists | SelectorOperator::DoesNotExist, _) => {
                    format!("operator \"{operator}\" {no_map}")
                }
                _ => format!("{:?} is not a valid selector operator", operator.as_str()),
            };
            return Err(SelectorError::new(wrong));
        }
        Ok(pairs.into_iter().collect())
    }
}

impl FromStr for LabelSelector {
    type Err = SelectorError;

    /// The structure that means the same as the text; of two values demanded of one label the last stays.
    ///
    /// Source: `metav1.ParseToLabelSelector`.
    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let selector = Selector::parse(text, &FieldPath::root()).map_err(|error| {
            SelectorError::new(format!("couldn't parse the selector string \"{text}\": {error}"))
        })?;
        let mut labels: Vec<(Arc<str>, Arc<str>)> = Vec::new();
        let mut match_expressions = Vec::new();
        for requirement in selector.requirements().unwrap_or_default() {
            let operator = match requirement.operator() {
                Operator::Equals | Operator::DoubleEquals => {
                    labels
                        .extend(requirement.values().iter().map(|v| (requirement.key().clone(), v.clone())));
                    continue;
                }
                Operator::In => SelectorOperator::In,
                Operator::NotIn => SelectorOperator::NotIn,
                Operator::Exists => SelectorOperator::Exists,
                Operator::DoesNotExist => SelectorOperator::DoesNotExist,
                bound @ (Operator::GreaterThan | Operator::LessThan) => {
                    return Err(SelectorError::new(format!(
                        "\"{bound}\" isn't supported in label selectors"
                    )));
                }
                other @ Operator::NotEquals => {
                    return Err(SelectorError::new(format!(
                        "\"{other}\" is not a valid label selector operator"
                    )));
                }
            };
            let (key, values) = (requirement.key().clone(), requirement.values().to_vec());
            match_expressions.push(LabelSelectorRequirement { key, operator, values });
        }
        Ok(Self { match_labels: labels.into_iter().collect(), match_expressions })
    }
}

impl From<&v1::LabelSelector> for LabelSelector {
    fn from(selector: &v1::LabelSelector) -> Self {
        Self {
            match_labels: selector.match_labels.as_ref().into(),
            match_expressions: selector.match_expressions.iter().flatten().map(Into::into).collect(),
        }
    }
}

impl From<&v1::LabelSelectorRequirement> for LabelSelectorRequirement {
    fn from(requirement: &v1::LabelSelectorRequirement) -> Self {
        Self {
            key: requirement.key.as_str().into(),
            operator: requirement.operator.as_str().into(),
            values: requirement.values.iter().flatten().map(|value| value.as_str().into()).collect(),
        }
    }
}

/// What kubectl prints for a selector: its text, `<none>` for nothing and everything, `<error>` for a wrong one.
///
/// Source: `metav1.FormatLabelSelector`.
pub fn format_label_selector(selector: Option<&LabelSelector>) -> String {
    match Selector::from_lean(selector).map(|selector| selector.to_string()) {
        Ok(text) if text.is_empty() => "<none>".to_owned(),
        Ok(text) => text,
        Err(_) => "<error>".to_owned(),
    }
}

/// The AND of labels and expressions, checked. Paths are relative: `key`, `operator`, `values[0][<key>]`.
pub(super) fn compile(
    labels: impl Iterator<Item = (Arc<str>, Arc<str>)>,
    expressions: impl Iterator<Item = (Arc<str>, SelectorOperator, Vec<Arc<str>>)>,
) -> Result<Selector, FieldError> {
    let root = FieldPath::root();
    let mut requirements = Vec::with_capacity(labels.size_hint().0 + expressions.size_hint().0);
    for (key, value) in labels {
        requirements.push(Requirement::new(key, Operator::Equals, vec![value], &root).map_err(first)?);
    }
    for (key, operator, values) in expressions {
        let known = match &operator {
            SelectorOperator::Gt | SelectorOperator::Lt => None,
            other => other.operator(),
        };
        let Some(known) = known else {
            let text = "not a valid label selector operator";
            return Err(FieldError::invalid(&root.child("operator"), operator.as_str(), text));
        };
        requirements.push(Requirement::new(key, known, values, &root).map_err(first)?);
    }
    Ok(Selector::all(requirements))
}

/// The first of `errors`, which are never none.
fn first(errors: Vec<FieldError>) -> FieldError {
    let none = || FieldError::internal(&FieldPath::root(), "a requirement was refused without a reason");
    errors.into_iter().next().unwrap_or_else(none)
}
