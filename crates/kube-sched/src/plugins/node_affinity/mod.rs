//! `NodeAffinity`: nodes by label and name.
//!
//! Source: `pkg/scheduler/framework/plugins/nodeaffinity`.

#[cfg(test)]
mod tests;

use crate::framework::{
    ClusterEvent, EnqueueHints, EventSet, Hint, NodeRef, Nodes, Normalize, Plugin, PodInfo, Points,
    PreFilter, PreFiltered, PreScore, Reads, Reason, Reasons, Remedy, Verdict,
};
use kube_core::selector::SelectorOperator;
use kube_core::selector::node::{NodeSelectorTerm, PreferredSchedulingTerms};
use kube_core::view::NodeView;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rejects nodes that the pod's node selector or required node affinity do not match; prefers those that its
/// preferred terms match.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeAffinity;

impl Plugin for NodeAffinity {
    fn name(&self) -> &'static str {
        "NodeAffinity"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_LABELS
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_filter(self.clone()).pre_score(self.clone()).hints(self);
    }
}

impl PreFilter for NodeAffinity {
    type State = ();

    fn pre_filter(&self, pod: &PodInfo, _nodes: Nodes<'_>) -> PreFiltered<()> {
        if pod.required_affinity().is_unconstrained() {
            return PreFiltered::Skip;
        }
        match pinned(pod) {
            None => PreFiltered::All(()),
            Some(names) if names.is_empty() => {
                PreFiltered::RejectForGood(Reasons::from(Reason::from(CONFLICT)))
            }
            Some(nodes) => PreFiltered::Only { state: (), nodes },
        }
    }

    fn filter(&self, (): &(), pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        // Terms that cannot be read match nothing here.
        match pod.required_affinity().matches(node.labels(), node.name()) {
            Ok(true) => Verdict::Fits,
            _ => Verdict::never(REASON),
        }
    }

    fn remedies(&self, (): &(), pod: &PodInfo, node: NodeRef<'_>) -> Vec<Remedy> {
        let selector = pod.required_affinity().node_selector().iter();
        let lacking = selector.filter(|(key, value)| node.labels().get(key) != Some(value));
        let mut remedies: Vec<Remedy> = lacking
            .map(|(key, value)| Remedy::new(format!("label {} with {key}={value}", node.name())))
            .collect();
        if pod.required_affinity().affinity().is_some() {
            remedies.push(Remedy::new(format!(
                "label {} so that it matches the pod's required node affinity",
                node.name()
            )));
        }
        remedies
    }
}

impl PreScore for NodeAffinity {
    type State = PreferredSchedulingTerms;

    fn pre_score(&self, pod: &PodInfo, _nodes: Nodes<'_>) -> Option<PreferredSchedulingTerms> {
        pod.preferred_affinity().filter(|terms| !terms.is_empty()).cloned()
    }

    fn score(&self, terms: &PreferredSchedulingTerms, _pod: &PodInfo, node: NodeRef<'_>) -> i64 {
        terms.score(node.labels(), node.name())
    }

    fn normalization(&self) -> Normalize {
        Normalize::Default { reverse: false }
    }
}

impl EnqueueHints for NodeAffinity {
    fn events(&self) -> EventSet {
        EventSet::NODE_ADD | EventSet::NODE_LABEL
    }

    fn hint(&self, pod: &PodInfo, event: &ClusterEvent) -> Hint {
        let matches =
            |node: &NodeView| pod.required_affinity().matches(&node.meta.labels, &node.meta.name) == Ok(true);
        match event {
            ClusterEvent::NodeAdded(node) => Hint::when(matches(node)),
            ClusterEvent::NodeUpdated { old, new } => Hint::when(matches(new) && !matches(old)),
            _ => Hint::Queue,
        }
    }
}

/// The names that the pod is pinned to: those of its terms together, where every term names some.
fn pinned(pod: &PodInfo) -> Option<BTreeSet<Arc<str>>> {
    let terms = &pod.required_terms()?.node_selector_terms;
    if terms.is_empty() {
        return None;
    }
    let mut all = BTreeSet::new();
    for term in terms {
        all.extend(pinned_by(term)?);
    }
    Some(all)
}

fn pinned_by(term: &NodeSelectorTerm) -> Option<BTreeSet<Arc<str>>> {
    let fields = term.match_fields.iter();
    let pins =
        fields.filter(|field| &*field.key == "metadata.name" && field.operator == SelectorOperator::In);
    pins.map(|field| field.values.iter().cloned().collect::<BTreeSet<_>>())
        .reduce(|all, names| all.intersection(&names).cloned().collect())
}

const REASON: &str = "node(s) didn't match Pod's node affinity/selector";
const CONFLICT: &str = "pod affinity terms conflict";
