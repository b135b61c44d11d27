//! Required terms.

use super::{InterPodAffinity, Namespaces};
use crate::framework::{
    AffinityTerm, AffinityTerms, NodeRef, NodeSet, Nodes, PodInfo, PodShape, PreFilter, PreFiltered, Reason,
    Reasons, Remedy, Verdict,
};
use crate::snapshot::{BoundPod, LabelColumn, NodeSlot, SlotColumn};
use kube_core::selector::LabelSet;
use std::sync::Arc;

/// Which pods are where, as far as required terms care. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Neighbours {
    base: Arc<Base>,
    shifts: Vec<Shift>,
    /// Pods that came since, with terms about keys that nobody had terms about: key, value, number.
    strangers: Vec<(Arc<str>, Arc<str>, i64)>,
}

#[derive(Debug)]
struct Base {
    terms: Arc<AffinityTerms>,
    /// Of the pod's namespace.
    labels: LabelSet,
    near: Vec<Domains>,
    apart: Vec<Domains>,
    unwanted: Vec<Domains>,
    /// The pod is the first of a group that wants to be together.
    may_be_first: bool,
    /// Pods that match every wanted term, once for each term.
    matching: i64,
    namespaces: Vec<(Arc<str>, LabelSet)>,
}

/// How many pods of some kind each domain of a key has.
#[derive(Debug)]
struct Domains {
    key: Arc<str>,
    /// `None`: no node has the label.
    column: Option<Arc<LabelColumn>>,
    pods: Vec<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Pods that match all terms of required affinity; one entry per term.
    Near,
    /// Pods that match a term of required anti-affinity; one entry per term.
    Apart,
    /// Pods whose required anti-affinity is about the pod; one entry per key.
    Unwanted,
}

#[derive(Clone, Copy, Debug)]
struct Shift {
    kind: Kind,
    number: usize,
    domain: usize,
    by: i64,
}

impl Domains {
    fn new(key: &Arc<str>, nodes: Nodes<'_>) -> Self {
        let column = nodes.labels(key).cloned();
        Self { key: key.clone(), pods: vec![0; column.as_ref().map_or(0, |c| c.width())], column }
    }

    fn of(&self, slot: NodeSlot) -> Option<usize> {
        self.column.as_ref()?.of(slot)
    }

    /// Every node that has the label, and how many pods its domain has.
    fn for_each(&self, mut each: impl FnMut(NodeSlot, i64)) {
        if let Some(column) = &self.column {
            column.for_each(|slot, domain| each(slot, self.pods[domain]));
        }
    }

    fn add(&mut self, pods: &SlotColumn) -> i64 {
        let mut added = 0;
        if let Some(column) = &self.column {
            pods.for_each(|slot, count| {
                if let Some(domain) = column.of(slot) {
                    self.pods[domain] += i64::from(count);
                    added += i64::from(count);
                }
            });
        }
        added
    }
}

impl Base {
    fn new(pod: &PodInfo, terms: &Arc<AffinityTerms>, nodes: Nodes<'_>) -> Self {
        let namespaces = Namespaces::of(nodes);
        let labels = namespaces.labels(&pod.key().namespace).cloned().unwrap_or_default();
        let domains = |terms: &[AffinityTerm]| -> Vec<Domains> {
            terms.iter().map(|term| Domains::new(&term.topology_key, nodes)).collect()
        };
        let selected =
            |shape: &PodShape| about_all(&terms.required, shape, namespaces.labels(&shape.namespace));
        let mut base = Self {
            near: domains(&terms.required),
            apart: domains(&terms.required_anti),
            unwanted: Vec::new(),
            may_be_first: selected(pod.shape()),
            matching: 0,
            labels,
            namespaces: Vec::new(),
            terms: terms.clone(),
        };
        base.count_unwanted(pod, nodes);
        let own = terms.required.is_empty() && terms.required_anti.is_empty();
        if !own {
            base.count_own(nodes, namespaces);
            let all = namespaces.0.values();
            base.namespaces = all.map(|n| (n.meta.name.clone(), n.meta.labels.clone())).collect();
        }
        base
    }

    fn count_own(&mut self, nodes: Nodes<'_>, namespaces: Namespaces<'_>) {
        let Self { terms, near, apart, matching, .. } = self;
        let mut count = |shape: &PodShape, pods: &SlotColumn| {
            if about_all(&terms.required, shape, namespaces.labels(&shape.namespace)) {
                *matching += near.iter_mut().map(|domains| domains.add(pods)).sum::<i64>();
            }
            for (term, domains) in terms.required_anti.iter().zip(&mut *apart) {
                if namespaces.about(term, shape) {
                    domains.add(pods);
                }
            }
        };
        let only = terms.required.iter().chain(&terms.required_anti).map(AffinityTerm::only_namespace);
        let only: Option<Vec<&Arc<str>>> = only.collect();
        match only.as_deref() {
            Some([one, others @ ..]) if others.iter().all(|other| other == one) => {
                nodes.shapes().in_namespace(one).for_each(|(shape, pods)| count(shape, pods));
            }
            _ => nodes.shapes().iter().for_each(|(shape, pods)| count(shape, pods)),
        }
    }

    fn count_unwanted(&mut self, pod: &PodInfo, nodes: Nodes<'_>) {
        for (shape, pods) in nodes.shapes().with_terms() {
            for term in shape.terms.iter().flat_map(|terms| &terms.required_anti) {
                if !term.matches(&pod.key().namespace, pod.labels(), &self.labels) {
                    continue;
                }
                let known = self.unwanted.iter().position(|domains| domains.key == term.topology_key);
                let number = known.unwrap_or_else(|| {
                    self.unwanted.push(Domains::new(&term.topology_key, nodes));
                    self.unwanted.len() - 1
                });
                self.unwanted[number].add(pods);
            }
        }
        self.unwanted.retain(|domains| domains.pods.iter().any(|pods| *pods != 0));
    }

    fn labels_of(&self, namespace: &str) -> Option<&LabelSet> {
        let place = self.namespaces.binary_search_by(|(name, _)| (**name).cmp(namespace)).ok()?;
        self.namespaces.get(place).map(|(_, labels)| labels)
    }
}

fn about_all(terms: &[AffinityTerm], shape: &PodShape, labels: Option<&LabelSet>) -> bool {
    !terms.is_empty() && terms.iter().all(|term| term.matches_as_own(&shape.namespace, &shape.labels, labels))
}

impl Neighbours {
    fn pods(&self, kind: Kind, number: usize, domain: usize) -> i64 {
        let list = match kind {
            Kind::Near => &self.base.near,
            Kind::Apart => &self.base.apart,
            Kind::Unwanted => &self.base.unwanted,
        };
        let same = |shift: &&Shift| shift.kind == kind && (shift.number, shift.domain) == (number, domain);
        list[number].pods[domain] + self.shifts.iter().filter(same).map(|shift| shift.by).sum::<i64>()
    }

    /// Whether every wanted pod is near, or the pod may be the first.
    fn is_near(&self, slot: NodeSlot) -> bool {
        let mut all = true;
        for (number, domains) in self.base.near.iter().enumerate() {
            let Some(domain) = domains.of(slot) else { return false };
            all &= self.pods(Kind::Near, number, domain) > 0;
        }
        all || (self.base.may_be_first && self.matching() == 0)
    }

    fn matching(&self) -> i64 {
        let shifts = self.shifts.iter().filter(|shift| shift.kind == Kind::Near);
        self.base.matching + shifts.map(|shift| shift.by).sum::<i64>()
    }

    fn is_beside(&self, kind: Kind, slot: NodeSlot) -> bool {
        let list = if kind == Kind::Apart { &self.base.apart } else { &self.base.unwanted };
        list.iter().enumerate().any(|(number, domains)| {
            domains.of(slot).is_some_and(|domain| self.pods(kind, number, domain) > 0)
        })
    }

    fn verdict(&self, slot: NodeSlot) -> Verdict {
        if !self.is_near(slot) {
            Verdict::never(AFFINITY)
        } else if self.is_beside(Kind::Apart, slot) {
            Verdict::no(ANTI_AFFINITY)
        } else if self.is_beside(Kind::Unwanted, slot) {
            Verdict::no(EXISTING_ANTI_AFFINITY)
        } else {
            Verdict::Fits
        }
    }

    fn is_beside_stranger(&self, node: NodeRef<'_>) -> bool {
        self.strangers.iter().any(|(key, value, _)| {
            let here = node.labels().get(key) == Some(value);
            let same = self.strangers.iter().filter(|(k, v, _)| k == key && v == value);
            here && same.map(|(_, _, by)| by).sum::<i64>() > 0
        })
    }

    fn shift(&mut self, kind: Kind, slot: NodeSlot, by: i64, counts: impl Fn(usize) -> bool) {
        let base = self.base.clone();
        let list = if kind == Kind::Near { &base.near } else { &base.apart };
        for (number, domains) in list.iter().enumerate().filter(|(number, _)| counts(*number)) {
            if let Some(domain) = domains.of(slot) {
                self.shifts.push(Shift { kind, number, domain, by });
            }
        }
    }

    fn shift_unwanted(&mut self, term: &AffinityTerm, node: NodeRef<'_>, by: i64) {
        let known = self.base.unwanted.iter().position(|domains| domains.key == term.topology_key);
        match known {
            Some(number) => {
                if let Some(domain) = self.base.unwanted[number].of(node.slot()) {
                    self.shifts.push(Shift { kind: Kind::Unwanted, number, domain, by });
                }
            }
            None => {
                if let Some(value) = node.labels().get(&term.topology_key) {
                    self.strangers.push((term.topology_key.clone(), value.clone(), by));
                }
            }
        }
    }
}

impl PreFilter for InterPodAffinity {
    type State = Neighbours;

    const ADJUSTS: bool = true;

    fn pre_filter(&self, pod: &PodInfo, nodes: Nodes<'_>) -> PreFiltered<Neighbours> {
        let terms = match pod.affinity_terms() {
            Ok(terms) => terms.cloned().unwrap_or_default(),
            Err(wrong) => {
                let said = Reason::from(format!("parsing pod: {wrong}"));
                return PreFiltered::RejectForGood(Reasons::from(said));
            }
        };
        let base = Base::new(pod, &terms, nodes);
        if base.unwanted.is_empty() && base.near.is_empty() && base.apart.is_empty() {
            return PreFiltered::Skip;
        }
        PreFiltered::All(Neighbours { base: Arc::new(base), shifts: Vec::new(), strangers: Vec::new() })
    }

    fn filter(&self, neighbours: &Neighbours, _pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        match neighbours.verdict(node.slot()) {
            Verdict::Fits if neighbours.is_beside_stranger(node) => Verdict::no(EXISTING_ANTI_AFFINITY),
            verdict => verdict,
        }
    }

    fn retain(&self, neighbours: &Neighbours, _pod: &PodInfo, _nodes: Nodes<'_>, set: &mut NodeSet) {
        // Nothing has been adjusted yet: there are neither shifts nor strangers.
        let base = &neighbours.base;
        for domains in base.apart.iter().chain(&base.unwanted) {
            domains.for_each(|slot, pods| {
                if pods > 0 {
                    set.remove(slot);
                }
            });
        }
        if !base.near.is_empty() {
            set.retain(|slot| neighbours.is_near(slot));
        }
    }

    fn adjust(
        &self,
        neighbours: &mut Neighbours,
        pod: &PodInfo,
        other: &BoundPod,
        (node, by): (NodeRef<'_>, i64),
    ) {
        let base = neighbours.base.clone();
        let shape = other.shape();
        for term in shape.terms.iter().flat_map(|terms| &terms.required_anti) {
            if term.matches(&pod.key().namespace, pod.labels(), &base.labels) {
                neighbours.shift_unwanted(term, node, by);
            }
        }
        let labels = base.labels_of(&shape.namespace);
        if about_all(&base.terms.required, shape, labels) {
            neighbours.shift(Kind::Near, node.slot(), by, |_| true);
        }
        neighbours.shift(Kind::Apart, node.slot(), by, |number| {
            base.terms.required_anti[number].matches_as_own(&shape.namespace, &shape.labels, labels)
        });
    }

    fn remedies(&self, neighbours: &Neighbours, _pod: &PodInfo, node: NodeRef<'_>) -> Vec<Remedy> {
        let base = &neighbours.base;
        let change = match neighbours.verdict(node.slot()) {
            Verdict::Never(_) => {
                let keys: Vec<&str> = base.near.iter().map(|domains| &*domains.key).collect();
                format!(
                    "run a pod that matches the pod's affinity where {} is that of {}",
                    keys.join(", "),
                    node.name()
                )
            }
            _ => format!("move the pods away from {} that anti-affinity keeps apart", node.name()),
        };
        vec![Remedy::new(change)]
    }
}

const AFFINITY: &str = "node(s) didn't match pod affinity rules";
const ANTI_AFFINITY: &str = "node(s) didn't match pod anti-affinity rules";
const EXISTING_ANTI_AFFINITY: &str = "node(s) didn't satisfy existing pods anti-affinity rules";
