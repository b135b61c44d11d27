//! Preferred terms.

use super::{InterPodAffinity, Namespaces};
use crate::framework::{
    AffinityTerm, AffinityTerms, MAX_NODE_SCORE, NodeRef, Nodes, Normalize, PodInfo, PodShape, PreScore,
};
use crate::snapshot::{LabelColumn, NodeSlot, SlotColumn};
use kube_core::selector::LabelSet;
use std::sync::Arc;

/// How much each domain of each key is liked.
#[derive(Debug, Default)]
pub struct Liking(Vec<Liked>);

#[derive(Debug)]
struct Liked {
    key: Arc<str>,
    column: Arc<LabelColumn>,
    scores: Vec<i64>,
}

impl Liking {
    fn add(&mut self, nodes: Nodes<'_>, key: &Arc<str>, pods: &SlotColumn, weight: i64) {
        let Some(column) = nodes.labels(key) else { return };
        let mut touched = None;
        pods.for_each(|slot, count| {
            let Some(domain) = column.of(slot) else { return };
            let number = *touched.get_or_insert_with(|| self.number(key, column));
            self.0[number].scores[domain] += weight * i64::from(count);
        });
    }

    fn number(&mut self, key: &Arc<str>, column: &Arc<LabelColumn>) -> usize {
        self.0.iter().position(|liked| liked.key == *key).unwrap_or_else(|| {
            let scores = vec![0; column.width()];
            self.0.push(Liked { key: key.clone(), column: column.clone(), scores });
            self.0.len() - 1
        })
    }

    fn score(&self, slot: NodeSlot) -> i64 {
        self.0.iter().filter_map(|liked| Some(liked.scores[liked.column.of(slot)?])).sum()
    }
}

/// What is looked at once per attempt.
struct Tally<'s> {
    pod: &'s PodInfo,
    nodes: Nodes<'s>,
    namespaces: Namespaces<'s>,
    /// Of the pod's namespace.
    labels: LabelSet,
    liking: Liking,
}

impl Tally<'_> {
    fn own(&mut self, terms: &AffinityTerms, shape: &PodShape, pods: &SlotColumn) {
        for (sign, list) in [(1, &terms.preferred), (-1, &terms.preferred_anti)] {
            for (weight, term) in list {
                if self.namespaces.about(term, shape) {
                    self.liking.add(self.nodes, &term.topology_key, pods, sign * i64::from(*weight));
                }
            }
        }
    }

    fn of_others(&mut self, terms: &AffinityTerms, pods: &SlotColumn, hard_weight: i64) {
        if hard_weight > 0 {
            for term in &terms.required {
                self.others_term(term, pods, hard_weight);
            }
        }
        for (weight, term) in &terms.preferred {
            self.others_term(term, pods, i64::from(*weight));
        }
        for (weight, term) in &terms.preferred_anti {
            self.others_term(term, pods, -i64::from(*weight));
        }
    }

    fn others_term(&mut self, term: &AffinityTerm, pods: &SlotColumn, weight: i64) {
        if term.matches(&self.pod.key().namespace, self.pod.labels(), &self.labels) {
            self.liking.add(self.nodes, &term.topology_key, pods, weight);
        }
    }
}

impl PreScore for InterPodAffinity {
    type State = Liking;

    fn pre_score(&self, pod: &PodInfo, nodes: Nodes<'_>) -> Option<Liking> {
        let own = pod.affinity_terms().ok()?;
        let own = own.filter(|terms| !(terms.preferred.is_empty() && terms.preferred_anti.is_empty()));
        if self.ignores_preferences_of_others && own.is_none() {
            return None;
        }
        let namespaces = Namespaces::of(nodes);
        let labels = namespaces.labels(&pod.key().namespace).cloned().unwrap_or_default();
        let mut tally = Tally { pod, nodes, namespaces, labels, liking: Liking::default() };
        if let Some(own) = own {
            let only = own.preferred.iter().chain(&own.preferred_anti);
            let only: Option<Vec<&Arc<str>>> = only.map(|(_, term)| term.only_namespace()).collect();
            match only.as_deref() {
                Some([one, others @ ..]) if others.iter().all(|other| other == one) => {
                    nodes.shapes().in_namespace(one).for_each(|(shape, pods)| tally.own(own, shape, pods));
                }
                _ => nodes.shapes().iter().for_each(|(shape, pods)| tally.own(own, shape, pods)),
            }
        }
        for (shape, pods) in nodes.shapes().with_terms() {
            if let Some(terms) = &shape.terms {
                tally.of_others(terms, pods, i64::from(self.hard_weight));
            }
        }
        (!tally.liking.0.is_empty()).then_some(tally.liking)
    }

    fn score(&self, liking: &Liking, _pod: &PodInfo, node: NodeRef<'_>) -> i64 {
        liking.score(node.slot())
    }

    fn score_all(&self, liking: &Liking, _pod: &PodInfo, nodes: Nodes<'_>, scores: &mut Vec<i64>) {
        scores.extend(nodes.slots().map(|slot| liking.score(slot)));
    }

    fn normalization(&self) -> Normalize {
        Normalize::Custom
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "as Kubernetes computes it"
    )]
    fn normalize(&self, _liking: &Liking, _pod: &PodInfo, _nodes: Nodes<'_>, scores: &mut [i64]) {
        let (min, max) =
            scores.iter().fold((i64::MAX, i64::MIN), |(min, max), score| (min.min(*score), max.max(*score)));
        for score in scores {
            *score = if max > min {
                (MAX_NODE_SCORE as f64 * ((*score - min) as f64 / (max - min) as f64)) as i64
            } else {
                0
            };
        }
    }
}
