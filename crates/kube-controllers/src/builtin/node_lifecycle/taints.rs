//! Taints and labels that say how a node is.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/nodelifecycle` (`doNoScheduleTaintingPass`, `reconcileNodeLabels`),
//! `pkg/controller/util/node` (`SwapNodeControllerTaint`).

use super::sight::NodeSight;
use jiff::Timestamp;
use kube_core::kinds::core::v1;
use kube_core::kinds::meta::v1::Time;
use kube_core::selector::LabelSet;
use kube_core::taint::Effect;

/// Taint: the node says that it is not ready.
pub const NOT_READY: &str = "node.kubernetes.io/not-ready";
/// Taint: the node says nothing.
pub const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
/// Taint: people keep new pods away.
pub const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// The taint that a condition of that status leads to.
const BY_CONDITION: [(&str, &str, &str); 6] = [
    ("Ready", "False", NOT_READY),
    ("Ready", "Unknown", UNREACHABLE),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];

/// Taints, by their keys.
pub type Keys = Vec<&'static str>;

/// The `NoSchedule` taints that the conditions ask for: those to add, and those to take off.
pub fn no_schedule(node: &NodeSight) -> (Keys, Keys) {
    let says = |kind: &str, status: &str| {
        node.status.conditions.iter().any(|beat| *beat.kind == *kind && *beat.status == *status)
    };
    let by_condition = BY_CONDITION.iter().map(|(kind, status, key)| (*key, says(kind, status)));
    let all = by_condition.chain([(UNSCHEDULABLE, node.spec.unschedulable)]);
    let (mut add, mut remove) = (Keys::new(), Keys::new());
    for (key, wanted) in all {
        match (wanted, node.has_taint(key, Effect::NoSchedule)) {
            (true, false) => add.push(key),
            (false, true) => remove.push(key),
            _ => {}
        }
    }
    (add, remove)
}

/// `taints` with and without those of `effect`; `None` where that changes nothing.
pub fn swapped(
    taints: &[v1::Taint],
    (add, remove): (&[&str], &[&str]),
    effect: Effect,
    now: Timestamp,
) -> Option<Vec<v1::Taint>> {
    let is = |taint: &v1::Taint, key: &str| taint.key == key && taint.effect == effect.as_str();
    let mut swapped = taints.to_vec();
    swapped.retain(|taint| !remove.iter().any(|key| is(taint, key)));
    for key in add.iter().filter(|key| !taints.iter().any(|taint| is(taint, key))) {
        swapped.push(v1::Taint {
            key: (*key).to_owned(),
            effect: effect.to_string(),
            time_added: Some(Time(now)),
            value: None,
        });
    }
    (swapped != taints).then_some(swapped)
}

/// Labels whose older names are kept up.
const OLD_NAMES: [(&str, &str); 2] =
    [("kubernetes.io/os", "beta.kubernetes.io/os"), ("kubernetes.io/arch", "beta.kubernetes.io/arch")];

/// The labels to set, so that old names say what the new ones do.
pub fn missing_labels(labels: &LabelSet) -> Vec<(&'static str, String)> {
    let missing = OLD_NAMES.iter().filter_map(|(name, old)| {
        let value = labels.get(name)?;
        (labels.get(old) != Some(value)).then(|| (*old, value.to_string()))
    });
    missing.collect()
}
