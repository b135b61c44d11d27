//! Node selectors ready to match.

use super::{NodeSelector, NodeSelectorRequirement, NodeSelectorTerm};
use crate::error::{FieldError, FieldPath};
use crate::selector::field::{FieldOperator, FieldRequirement};
use crate::selector::requirement::ShownList;
use crate::selector::{Labels, Requirement, SelectorOperator, parse};
use std::fmt;

/// The one field of a node that selectors can look at.
const NAME_FIELD: &str = "metadata.name";

/// A node selector read once: the terms that can match, and what was wrong with the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompiledNodeSelector {
    terms: Box<[CompiledTerm]>,
    error: Option<NodeSelectorError>,
}

/// A term read once; never empty. A node must meet all of its requirements.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompiledTerm {
    labels: Box<[Requirement]>,
    fields: Box<[FieldRequirement]>,
}

/// What is wrong with the terms of a node selector, in Kubernetes' words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSelectorError {
    errors: Vec<FieldError>,
}

impl CompiledNodeSelector {
    /// Reads `selector`, which stands at `path`.
    pub fn new(selector: &NodeSelector, path: &FieldPath) -> Self {
        let path = path.child("nodeSelectorTerms");
        let (mut terms, mut errors) = (Vec::new(), Vec::new());
        for (index, term) in selector.node_selector_terms.iter().enumerate() {
            if term.is_empty() {
                continue;
            }
            match CompiledTerm::new(term, &path.index(index)) {
                Ok(term) => terms.push(term),
                Err(NodeSelectorError { errors: wrong }) => errors.extend(wrong),
            }
        }
        let error = (!errors.is_empty()).then_some(NodeSelectorError { errors });
        Self { terms: terms.into(), error }
    }

    /// Whether a node with these labels and this name matches. Does not allocate.
    ///
    /// # Errors
    /// No term matched and at least one could not be read.
    pub fn matches(&self, labels: &(impl Labels + ?Sized), name: &str) -> Result<bool, &NodeSelectorError> {
        if self.terms.iter().any(|term| term.matches(labels, name)) {
            return Ok(true);
        }
        self.error().map_or(Ok(false), Err)
    }

    /// The terms that could be read and are not empty.
    pub fn terms(&self) -> &[CompiledTerm] {
        &self.terms
    }

    /// What was wrong with the other terms.
    pub fn error(&self) -> Option<&NodeSelectorError> {
        self.error.as_ref()
    }
}

impl CompiledTerm {
    /// Reads `term`, which stands at `path`.
    ///
    /// # Errors
    /// All that is wrong in it.
    pub fn new(term: &NodeSelectorTerm, path: &FieldPath) -> Result<Self, NodeSelectorError> {
        let mut errors = Vec::new();
        let labels = collect(&term.match_expressions, &path.child("matchExpressions"), label, &mut errors);
        let fields = collect(&term.match_fields, &path.child("matchFields"), field, &mut errors);
        if errors.is_empty() { Ok(Self { labels, fields }) } else { Err(NodeSelectorError { errors }) }
    }

    /// Whether a node with these labels and this name meets the term. Does not allocate.
    ///
    /// A node without a name has no fields to look at, and only its labels count.
    pub fn matches(&self, labels: &(impl Labels + ?Sized), name: &str) -> bool {
        self.labels.iter().all(|requirement| requirement.matches(labels)) && self.matches_name(name)
    }

    /// Whether a node of this name meets the requirements on fields.
    pub fn matches_name(&self, name: &str) -> bool {
        name.is_empty()
            || self.fields.iter().all(|requirement| {
                requirement.matches_value(if &**requirement.field() == NAME_FIELD { name } else { "" })
            })
    }

    /// The requirements on labels.
    pub fn labels(&self) -> &[Requirement] {
        &self.labels
    }

    /// The requirements on fields.
    pub fn fields(&self) -> &[FieldRequirement] {
        &self.fields
    }
}

impl NodeSelectorError {
    pub(super) fn new(errors: Vec<FieldError>) -> Option<Self> {
        (!errors.is_empty()).then_some(Self { errors })
    }

    /// The single errors, by term.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    pub(super) fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }
}

impl fmt::Display for NodeSelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&parse::aggregate(&self.errors))
    }
}

impl std::error::Error for NodeSelectorError {}

fn collect<T>(
    requirements: &[NodeSelectorRequirement],
    path: &FieldPath,
    read: impl Fn(&NodeSelectorRequirement, &FieldPath) -> Result<T, Vec<FieldError>>,
    errors: &mut Vec<FieldError>,
) -> Box<[T]> {
    let mut compiled = Vec::with_capacity(requirements.len());
    for (index, requirement) in requirements.iter().enumerate() {
        match read(requirement, &path.index(index)) {
            Ok(requirement) => compiled.push(requirement),
            Err(wrong) => errors.extend(wrong),
        }
    }
    compiled.into()
}

fn label(requirement: &NodeSelectorRequirement, path: &FieldPath) -> Result<Requirement, Vec<FieldError>> {
    let NodeSelectorRequirement { key, operator, values } = requirement;
    let Some(known) = operator.operator() else {
        let valid = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
        return Err(vec![FieldError::not_supported(&path.child("operator"), operator.as_str(), &valid)]);
    };
    Requirement::new(key.clone(), known, values.clone(), path)
}

fn field(
    requirement: &NodeSelectorRequirement,
    path: &FieldPath,
) -> Result<FieldRequirement, Vec<FieldError>> {
    let NodeSelectorRequirement { key, operator, values } = requirement;
    let known = match operator {
        SelectorOperator::In => FieldOperator::Equals,
        SelectorOperator::NotIn => FieldOperator::NotEquals,
        other => {
            let at = path.child("operator");
            return Err(vec![FieldError::not_supported(&at, other.as_str(), &["In", "NotIn"])]);
        }
    };
    let [value] = values.as_slice() else {
        let at = path.child("values");
        return Err(vec![FieldError::invalid(&at, ShownList(values), "must have one element")]);
    };
    Ok(FieldRequirement::new(key.clone(), known, value.clone()))
}
