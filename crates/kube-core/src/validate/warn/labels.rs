//! Labels of nodes that have other names now.
//!
//! Source: `k8s.io/kubernetes/pkg/api/node` (`GetNodeLabelDeprecatedMessage`, `GetWarningsFor…`), `pkg/api/storage`
//! (`GetWarningsForStorageClass`, `GetWarningsForCSIStorageCapacity`).

use super::said;
use crate::error::FieldPath;
use crate::kinds::core::v1::NodeSelectorTerm;
use crate::kinds::node::v1::RuntimeClass;
use crate::kinds::storage::v1::{CSIStorageCapacity, StorageClass};
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

/// What is said of the labels that a class of containers asks of its nodes.
pub(in super::super) fn of_runtime_class(class: &RuntimeClass) -> Vec<String> {
    let labels = class.scheduling.iter().filter_map(|scheduling| scheduling.node_selector.as_ref()).flatten();
    let path = FieldPath::new("scheduling").child("nodeSelector");
    labels.filter_map(|(label, _)| Some(said(&path, &deprecated(label)?))).collect()
}

/// What is said of the nodes that a storage class is for.
pub(in super::super) fn of_storage_class(class: &StorageClass) -> Vec<String> {
    let mut warnings = Vec::new();
    for (index, term) in class.allowed_topologies.items().iter().enumerate() {
        let list = FieldPath::new("allowedTopologies").index(index).child("matchLabelExpressions");
        for (index, expression) in term.match_label_expressions.items().iter().enumerate() {
            let instead = deprecated(&expression.key);
            warnings.extend(instead.map(|instead| said(&list.index(index).child("key"), &instead)));
        }
    }
    warnings
}

/// What is said of the nodes that a storage capacity is for.
pub(in super::super) fn of_storage_capacity(capacity: &CSIStorageCapacity) -> Vec<String> {
    let mut warnings = Vec::new();
    let Some(nodes) = &capacity.node_topology else { return warnings };
    let path = FieldPath::new("nodeTopology");
    for (index, expression) in nodes.match_expressions.items().iter().enumerate() {
        if let Some(instead) = deprecated(&expression.key) {
            let path = path.child("matchExpressions").index(index).child("key");
            warnings.push(said(&path, &format!("{} is {instead}", expression.key)));
        }
    }
    for label in nodes.match_labels.iter().flatten().map(|(label, _)| label) {
        let instead = deprecated(label);
        warnings.extend(instead.map(|instead| said(&path.child("matchLabels").child(label), &instead)));
    }
    warnings
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
