//! On which nodes a volume is, or can be made.

use kube_core::kinds::core::v1::{NodeSelectorTerm, PersistentVolume, TopologySelectorTerm};
use kube_core::selector::LabelSet;
use kube_core::selector::node::NodeSelector;
use serde_json::json;

/// Whether the volume can be used on a node with these labels.
///
/// Source: `CheckNodeAffinity`.
pub(crate) fn admits(volume: &PersistentVolume, node: &LabelSet) -> bool {
    let affinity = volume.spec.as_ref().and_then(|spec| spec.node_affinity.as_ref());
    let Some(required) = affinity.and_then(|affinity| affinity.required.as_ref()) else { return true };
    selector(&required.node_selector_terms).is_some_and(|selector| selector.matches(node, "") == Ok(true))
}

fn selector(terms: &[NodeSelectorTerm]) -> Option<NodeSelector> {
    serde_json::from_value(json!({ "nodeSelectorTerms": terms })).ok()
}

/// Whether a volume of a class with these topologies can be made for a node with these labels.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/v1/helper` (`MatchTopologySelectorTerms`).
pub(crate) fn allows(topologies: &[TopologySelectorTerm], node: &LabelSet) -> bool {
    topologies.is_empty()
        || topologies.iter().any(|term| {
            let wanted = term.match_label_expressions.as_deref().unwrap_or_default();
            let has = |key: &str, values: &[String]| {
                node.get(key).is_some_and(|value| values.iter().any(|other| **other == **value))
            };
            !wanted.is_empty() && wanted.iter().all(|one| has(&one.key, &one.values))
        })
}
