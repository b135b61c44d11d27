//! Why a selector selects a pod or not.

use kube_core::selector::{LabelSet, Requirement, Selector};
use std::fmt;
use std::sync::Arc;

/// Why a selector selects a pod or not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Explanation {
    /// Every requirement is met.
    Selected,
    /// The selector looks at another namespace.
    OtherNamespace {
        /// The pod's namespace.
        pod: Arc<str>,
        /// The namespace looked at.
        selector: Arc<str>,
    },
    /// The selector selects no pod at all.
    SelectsNothing,
    /// These requirements are not met.
    Unmet(Vec<Mismatch>),
}

/// A requirement that a pod does not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// The requirement.
    pub requirement: Requirement,
    /// What the label says; `None` where it is absent.
    pub value: Option<Arc<str>>,
}

impl Explanation {
    /// Judges labels by a selector that looks at their namespace.
    pub fn of(selector: &Selector, labels: &LabelSet) -> Self {
        let Some(requirements) = selector.requirements() else { return Self::SelectsNothing };
        let unmet: Vec<Mismatch> = requirements
            .iter()
            .filter(|requirement| !requirement.matches(labels))
            .map(|requirement| Mismatch {
                requirement: requirement.clone(),
                value: labels.get(requirement.key()).cloned(),
            })
            .collect();
        if unmet.is_empty() { Self::Selected } else { Self::Unmet(unmet) }
    }

    /// Whether the pod is selected.
    pub fn is_selected(&self) -> bool {
        *self == Self::Selected
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Selected => f.write_str("selected"),
            Self::OtherNamespace { pod, selector } => {
                write!(f, "the pod is in namespace {pod:?}, the selector looks at {selector:?}")
            }
            Self::SelectsNothing => f.write_str("the selector selects nothing"),
            Self::Unmet(unmet) => {
                let texts: Vec<String> = unmet.iter().map(ToString::to_string).collect();
                f.write_str(&texts.join("; "))
            }
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}: the label is {value:?}", self.requirement),
            None => write!(f, "{}: the label is absent", self.requirement),
        }
    }
}
