//! Pods that wait until room on a node is free.

use crate::framework::PodInfo;
use imbl::OrdMap;
use kube_core::resource::ObjectKey;
use std::sync::Arc;

#[derive(Clone, Debug, Default)]
pub(super) struct Nominations {
    by_node: OrdMap<Arc<str>, Vec<Arc<PodInfo>>>,
    nodes: OrdMap<ObjectKey, Arc<str>>,
}

impl Nominations {
    pub(super) fn add(&mut self, pod: &Arc<PodInfo>, node: &str) {
        self.remove(pod.key());
        let node: Arc<str> = node.into();
        self.nodes.insert(pod.key().clone(), node.clone());
        self.by_node.entry(node).or_default().push(pod.clone());
    }

    pub(super) fn remove(&mut self, pod: &ObjectKey) {
        let Some(node) = self.nodes.remove(pod) else { return };
        if let Some(pods) = self.by_node.get_mut(&node) {
            pods.retain(|other| other.key() != pod);
            if pods.is_empty() {
                self.by_node.remove(&node);
            }
        }
    }

    pub(super) fn on(&self, node: &str) -> &[Arc<PodInfo>] {
        self.by_node.get(node).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn node_of(&self, pod: &ObjectKey) -> Option<&Arc<str>> {
        self.nodes.get(pod)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}
