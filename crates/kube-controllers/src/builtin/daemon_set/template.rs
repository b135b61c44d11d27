//! The pod of a node.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/daemon/util` (`CreatePodTemplate`,
//! `ReplaceDaemonSetPodNodeNameNodeAffinity`).

use super::nodes::{NODE_FIELD, daemon_tolerations, uses_host_network};
use crate::builtin::pod_template::pod_from;
use kube_core::kinds::apps::v1::DaemonSet;
use kube_core::kinds::core::v1::{
    NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Pod, PodSpec, Toleration,
};

/// Label: the hash of the revision that the pod was made from.
pub const REVISION: &str = "controller-revision-hash";
/// Label of pods: how often the template had changed.
const POD_GENERATION: &str = "pod-template-generation";
/// Annotation of DaemonSets: how often the template has changed.
const GENERATION: &str = "deprecated.daemonset.template.generation";

/// How often the template of `set` has changed, if it says so.
pub fn generation(set: &DaemonSet) -> Option<&str> {
    let text = set.metadata.annotations.as_ref()?.get(GENERATION)?;
    text.parse::<i64>().ok().map(|_| text.as_str())
}

/// The pods of `set`, of the revision `hash`: [`PodMaker::pod_for`] gives that of a node.
pub(super) struct PodMaker(Pod);

impl PodMaker {
    pub(super) fn new(set: &DaemonSet, hash: &str) -> Self {
        let template = set.spec.as_ref().map(|spec| spec.template.clone()).unwrap_or_default();
        let mut pod = pod_from(set, &template);
        let labels = pod.metadata.labels.get_or_insert_default();
        labels.insert(REVISION.to_owned(), hash.to_owned());
        labels.extend(generation(set).map(|number| (POD_GENERATION.to_owned(), number.to_owned())));
        tolerate(pod.spec.get_or_insert_default());
        Self(pod)
    }

    /// The scheduler binds it to that node and no other.
    pub(super) fn pod_for(&self, node: &str) -> Pod {
        let mut pod = self.0.clone();
        let spec = pod.spec.get_or_insert_default();
        let affinity = spec.affinity.get_or_insert_default().node_affinity.get_or_insert_default();
        let by_name = NodeSelectorRequirement {
            key: NODE_FIELD.to_owned(),
            operator: "In".to_owned(),
            values: Some(vec![node.to_owned()]),
        };
        let term = NodeSelectorTerm { match_fields: Some(vec![by_name]), match_expressions: None };
        affinity.required_during_scheduling_ignored_during_execution =
            Some(NodeSelector { node_selector_terms: vec![term] });
        pod
    }
}

/// Gives a daemon its tolerations, in place of those that say the same of the same taint.
fn tolerate(spec: &mut PodSpec) {
    let host_network = uses_host_network(spec);
    let tolerations = spec.tolerations.get_or_insert_default();
    for own in daemon_tolerations(host_network) {
        let own = Toleration {
            key: Some(own.key.to_string()),
            operator: Some("Exists".to_owned()),
            effect: own.effect.map(|effect| effect.to_string()),
            ..Toleration::default()
        };
        let same = |other: &&mut Toleration| {
            other.key == own.key
                && other.effect == own.effect
                && other.operator == own.operator
                && other.value.as_deref().unwrap_or_default().is_empty()
        };
        match tolerations.iter_mut().find(same) {
            Some(other) => *other = own,
            None => tolerations.push(own),
        }
    }
}
