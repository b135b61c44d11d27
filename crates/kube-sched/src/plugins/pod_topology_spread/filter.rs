//! Constraints that must hold.

use super::PodTopologySpread;
use super::counting::{columns, complete, counted, included, is_included, with_all};
use crate::framework::{
    NodeRef, NodeSet, Nodes, PodInfo, PreFilter, PreFiltered, Reason, Reasons, Remedy, SpreadConstraint,
    Verdict,
};
use crate::snapshot::{BoundPod, LabelColumn, NodeSlot};
use std::sync::Arc;

/// How many pods each domain has, per constraint. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Skews {
    counted: Arc<[Counted]>,
    least: Vec<Least>,
    /// Constraint, domain, and by how much its number has changed.
    shifts: Vec<(usize, usize, i64)>,
}

#[derive(Debug)]
struct Counted {
    constraint: SpreadConstraint,
    column: Option<Arc<LabelColumn>>,
    /// By number of the domain; `None` where no node of the domain counts.
    pods: Vec<Option<i64>>,
    domains: i32,
    /// 1 where the pod itself counts.
    own: i64,
}

/// The emptiest domain and the next one. After changes the emptiest may be another: kept as it is in Kubernetes, so that
/// making room comes to the same.
///
/// Source: `podtopologyspread` (`criticalPaths`).
#[derive(Clone, Copy, Debug)]
struct Least([(Option<usize>, i64); 2]);

impl Least {
    fn update(&mut self, domain: usize, pods: i64) {
        let [first, second] = &mut self.0;
        if first.0 == Some(domain) {
            first.1 = pods;
        } else if second.0 == Some(domain) {
            second.1 = pods;
        } else if pods < first.1 {
            *second = *first;
            *first = (Some(domain), pods);
            return;
        } else if pods < second.1 {
            *second = (Some(domain), pods);
            return;
        }
        if first.1 > second.1 {
            std::mem::swap(first, second);
        }
    }
}

impl Counted {
    fn new(
        constraint: &SpreadConstraint,
        all: &[&Arc<LabelColumn>],
        pod: &PodInfo,
        nodes: Nodes<'_>,
    ) -> Self {
        let column = nodes.labels(&constraint.topology_key);
        let mut counted = Self {
            own: i64::from(constraint.selector.matches(pod.labels())),
            constraint: constraint.clone(),
            column: column.cloned(),
            pods: vec![None; column.map_or(0, |column| column.width())],
            domains: 0,
        };
        // Without a column for every label no node has them all.
        if let Some(column) = column.filter(|_| !all.is_empty()) {
            counted.count(all, column, pod, nodes);
        }
        counted
    }

    fn count(&mut self, all: &[&Arc<LabelColumn>], column: &LabelColumn, pod: &PodInfo, nodes: Nodes<'_>) {
        let asked = included(&self.constraint, pod, nodes);
        if asked.is_none() && complete(all, nodes) {
            self.count_everywhere(column, pod, nodes);
            return;
        }
        let mut included = NodeSet::default();
        with_all(all, |slot| {
            let counts = asked.as_ref().is_none_or(|asked| asked.contains(slot));
            if counts && let Some(domain) = column.of(slot) {
                included.insert(slot);
                self.domains += i32::from(self.pods[domain].is_none());
                self.pods[domain].get_or_insert(0);
            }
        });
        for pods in counted(&self.constraint, pod, nodes) {
            pods.for_each(|slot, count| {
                if included.contains(slot)
                    && let Some(domain) = column.of(slot)
                {
                    *self.pods[domain].get_or_insert(0) += i64::from(count);
                }
            });
        }
    }

    /// As above, where every node counts: nobody has to be asked.
    fn count_everywhere(&mut self, column: &LabelColumn, pod: &PodInfo, nodes: Nodes<'_>) {
        for domain in column.in_use() {
            self.domains += 1;
            self.pods[domain] = Some(0);
        }
        for pods in counted(&self.constraint, pod, nodes) {
            pods.for_each(|slot, count| {
                if let Some(domain) = column.of(slot) {
                    *self.pods[domain].get_or_insert(0) += i64::from(count);
                }
            });
        }
    }

    fn least(&self) -> Least {
        let mut least = Least([(None, i64::from(i32::MAX)); 2]);
        for (domain, pods) in self.pods.iter().enumerate() {
            if let Some(pods) = pods {
                least.update(domain, *pods);
            }
        }
        least
    }

    fn domain(&self, slot: NodeSlot) -> Option<usize> {
        self.column.as_ref()?.of(slot)
    }
}

/// What stands against a node.
enum Against {
    NoLabel,
    /// The constraint, and by how much the skew would be too large.
    Skew(usize, i64),
}

impl Skews {
    fn against(&self, slot: NodeSlot) -> Option<Against> {
        self.counted.iter().enumerate().find_map(|(number, counted)| {
            let Some(domain) = counted.domain(slot) else { return Some(Against::NoLabel) };
            let too_many = self.too_many(number, domain);
            (too_many > 0).then_some(Against::Skew(number, too_many))
        })
    }

    /// By how many pods too many the domain would have, if above 0.
    fn too_many(&self, number: usize, domain: usize) -> i64 {
        let counted = &self.counted[number];
        self.pods(number, domain) + counted.own
            - self.emptiest(number)
            - i64::from(counted.constraint.max_skew)
    }

    fn emptiest(&self, number: usize) -> i64 {
        let counted = &self.counted[number];
        if counted.domains < counted.constraint.min_domains { 0 } else { self.least[number].0[0].1 }
    }

    fn pods(&self, number: usize, domain: usize) -> i64 {
        let counted = self.counted[number].pods[domain].unwrap_or(0);
        let shifts = self.shifts.iter().filter(|(n, d, _)| (*n, *d) == (number, domain));
        counted + shifts.map(|(_, _, by)| by).sum::<i64>()
    }
}

impl PreFilter for PodTopologySpread {
    type State = Skews;

    const ADJUSTS: bool = true;

    fn pre_filter(&self, pod: &PodInfo, nodes: Nodes<'_>) -> PreFiltered<Skews> {
        let own = match pod.spread() {
            Ok(own) => own,
            Err(wrong) => return PreFiltered::RejectForGood(Reasons::from(Reason::from(wrong.clone()))),
        };
        let defaults;
        let constraints = if own.is_empty() {
            defaults = self.defaults.hard(pod, nodes);
            &defaults[..]
        } else {
            &own.hard
        };
        if constraints.is_empty() {
            return PreFiltered::Skip;
        }
        let all = columns(constraints, nodes).unwrap_or_default();
        let counted: Arc<[Counted]> =
            constraints.iter().map(|constraint| Counted::new(constraint, &all, pod, nodes)).collect();
        let least = counted.iter().map(Counted::least).collect();
        PreFiltered::All(Skews { counted, least, shifts: Vec::new() })
    }

    fn filter(&self, skews: &Skews, _pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        match skews.against(node.slot()) {
            None => Verdict::Fits,
            Some(Against::NoLabel) => Verdict::never(NO_LABEL),
            Some(Against::Skew(..)) => Verdict::no(SKEW),
        }
    }

    fn retain(&self, skews: &Skews, _pod: &PodInfo, _nodes: Nodes<'_>, set: &mut NodeSet) {
        for (number, counted) in skews.counted.iter().enumerate() {
            // One look per domain, not per node.
            let full: Vec<bool> =
                (0..counted.pods.len()).map(|domain| skews.too_many(number, domain) > 0).collect();
            set.retain(|slot| counted.domain(slot).is_some_and(|domain| !full[domain]));
        }
    }

    /// As Kubernetes, does not ask whether `other` terminates.
    fn adjust(&self, skews: &mut Skews, pod: &PodInfo, other: &BoundPod, (node, by): (NodeRef<'_>, i64)) {
        let counted = skews.counted.clone();
        let has_all = counted.iter().all(|counted| counted.domain(node.slot()).is_some());
        if other.key().namespace != pod.key().namespace || !has_all {
            return;
        }
        for (number, one) in counted.iter().enumerate() {
            let counts = one.constraint.selector.matches(&other.shape().labels)
                && is_included(&one.constraint, pod, node);
            if counts && let Some(domain) = one.domain(node.slot()) {
                skews.shifts.push((number, domain, by));
                let pods = skews.pods(number, domain);
                skews.least[number].update(domain, pods);
            }
        }
    }

    fn remedies(&self, skews: &Skews, _pod: &PodInfo, node: NodeRef<'_>) -> Vec<Remedy> {
        match skews.against(node.slot()) {
            None => Vec::new(),
            Some(Against::NoLabel) => {
                let lacking = skews.counted.iter().find(|counted| counted.domain(node.slot()).is_none());
                let key = lacking.map(|counted| &*counted.constraint.topology_key).unwrap_or_default();
                vec![Remedy::new(format!("label {} with {key}", node.name()))]
            }
            Some(Against::Skew(number, by)) => {
                let key = &skews.counted[number].constraint.topology_key;
                vec![Remedy::new(format!("raise the maxSkew of {key} by {by}"))]
            }
        }
    }
}

const SKEW: &str = "node(s) didn't match pod topology spread constraints";
const NO_LABEL: &str = "node(s) didn't match pod topology spread constraints (missing required label)";
