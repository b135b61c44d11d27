//! Pods: grace, and the fields that the scheduler and nodes select by.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/core/pod` (`podStrategy`, `ToSelectableFields`).

use super::SelectableField;
use super::coded::Life;
use crate::objects::candidate::Candidate;
use kube_core::kinds::core::v1::Pod;

pub(super) const FIELDS: &[SelectableField] = &[
    SelectableField::new("spec.nodeName"),
    SelectableField::new("spec.restartPolicy"),
    SelectableField::new("spec.schedulerName"),
    SelectableField::new("spec.serviceAccountName"),
    SelectableField::new("spec.hostNetwork").or("false"),
    SelectableField::new("status.phase"),
    SelectableField::new("status.podIP"),
    // Known to Kubernetes, but empty for every pod: it never fills it.
    SelectableField::new("status.podIPs"),
    SelectableField::new("status.nominatedNodeName"),
];

pub(super) const LIFE: Life = Life { grace, ..Life::PLAIN };

/// Source: `podStrategy.CheckGracefulDelete`.
fn grace(object: &Candidate, asked: Option<i64>) -> Option<i64> {
    let pod: &Pod = object.typed()?;
    let spec = pod.spec.as_ref();
    let wanted = spec.and_then(|spec| spec.termination_grace_period_seconds);
    let seconds = match asked.or(wanted).unwrap_or(0) {
        negative if negative < 0 => 1,
        seconds => seconds,
    };
    let assigned = spec.and_then(|spec| spec.node_name.as_deref()).is_some_and(|node| !node.is_empty());
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    let idle = !assigned || matches!(phase, Some("Failed" | "Succeeded"));
    Some(if idle { 0 } else { seconds })
}
