//! A pod's node affinity: what must hold, and what scores.

use super::compiled::{CompiledNodeSelector, CompiledTerm, NodeSelectorError};
use super::{NodeSelector, PreferredTerm};
use crate::error::FieldPath;
use crate::selector::{LabelSet, Labels};

/// What a node must have for a pod: `spec.nodeSelector` AND the required node affinity.
///
/// Source: `nodeaffinity.GetRequiredNodeAffinity`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequiredNodeAffinity {
    node_selector: LabelSet,
    affinity: Option<CompiledNodeSelector>,
}

impl RequiredNodeAffinity {
    /// Reads a pod's `spec.nodeSelector` (empty where absent) and required node affinity.
    pub fn new(node_selector: LabelSet, affinity: Option<&NodeSelector>) -> Self {
        Self { node_selector, affinity: affinity.map(NodeSelector::compile) }
    }

    /// Whether the pod may be on a node with these labels and this name. Does not allocate.
    ///
    /// # Errors
    /// The labels of `spec.nodeSelector` match, but no term of the affinity does and at least one could not be read.
    pub fn matches(&self, labels: &(impl Labels + ?Sized), name: &str) -> Result<bool, &NodeSelectorError> {
        if !self.node_selector.iter().all(|(key, value)| labels.value(key) == Some(value)) {
            return Ok(false);
        }
        self.affinity.as_ref().map_or(Ok(true), |affinity| affinity.matches(labels, name))
    }

    /// The labels a node must have.
    pub fn node_selector(&self) -> &LabelSet {
        &self.node_selector
    }

    /// The required affinity; `None` where the pod has none.
    pub fn affinity(&self) -> Option<&CompiledNodeSelector> {
        self.affinity.as_ref()
    }

    /// Whether every node will do.
    pub fn is_unconstrained(&self) -> bool {
        self.node_selector.is_empty() && self.affinity.is_none()
    }
}

/// What a pod would like of a node, ready to score.
///
/// Source: `nodeaffinity.PreferredSchedulingTerms`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PreferredSchedulingTerms {
    terms: Box<[(i32, CompiledTerm)]>,
}

impl PreferredSchedulingTerms {
    /// Reads the terms, except those that are empty or weigh 0.
    ///
    /// # Errors
    /// All that is wrong in any term that was read.
    pub fn parse(terms: &[PreferredTerm]) -> Result<Self, NodeSelectorError> {
        let (mut compiled, mut errors) = (Vec::new(), Vec::new());
        for (index, PreferredTerm { weight, preference }) in terms.iter().enumerate() {
            if *weight == 0 || preference.is_empty() {
                continue;
            }
            match CompiledTerm::new(preference, &FieldPath::root().index(index)) {
                Ok(term) => compiled.push((*weight, term)),
                Err(error) => errors.extend(error.into_errors()),
            }
        }
        match NodeSelectorError::new(errors) {
            None => Ok(Self { terms: compiled.into() }),
            Some(error) => Err(error),
        }
    }

    /// The sum of the weights of the terms that a node meets, before normalization. Does not allocate.
    pub fn score(&self, labels: &(impl Labels + ?Sized), name: &str) -> i64 {
        let met = self.terms.iter().filter(|(_, term)| term.matches(labels, name));
        met.map(|(weight, _)| i64::from(*weight)).sum()
    }

    /// The terms with their weights.
    pub fn terms(&self) -> &[(i32, CompiledTerm)] {
        &self.terms
    }

    /// Whether no term can add to a score.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}
