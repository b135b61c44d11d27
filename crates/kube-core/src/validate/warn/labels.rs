//! Labels of nodes that have other names now.
//!
//! Source: `k8s.io/kubernetes/pkg/api/node` (`GetNodeLabelDeprecatedMessage`, `GetWarningsForNodeSelectorTerm`).

use super::said;
use crate::error::FieldPath;
use crate::kinds::core::v1::NodeSelectorTerm;
use crate::names::is_valid_label_value;
use crate::validate::fields::Items;

/// What to use instead of a label, and since when.
pub(super) fn deprecated(label: &str) -> Option<String> {
    let (since, instead) = match label {
        "beta.kubernetes.io/arch" => ("v1.14", "kubernetes.io/arch"),
        "beta.kubernetes.io/os" => ("v1.14", "kubernetes.io/os"),
        "failure-domain.beta.kubernetes.io/region" => ("v1.17", "topology.kubernetes.io/region"),
        "failure-domain.beta.kubernetes.io/zone" => ("v1.17", "topology.kubernetes.io/zone"),
        "beta.kubernetes.io/instance-type" => ("v1.17", "node.kubernetes.io/instance-type"),
        _ => return None,
    };
    Some(format!("deprecated since {since}; use {instead:?} instead"))
}

/// What is said of a term; values are looked at where validation does not.
pub(in super::super) fn of_term(term: &NodeSelectorTerm, values: bool, path: &FieldPath) -> Vec<String> {
    let mut warnings = Vec::new();
    for (index, expression) in term.match_expressions.items().iter().enumerate() {
        let path = path.child("matchExpressions").index(index);
        if let Some(instead) = deprecated(&expression.key) {
            warnings.push(said(&path.child("key"), &format!("{} is {instead}", expression.key)));
        }
        if !values {
            continue;
        }
        for (index, value) in expression.values.items().iter().enumerate() {
            for complaint in is_valid_label_value(value) {
                let text = format!("{value} is invalid, {complaint}");
                warnings.push(said(&path.child("values").index(index), &text));
            }
        }
    }
    warnings
}
