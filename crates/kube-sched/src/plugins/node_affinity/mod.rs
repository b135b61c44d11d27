//! `NodeAffinity`: nodes by label and name.
//!
//! Source: `pkg/scheduler/framework/plugins/nodeaffinity`.

#[cfg(test)]
mod tests;

use crate::framework::{
    ClusterEvent, EnqueueHints, EventSet, Hint, NodeRef, NodeSet, Nodes, Normalize, Plugin, PodInfo, Points,
    PreFilter, PreFiltered, PreScore, Reads, Reason, Reasons, Remedy, Verdict,
};
use kube_core::selector::LabelSet;
use kube_core::selector::SelectorOperator;
use kube_core::selector::node::{
    CompiledNodeSelector, NodeSelector, NodeSelectorTerm, PreferredSchedulingTerms, PreferredTerm,
};
use kube_core::view::NodeView;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rejects nodes that the pod's node selector or required node affinity do not match; prefers those that its
/// preferred terms match.
#[derive(Clone, Debug, Default)]
pub struct NodeAffinity {
    added: Option<CompiledNodeSelector>,
    added_wishes: PreferredSchedulingTerms,
}

impl NodeAffinity {
    /// With terms that every pod gets beside its own: `addedAffinity` of `NodeAffinityArgs`.
    ///
    /// # Errors
    /// What is wrong with a term.
    pub fn with_added(required: Option<&NodeSelector>, preferred: &[PreferredTerm]) -> Result<Self, String> {
        let added = required.map(NodeSelector::parse).transpose().map_err(|error| error.to_string())?;
        let added_wishes = PreferredSchedulingTerms::parse(preferred).map_err(|error| error.to_string())?;
        Ok(Self { added, added_wishes })
    }

    fn refuses(&self, labels: &LabelSet, name: &str) -> bool {
        self.added.as_ref().is_some_and(|added| added.matches(labels, name) != Ok(true))
    }
}

impl Plugin for NodeAffinity {
    fn name(&self) -> &'static str {
        "NodeAffinity"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_LABELS
    }

    fn monotone(&self) -> bool {
        true
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_filter(self.clone()).pre_score(self.clone()).hints(self);
    }
}

impl PreFilter for NodeAffinity {
    type State = ();

    fn pre_filter(&self, pod: &PodInfo, _nodes: Nodes<'_>) -> PreFiltered<()> {
        if pod.required_affinity().is_unconstrained() && self.added.is_none() {
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
        if self.refuses(node.labels(), node.name()) {
            return Verdict::never(ENFORCED);
        }
        // Terms that cannot be read match nothing here.
        match pod.required_affinity().matches(node.labels(), node.name()) {
            Ok(true) => Verdict::Fits,
            _ => Verdict::never(REASON),
        }
    }

    fn retain(&self, (): &(), pod: &PodInfo, nodes: Nodes<'_>, set: &mut NodeSet) {
        set.keep(&nodes.matched_by(pod.required_affinity()));
        if self.added.is_some() {
            set.retain(|slot| nodes.at(slot).is_some_and(|node| !self.refuses(node.labels(), node.name())));
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
        let own = pod.preferred_affinity().filter(|terms| !terms.is_empty()).cloned();
        own.or_else(|| (!self.added_wishes.is_empty()).then(PreferredSchedulingTerms::default))
    }

    fn score(&self, terms: &PreferredSchedulingTerms, _pod: &PodInfo, node: NodeRef<'_>) -> i64 {
        terms.score(node.labels(), node.name()) + self.added_wishes.score(node.labels(), node.name())
    }

    fn score_all(
        &self,
        terms: &PreferredSchedulingTerms,
        _pod: &PodInfo,
        nodes: Nodes<'_>,
        scores: &mut Vec<i64>,
    ) {
        let terms = terms.terms().iter().chain(self.added_wishes.terms());
        let met: Vec<_> = terms.map(|(weight, term)| (i64::from(*weight), nodes.meeting(term))).collect();
        scores.extend(nodes.slots().map(|slot| {
            met.iter().filter(|(_, met)| met.contains(slot)).map(|(weight, _)| weight).sum::<i64>()
        }));
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
        let matches = |node: &NodeView| {
            let (labels, name) = (&node.meta.labels, &node.meta.name);
            !self.refuses(labels, name) && pod.required_affinity().matches(labels, name) == Ok(true)
        };
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
const ENFORCED: &str = "node(s) didn't match scheduler-enforced node affinity";
const CONFLICT: &str = "pod affinity terms conflict";
