//! What other pods see of a pod.

use super::AffinityTerms;
use kube_core::selector::LabelSet;
use kube_core::view::PodView;
use std::sync::Arc;

/// What affinity and spreading of other pods see of a pod. Many pods share one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodShape {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its labels.
    pub labels: LabelSet,
    /// Its own terms; `None` where it has none or they cannot be read.
    pub terms: Option<Arc<AffinityTerms>>,
    /// Whether its deletion has begun.
    pub terminating: bool,
}

impl PodShape {
    pub(crate) fn new(pod: &PodView, terms: Option<Arc<AffinityTerms>>) -> Self {
        Self {
            namespace: pod.meta.namespace.clone(),
            labels: pod.meta.labels.clone(),
            terms,
            terminating: pod.is_terminating(),
        }
    }

    /// The least shape of a namespace, in their order.
    pub(crate) fn first_of(namespace: &str) -> Self {
        Self { namespace: namespace.into(), ..Self::default() }
    }
}
