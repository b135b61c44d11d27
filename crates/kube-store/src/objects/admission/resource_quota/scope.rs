//! Which pods a quota is about.
//!
//! Source: `podMatchesScopeFunc`, `getScopeSelectorsFromQuota`.

use kube_core::kinds::core::v1::{Pod, PodAffinityTerm, ResourceQuota, ScopedResourceSelectorRequirement};
use kube_core::pod_resources::{PodResources, QosClass, qos_class};

/// What scopes ask of a pod.
#[derive(Debug)]
pub(super) struct Facts {
    best_effort: bool,
    terminating: bool,
    priority_class: Option<String>,
    across_namespaces: bool,
}

/// What a quota demands of pods.
pub(super) fn demands(quota: &ResourceQuota) -> Vec<ScopedResourceSelectorRequirement> {
    let Some(spec) = &quota.spec else { return Vec::new() };
    let named = spec.scopes.iter().flatten().map(|scope| ScopedResourceSelectorRequirement {
        scope_name: scope.clone(),
        operator: "Exists".to_owned(),
        values: None,
    });
    let selected = spec.scope_selector.iter().flat_map(|s| s.match_expressions.iter().flatten());
    named.chain(selected.cloned()).collect()
}

impl Facts {
    pub(super) fn of(pod: &Pod, resources: &PodResources) -> Self {
        let spec = pod.spec.as_ref();
        let deadline = spec.and_then(|spec| spec.active_deadline_seconds);
        Self {
            best_effort: qos_class(resources) == QosClass::BestEffort,
            terminating: deadline.is_some_and(|seconds| seconds >= 0),
            priority_class: spec.and_then(|spec| spec.priority_class_name.clone()).filter(|c| !c.is_empty()),
            across_namespaces: looks_across_namespaces(pod),
        }
    }

    /// Whether the pod meets all demands.
    pub(super) fn meet(&self, demands: &[ScopedResourceSelectorRequirement]) -> bool {
        demands.iter().all(|demand| self.meets(demand))
    }

    fn meets(&self, demand: &ScopedResourceSelectorRequirement) -> bool {
        match &*demand.scope_name {
            "Terminating" => self.terminating,
            "NotTerminating" => !self.terminating,
            "BestEffort" => self.best_effort,
            "NotBestEffort" => !self.best_effort,
            "PriorityClass" => self.has_class(demand),
            "CrossNamespacePodAffinity" => self.across_namespaces,
            _ => false,
        }
    }

    fn has_class(&self, demand: &ScopedResourceSelectorRequirement) -> bool {
        let listed = || {
            let values = demand.values.iter().flatten();
            self.priority_class.as_ref().is_some_and(|class| values.into_iter().any(|value| value == class))
        };
        match &*demand.operator {
            "Exists" => self.priority_class.is_some(),
            "DoesNotExist" => self.priority_class.is_none(),
            "In" => listed(),
            "NotIn" => !listed(),
            _ => false,
        }
    }
}

fn looks_across_namespaces(pod: &Pod) -> bool {
    let Some(affinity) = pod.spec.as_ref().and_then(|spec| spec.affinity.as_ref()) else { return false };
    let across = |term: &PodAffinityTerm| {
        term.namespaces.as_ref().is_some_and(|names| !names.is_empty()) || term.namespace_selector.is_some()
    };
    let near = affinity.pod_affinity.iter().flat_map(|a| {
        let required = a.required_during_scheduling_ignored_during_execution.iter().flatten();
        let preferred = a.preferred_during_scheduling_ignored_during_execution.iter().flatten();
        required.chain(preferred.map(|weighted| &weighted.pod_affinity_term))
    });
    let apart = affinity.pod_anti_affinity.iter().flat_map(|a| {
        let required = a.required_during_scheduling_ignored_during_execution.iter().flatten();
        let preferred = a.preferred_during_scheduling_ignored_during_execution.iter().flatten();
        required.chain(preferred.map(|weighted| &weighted.pod_affinity_term))
    });
    near.chain(apart).any(across)
}
