//! Terms of affinity between pods, read once.

use kube_core::kinds::core::v1::{PodAffinityTerm, WeightedPodAffinityTerm};
use kube_core::selector::{LabelSet, Selector};
use kube_core::view::PodView;
use std::sync::Arc;

/// One term: which pods it is about, and what "near" means.
///
/// Source: `k8s.io/kube-scheduler/framework` (`AffinityTerm`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AffinityTerm {
    /// The label of nodes whose equal values mean "near".
    pub topology_key: Arc<str>,
    selector: Selector,
    /// Sorted.
    namespaces: Box<[Arc<str>]>,
    namespace_selector: Selector,
}

/// What a pod wants of other pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AffinityTerms {
    /// Pods that must be near.
    pub required: Box<[AffinityTerm]>,
    /// Pods that must not be near.
    pub required_anti: Box<[AffinityTerm]>,
    /// Pods that are liked near, and how much.
    pub preferred: Box<[(i32, AffinityTerm)]>,
    /// Pods that are disliked near, and how much.
    pub preferred_anti: Box<[(i32, AffinityTerm)]>,
}

impl AffinityTerm {
    fn parse(term: &PodAffinityTerm, namespace: &Arc<str>) -> Result<Self, String> {
        let selector =
            Selector::from_label_selector(term.label_selector.as_ref()).map_err(|error| error.to_string())?;
        let mut namespaces: Vec<Arc<str>> =
            term.namespaces.iter().flatten().map(|name| name.as_str().into()).collect();
        if namespaces.is_empty() && term.namespace_selector.is_none() {
            namespaces.push(namespace.clone());
        }
        namespaces.sort_unstable();
        let namespace_selector = Selector::from_label_selector(term.namespace_selector.as_ref())
            .map_err(|error| error.to_string())?;
        let topology_key = term.topology_key.as_str().into();
        Ok(Self { topology_key, selector, namespaces: namespaces.into(), namespace_selector })
    }

    /// Whether this term of a pod on a node is about a pod that is to be placed; `labels_of_namespace` are those of the
    /// latter's namespace.
    pub fn matches(&self, namespace: &str, labels: &LabelSet, labels_of_namespace: &LabelSet) -> bool {
        (self.names(namespace) || self.namespace_selector.matches(labels_of_namespace))
            && self.selector.matches(labels)
    }

    /// Whether this term of the pod that is to be placed is about another pod; `labels_of_namespace` are those of the
    /// latter's namespace, if it is known.
    ///
    /// A namespace selector of `NotIn` or `DoesNotExist` matches every namespace here, as in Kubernetes v1.34 to v1.36
    /// (kubernetes/kubernetes#141526): it is also asked about no labels at all.
    pub fn matches_as_own(
        &self,
        namespace: &str,
        labels: &LabelSet,
        labels_of_namespace: Option<&LabelSet>,
    ) -> bool {
        let selected = || {
            labels_of_namespace.is_some_and(|labels| self.namespace_selector.matches(labels))
                || self.namespace_selector.matches(&LabelSet::EMPTY)
        };
        (self.names(namespace) || selected()) && self.selector.matches(labels)
    }

    /// The only namespace that the term is about, where it can be told without looking.
    pub fn only_namespace(&self) -> Option<&Arc<str>> {
        match &*self.namespaces {
            [one] if self.namespace_selector.is_nothing() => Some(one),
            _ => None,
        }
    }

    fn names(&self, namespace: &str) -> bool {
        self.namespaces.binary_search_by(|name| (**name).cmp(namespace)).is_ok()
    }
}

impl AffinityTerms {
    /// The terms of a pod; `None` where it has none.
    ///
    /// # Errors
    /// What is wrong with the first term that cannot be read.
    pub(crate) fn parse(pod: &PodView) -> Result<Option<Arc<Self>>, String> {
        let Some(affinity) = &pod.spec.affinity else { return Ok(None) };
        let (near, apart) = (affinity.pod_affinity.as_ref(), affinity.pod_anti_affinity.as_ref());
        let namespace = &pod.meta.namespace;
        let required =
            near.and_then(|near| near.required_during_scheduling_ignored_during_execution.as_ref());
        let required_anti =
            apart.and_then(|apart| apart.required_during_scheduling_ignored_during_execution.as_ref());
        let preferred =
            near.and_then(|near| near.preferred_during_scheduling_ignored_during_execution.as_ref());
        let preferred_anti =
            apart.and_then(|apart| apart.preferred_during_scheduling_ignored_during_execution.as_ref());
        let terms = Self {
            required: all(required, namespace)?,
            required_anti: all(required_anti, namespace)?,
            preferred: weighted(preferred, namespace)?,
            preferred_anti: weighted(preferred_anti, namespace)?,
        };
        Ok((terms != Self::default()).then(|| Arc::new(terms)))
    }
}

fn all(terms: Option<&Vec<PodAffinityTerm>>, namespace: &Arc<str>) -> Result<Box<[AffinityTerm]>, String> {
    terms.into_iter().flatten().map(|term| AffinityTerm::parse(term, namespace)).collect()
}

fn weighted(
    terms: Option<&Vec<WeightedPodAffinityTerm>>,
    namespace: &Arc<str>,
) -> Result<Box<[(i32, AffinityTerm)]>, String> {
    let terms = terms.into_iter().flatten();
    terms.map(|term| Ok((term.weight, AffinityTerm::parse(&term.pod_affinity_term, namespace)?))).collect()
}
