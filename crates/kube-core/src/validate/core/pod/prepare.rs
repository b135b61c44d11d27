//! What a pod begins with: its status, and selectors that follow its own labels.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/core/pod` (`podStrategy.PrepareForCreate`).

use std::collections::BTreeMap;

use crate::kinds::core::v1::{
    Affinity, Pod, PodAffinityTerm, PodCondition, PodStatus, TopologySpreadConstraint,
    WeightedPodAffinityTerm,
};
use crate::kinds::meta::v1::{LabelSelector, LabelSelectorRequirement};
use crate::pod_resources::{PodResources, qos_class};
use crate::validate::fields::Items;

pub(super) fn begin(pod: &mut Pod) {
    super::profiles::apply_annotations(pod);
    let gated = pod.spec.as_ref().is_some_and(|spec| !spec.scheduling_gates.items().is_empty());
    let class = pod.spec.as_ref().map_or_else(PodResources::default, PodResources::from);
    pod.status = Some(PodStatus {
        phase: Some("Pending".to_owned()),
        qos_class: Some(qos_class(&class).as_str().to_owned()),
        conditions: gated.then(|| vec![gated_condition(pod)]),
        ..PodStatus::default()
    });
    let none = BTreeMap::new();
    let labels = pod.metadata.labels.as_ref().unwrap_or(&none);
    let Some(spec) = &mut pod.spec else { return };
    if let Some(affinity) = &mut spec.affinity {
        follow_in_affinity(affinity, labels);
    }
    for constraint in spec.topology_spread_constraints.items_mut() {
        let TopologySpreadConstraint { label_selector, match_label_keys, .. } = constraint;
        if let Some(selector) = label_selector {
            follow(selector, match_label_keys.items(), "In", labels);
        }
    }
}

/// Source: `applySchedulingGatedCondition`.
fn gated_condition(pod: &Pod) -> PodCondition {
    PodCondition {
        type_: "PodScheduled".to_owned(),
        status: "False".to_owned(),
        reason: Some("SchedulingGated".to_owned()),
        message: Some("Scheduling is blocked due to non-empty scheduling gates".to_owned()),
        last_transition_time: pod.metadata.creation_timestamp.clone(),
        ..PodCondition::default()
    }
}

/// Source: `mutatePodAffinity`.
fn follow_in_affinity(affinity: &mut Affinity, labels: &BTreeMap<String, String>) {
    let follow_terms = |preferred: &mut Option<Vec<WeightedPodAffinityTerm>>,
                        required: &mut Option<Vec<PodAffinityTerm>>| {
        let preferred = preferred.items_mut().iter_mut().map(|term| &mut term.pod_affinity_term);
        for term in preferred.chain(required.items_mut()) {
            let Some(selector) = &mut term.label_selector else { continue };
            follow(selector, term.match_label_keys.items(), "In", labels);
            follow(selector, term.mismatch_label_keys.items(), "NotIn", labels);
        }
    };
    if let Some(near) = &mut affinity.pod_affinity {
        follow_terms(
            &mut near.preferred_during_scheduling_ignored_during_execution,
            &mut near.required_during_scheduling_ignored_during_execution,
        );
    }
    if let Some(far) = &mut affinity.pod_anti_affinity {
        follow_terms(
            &mut far.preferred_during_scheduling_ignored_during_execution,
            &mut far.required_during_scheduling_ignored_during_execution,
        );
    }
}

/// Adds to `selector` what the pod's own labels are under `keys`.
///
/// Source: `applyLabelKeysToLabelSelector`.
fn follow(selector: &mut LabelSelector, keys: &[String], operator: &str, labels: &BTreeMap<String, String>) {
    for key in keys {
        let Some(value) = labels.get(key) else { continue };
        let requirement = LabelSelectorRequirement {
            key: key.clone(),
            operator: operator.to_owned(),
            values: Some(vec![value.clone()]),
        };
        let list = selector.match_expressions.get_or_insert_default();
        // A create may be prepared more than once.
        if !list.contains(&requirement) {
            list.push(requirement);
        }
    }
}
