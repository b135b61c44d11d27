//! Pods that a disruption budget protects.

use crate::snapshot::{BoundPod, Holding, Rank, Snapshot};
use kube_core::kinds::policy::v1::PodDisruptionBudget;
use kube_core::resource::ResourceExt;
use kube_core::selector::Selector;
use std::sync::Arc;

/// A pod as its node lists it. Not cloned: to count a reference is to write to memory that nobody else needs to look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown<'p> {
    pub(super) holding: &'p Holding,
    pub(super) pod: &'p Arc<BoundPod>,
}

impl Shown<'_> {
    pub(super) fn rank(&self) -> Rank {
        self.holding.rank()
    }
}

/// The budgets of the cluster that select anything.
pub(super) struct Budgets(Vec<(Arc<PodDisruptionBudget>, Selector)>);

impl Budgets {
    pub(super) fn new(cluster: &Snapshot) -> Self {
        let budgets = cluster.objects().all::<PodDisruptionBudget>().values();
        let readable = budgets.filter_map(|budget| {
            let selector = budget.spec.as_ref()?.selector.as_ref();
            let selector = Selector::from_label_selector(selector).ok()?;
            (!selector.is_everything() && !selector.is_nothing()).then(|| (budget.clone(), selector))
        });
        Self(readable.collect())
    }

    /// Takes those whose going would exceed a budget out of `pods`. Budgets are used up in the order of `pods`.
    ///
    /// Source: `filterPodsWithPDBViolation`.
    pub(super) fn take_protected<'p>(&self, pods: &mut Vec<Shown<'p>>) -> Vec<Shown<'p>> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let allowed = |budget: &PodDisruptionBudget| {
            budget.status.as_ref().and_then(|status| status.disruptions_allowed).unwrap_or(0)
        };
        let mut left: Vec<i32> = self.0.iter().map(|(budget, _)| allowed(budget)).collect();
        let protected = pods.extract_if(.., |Shown { pod, .. }| {
            let mut exceeded = false;
            for ((budget, selector), left) in self.0.iter().zip(&mut left) {
                let disrupted = budget.status.as_ref().and_then(|status| status.disrupted_pods.as_ref());
                let counts = !pod.shape().labels.is_empty()
                    && *budget.namespace() == *pod.key().namespace
                    && selector.matches(&pod.shape().labels)
                    && !disrupted.is_some_and(|pods| pods.contains_key(&*pod.key().name));
                if counts {
                    *left -= 1;
                    exceeded |= *left < 0;
                }
            }
            exceeded
        });
        protected.collect()
    }
}
