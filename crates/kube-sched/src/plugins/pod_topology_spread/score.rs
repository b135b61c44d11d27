//! Constraints that are wished.

use super::counting::{columns, complete, counted, included, with_all};
use super::{HOSTNAME, PodTopologySpread};
use crate::framework::{
    MAX_NODE_SCORE, NodeRef, NodeSet, Nodes, Normalize, PodInfo, PreScore, SpreadConstraint, percent,
};
use crate::snapshot::{LabelColumn, NodeSlot};
use std::sync::Arc;

/// How many pods each domain has, per constraint, and which nodes have no part in it.
#[derive(Debug)]
pub struct Crowding {
    counted: Vec<Counted>,
    ignored: NodeSet,
}

#[derive(Debug)]
struct Counted {
    /// `None`: no node has the label.
    column: Option<Arc<LabelColumn>>,
    pods: Pods,
    weight: f64,
    max_skew: i32,
}

#[derive(Debug)]
enum Pods {
    /// By number of the domain; `None` where no node that fits is in it.
    OfDomains(Vec<Option<i64>>),
    /// By place of the node.
    OfNodes(Vec<i64>),
}

impl Counted {
    fn score(&self, slot: NodeSlot) -> Option<f64> {
        let domain = self.column.as_ref()?.of(slot)?;
        let pods = match &self.pods {
            Pods::OfDomains(pods) => pods[domain].unwrap_or(0),
            Pods::OfNodes(pods) => pods.get(slot.index()).copied().unwrap_or(0),
        };
        #[expect(clippy::cast_precision_loss, reason = "as Kubernetes computes it")]
        let pods = pods as f64;
        Some(pods * self.weight + f64::from(self.max_skew - 1))
    }
}

/// What the constraints have in common.
struct Cast<'s> {
    pod: &'s PodInfo,
    /// The nodes that fit.
    nodes: Nodes<'s>,
    ignored: NodeSet,
    /// The labels that a node must have to count; empty for none.
    all: Vec<&'s Arc<LabelColumn>>,
    /// Whether a node must have all labels to count.
    demanding: bool,
}

impl Cast<'_> {
    fn count(&self, constraint: &SpreadConstraint) -> Counted {
        let column = self.nodes.labels(&constraint.topology_key);
        let (pods, size) = if &*constraint.topology_key == HOSTNAME {
            let mut pods = Vec::new();
            for column in counted(constraint, self.pod, self.nodes) {
                column.for_each(|slot, count| {
                    if pods.len() <= slot.index() {
                        pods.resize(slot.index() + 1, 0);
                    }
                    pods[slot.index()] += i64::from(count);
                });
            }
            (Pods::OfNodes(pods), self.nodes.len() - self.ignored.len())
        } else {
            let (pods, size) = self.domains(constraint, column);
            (Pods::OfDomains(pods), size)
        };
        Counted { column: column.cloned(), pods, weight: weight(size), max_skew: constraint.max_skew }
    }

    fn domains(
        &self,
        constraint: &SpreadConstraint,
        column: Option<&Arc<LabelColumn>>,
    ) -> (Vec<Option<i64>>, usize) {
        let mut pods = vec![None; column.map_or(0, |column| column.width())];
        let (mut size, mut unlabelled) = (0, false);
        for slot in self.nodes.slots().filter(|slot| !self.ignored.contains(*slot)) {
            match column.and_then(|column| column.of(slot)) {
                Some(domain) => {
                    size += usize::from(pods[domain].is_none());
                    pods[domain] = Some(0);
                }
                // Nodes without the label are one domain more, as in Kubernetes.
                None => unlabelled = true,
            }
        }
        if let Some(column) = column {
            let counts = self.counting(constraint);
            for nodes in counted(constraint, self.pod, self.nodes) {
                nodes.for_each(|slot, count| {
                    if counts(slot)
                        && let Some(Some(pods)) = column.of(slot).and_then(|domain| pods.get_mut(domain))
                    {
                        *pods += i64::from(count);
                    }
                });
            }
        }
        (pods, size + usize::from(unlabelled))
    }

    /// Whether the pods of a node count.
    fn counting(&self, constraint: &SpreadConstraint) -> impl Fn(NodeSlot) -> bool {
        let asked = included(constraint, self.pod, self.nodes);
        let mut labelled = self.demanding.then(NodeSet::default);
        if let Some(labelled) = &mut labelled {
            with_all(&self.all, |slot| labelled.insert(slot));
        }
        let is_in = |set: &Option<NodeSet>, slot| set.as_ref().is_none_or(|set| set.contains(slot));
        move |slot| is_in(&asked, slot) && is_in(&labelled, slot)
    }
}

impl PreScore for PodTopologySpread {
    type State = Crowding;

    fn pre_score(&self, pod: &PodInfo, nodes: Nodes<'_>) -> Option<Crowding> {
        let own = pod.spread().ok()?;
        let defaults;
        let constraints = if own.is_empty() {
            defaults = self.defaults.soft(pod, nodes);
            &defaults[..]
        } else {
            &own.soft
        };
        if constraints.is_empty() {
            return None;
        }
        let demanding = !own.is_empty() || !self.defaults.is_system();
        let all = columns(constraints, nodes);
        let nobody = !demanding || all.as_ref().is_some_and(|all| complete(all, nodes));
        let ignored = nodes.slots().filter(|slot| {
            let has_all = |all: &Vec<&Arc<LabelColumn>>| all.iter().all(|column| column.of(*slot).is_some());
            !nobody && !all.as_ref().is_some_and(has_all)
        });
        let ignored = if nobody { NodeSet::default() } else { ignored.collect() };
        let cast = Cast { pod, nodes, ignored, all: all.unwrap_or_default(), demanding };
        let counted = constraints.iter().map(|constraint| cast.count(constraint)).collect();
        Some(Crowding { counted, ignored: cast.ignored })
    }

    fn score(&self, crowding: &Crowding, _pod: &PodInfo, node: NodeRef<'_>) -> i64 {
        crowding.score(node.slot())
    }

    fn score_all(&self, crowding: &Crowding, _pod: &PodInfo, nodes: Nodes<'_>, scores: &mut Vec<i64>) {
        scores.extend(nodes.slots().map(|slot| crowding.score(slot)));
    }

    fn normalization(&self) -> Normalize {
        Normalize::Custom
    }

    fn normalize(&self, crowding: &Crowding, _pod: &PodInfo, nodes: Nodes<'_>, scores: &mut [i64]) {
        let counts = |slot: NodeSlot| !crowding.ignored.contains(slot);
        let counted = nodes.slots().zip(&*scores).filter(|(slot, _)| counts(*slot)).map(|(_, s)| *s);
        let (min, max) = counted.fold((i64::MAX, 0), |(min, max), score| (min.min(score), max.max(score)));
        for (slot, score) in nodes.slots().zip(scores) {
            *score = match (counts(slot), max) {
                (false, _) => 0,
                (true, 0) => MAX_NODE_SCORE,
                (true, max) => percent(max + min - *score, max),
            };
        }
    }
}

impl Crowding {
    fn score(&self, slot: NodeSlot) -> i64 {
        if self.ignored.contains(slot) {
            return 0;
        }
        // Not `sum()`: the order of additions is part of the result.
        let scores = self.counted.iter().filter_map(|counted| counted.score(slot));
        rounded(scores.fold(0.0, |sum, score| sum + score))
    }
}

/// The nearest whole number: `f64::round`, without its call where that is not negative.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "as Kubernetes computes it")]
fn rounded(score: f64) -> i64 {
    if score < 0.0 {
        return score.round() as i64;
    }
    let whole = score as i64;
    whole + i64::from(score - whole as f64 >= 0.5)
}

/// How much a pod counts where there are so many domains.
fn weight(domains: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "as Kubernetes computes it")]
    super::logarithm::ln(domains as f64 + 2.0)
}
