//! From the full API types to the lean ones.

use super::{NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PreferredTerm};
use k8s_openapi::api::core::v1;

impl From<&v1::NodeSelectorRequirement> for NodeSelectorRequirement {
    fn from(requirement: &v1::NodeSelectorRequirement) -> Self {
        Self {
            key: requirement.key.as_str().into(),
            operator: requirement.operator.as_str().into(),
            values: requirement.values.iter().flatten().map(|value| value.as_str().into()).collect(),
        }
    }
}

impl From<&v1::NodeSelectorTerm> for NodeSelectorTerm {
    fn from(term: &v1::NodeSelectorTerm) -> Self {
        Self {
            match_expressions: term.match_expressions.iter().flatten().map(Into::into).collect(),
            match_fields: term.match_fields.iter().flatten().map(Into::into).collect(),
        }
    }
}

impl From<&v1::NodeSelector> for NodeSelector {
    fn from(selector: &v1::NodeSelector) -> Self {
        Self { node_selector_terms: selector.node_selector_terms.iter().map(Into::into).collect() }
    }
}

impl From<&v1::PreferredSchedulingTerm> for PreferredTerm {
    fn from(term: &v1::PreferredSchedulingTerm) -> Self {
        Self { weight: term.weight, preference: (&term.preference).into() }
    }
}

impl From<&v1::NodeAffinity> for NodeAffinity {
    fn from(affinity: &v1::NodeAffinity) -> Self {
        Self {
            required: affinity.required_during_scheduling_ignored_during_execution.as_ref().map(Into::into),
            preferred: affinity
                .preferred_during_scheduling_ignored_during_execution
                .iter()
                .flatten()
                .map(Into::into)
                .collect(),
        }
    }
}
