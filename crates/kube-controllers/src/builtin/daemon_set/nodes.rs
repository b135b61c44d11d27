//! Which nodes are to run a pod of a DaemonSet.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/daemon` (`NodeShouldRunDaemonPod`, `AddOrUpdateDaemonPodTolerations`).

use kube_core::kinds::apps::v1::DaemonSet;
use kube_core::kinds::core::v1::PodSpec;
use kube_core::resource::Part;
use kube_core::selector::node::RequiredNodeAffinity;
use kube_core::taint::{Effect, Toleration, TolerationOperator, first_untolerated};
use kube_core::view::{NodeView, PodSpecView, PodView};
use std::sync::Arc;

/// What a DaemonSet is to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It runs a pod there.
    Runs,
    /// It starts none there, and leaves one that is there alone.
    Stays,
    /// It has no pod there.
    Never,
}

/// What the pods of a DaemonSet ask of a node. Room is no concern of it: that is the scheduler's.
#[derive(Clone, Debug)]
pub struct Eligibility {
    node_name: Option<Arc<str>>,
    affinity: RequiredNodeAffinity,
    tolerations: Vec<Toleration>,
}

impl Eligibility {
    /// Reads the template; `None` where it cannot be read.
    pub fn of(set: &DaemonSet) -> Option<Self> {
        let spec = set.spec.as_ref()?.template.spec.as_ref()?;
        let lean: PodSpecView = serde_json::from_value(spec.to_json_value().ok()?).ok()?;
        let required = lean.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
        let required = required.and_then(|affinity| affinity.required.as_ref());
        let mut tolerations = lean.tolerations;
        tolerations.extend(daemon_tolerations(lean.host_network));
        Some(Self {
            node_name: lean.node_name.filter(|name| !name.is_empty()),
            affinity: RequiredNodeAffinity::new(lean.node_selector, required),
            tolerations,
        })
    }

    /// What the DaemonSet is to `node`.
    pub fn judge(&self, node: &NodeView) -> Verdict {
        let named = self.node_name.as_ref().is_none_or(|name| *name == node.meta.name);
        let fits = self.affinity.matches(&node.meta.labels, &node.meta.name).unwrap_or(false);
        if !named || !fits {
            return Verdict::Never;
        }
        let untolerated =
            |effects: &[Effect]| first_untolerated(&node.spec.taints, &self.tolerations, effects).is_some();
        match () {
            () if untolerated(&[Effect::NoExecute]) => Verdict::Never,
            () if untolerated(&[Effect::NoSchedule]) => Verdict::Stays,
            () => Verdict::Runs,
        }
    }
}

/// Taints that a daemon bears, as key and effect.
const BORNE: [(&str, Effect); 6] = [
    ("node.kubernetes.io/not-ready", Effect::NoExecute),
    ("node.kubernetes.io/unreachable", Effect::NoExecute),
    ("node.kubernetes.io/disk-pressure", Effect::NoSchedule),
    ("node.kubernetes.io/memory-pressure", Effect::NoSchedule),
    ("node.kubernetes.io/pid-pressure", Effect::NoSchedule),
    ("node.kubernetes.io/unschedulable", Effect::NoSchedule),
];

/// Borne by daemons on the node's own network, which may be what sets up the other.
const NETWORK_UNAVAILABLE: (&str, Effect) = ("node.kubernetes.io/network-unavailable", Effect::NoSchedule);

/// The tolerations that every daemon has.
pub fn daemon_tolerations(host_network: bool) -> impl Iterator<Item = Toleration> {
    BORNE.into_iter().chain(host_network.then_some(NETWORK_UNAVAILABLE)).map(|(key, effect)| Toleration {
        key: key.into(),
        operator: TolerationOperator::Exists,
        effect: Some(effect),
        ..Toleration::default()
    })
}

/// The node that a pod is on, or is made for.
///
/// Source: `GetTargetNodeName`.
pub fn target_of(pod: &PodView) -> Option<Arc<str>> {
    if let Some(node) = pod.node_name() {
        return Some(node.clone());
    }
    let affinity = pod.spec.affinity.as_ref()?.node_affinity.as_ref()?;
    let terms = affinity.required.as_ref()?.node_selector_terms.iter();
    let mut names = terms.flat_map(|term| &term.match_fields);
    let by_name = names.find(|field| *field.key == *NODE_FIELD && field.values.len() == 1)?;
    by_name.values.first().map(|name| Arc::from(&**name))
}

/// The field that names a node.
pub(super) const NODE_FIELD: &str = "metadata.name";

/// Whether the pods use the node's network.
pub(super) fn uses_host_network(spec: &PodSpec) -> bool {
    spec.host_network.unwrap_or(false)
}
