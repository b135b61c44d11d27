//! Which nodes and which pods count.

use crate::framework::{NodeRef, NodeSet, Nodes, PodInfo, SpreadConstraint};
use crate::snapshot::{LabelColumn, NodeSlot, SlotColumn};
use kube_core::taint::{Effect, first_untolerated};
use std::sync::Arc;

/// Whether a node counts for a constraint of `pod`.
pub(super) fn is_included(constraint: &SpreadConstraint, pod: &PodInfo, node: NodeRef<'_>) -> bool {
    let affinity = pod.required_affinity();
    if constraint.honors_affinity
        && !affinity.is_unconstrained()
        && affinity.matches(node.labels(), node.name()) != Ok(true)
    {
        return false;
    }
    !(constraint.honors_taints
        && node.marks().hard_taint
        && first_untolerated(node.taints(), pod.tolerations(), &HARD).is_some())
}

/// The nodes of the cluster that count for a constraint of `pod`; `None` for all of them.
pub(super) fn included(constraint: &SpreadConstraint, pod: &PodInfo, nodes: Nodes<'_>) -> Option<NodeSet> {
    let affinity = pod.required_affinity();
    let matched =
        (constraint.honors_affinity && !affinity.is_unconstrained()).then(|| nodes.matched_by(affinity));
    if !constraint.honors_taints {
        return matched;
    }
    let mut included = matched.unwrap_or_else(|| nodes.everywhere().slots().collect());
    included.retain_among(&nodes.marked().hard_tainted, |slot| {
        nodes
            .at(slot)
            .is_some_and(|node| first_untolerated(node.taints(), pod.tolerations(), &HARD).is_none())
    });
    Some(included)
}

/// The columns of the constraints' labels; `None` where some label is on no node.
pub(super) fn columns<'s>(
    constraints: &[SpreadConstraint],
    nodes: Nodes<'s>,
) -> Option<Vec<&'s Arc<LabelColumn>>> {
    constraints.iter().map(|constraint| nodes.labels(&constraint.topology_key)).collect()
}

/// Whether every node has every label.
pub(super) fn complete(columns: &[&Arc<LabelColumn>], nodes: Nodes<'_>) -> bool {
    !columns.is_empty() && columns.iter().all(|column| column.len() == nodes.cluster_size())
}

/// The nodes that have every label.
pub(super) fn with_all(columns: &[&Arc<LabelColumn>], mut each: impl FnMut(NodeSlot)) {
    if let Some((first, others)) = columns.split_first() {
        first.for_each(|slot, _| {
            if others.iter().all(|column| column.of(slot).is_some()) {
                each(slot);
            }
        });
    }
}

/// The pods that a constraint counts, by node.
pub(super) fn counted<'s>(
    constraint: &'s SpreadConstraint,
    pod: &'s PodInfo,
    nodes: Nodes<'s>,
) -> impl Iterator<Item = &'s SlotColumn> {
    // A selector of everything selects nothing here, as in Kubernetes.
    let none = constraint.selector.is_everything() || constraint.selector.is_nothing();
    let shapes = (!none).then(|| nodes.shapes().in_namespace(&pod.key().namespace)).into_iter().flatten();
    shapes
        .filter(|(shape, _)| !shape.terminating && constraint.selector.matches(&shape.labels))
        .map(|(_, column)| column)
}

const HARD: [Effect; 2] = [Effect::NoSchedule, Effect::NoExecute];
