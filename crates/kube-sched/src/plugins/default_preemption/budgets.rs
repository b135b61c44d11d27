//! Pods that a disruption budget protects.

use crate::snapshot::{BoundPod, Snapshot};
use kube_core::kinds::policy::v1::PodDisruptionBudget;
use kube_core::resource::ResourceExt;
use kube_core::selector::Selector;
use std::sync::Arc;

/// A pod as its node lists it.
pub(super) type Shown<'p> = &'p Arc<BoundPod>;

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

    /// Those of `pods` whose going would exceed a budget, and the others. Budgets are used up in the order of `pods`.
    ///
    /// Source: `filterPodsWithPDBViolation`.
    pub(super) fn split<'p>(&self, pods: Vec<Shown<'p>>) -> (Vec<Shown<'p>>, Vec<Shown<'p>>) {
        if self.0.is_empty() {
            return (Vec::new(), pods);
        }
        let allowed = |budget: &PodDisruptionBudget| {
            budget.status.as_ref().and_then(|status| status.disruptions_allowed).unwrap_or(0)
        };
        let mut left: Vec<i32> = self.0.iter().map(|(budget, _)| allowed(budget)).collect();
        pods.into_iter().partition(|pod| {
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
        })
    }
}
