//! `NodeDeclaredFeatures`: a pod that needs a feature of the node's agent goes where it is declared.
//!
//! Source: `pkg/scheduler/framework/plugins/nodedeclaredfeatures`, `k8s.io/component-helpers/nodedeclaredfeatures`.

#[cfg(test)]
mod tests;

use crate::framework::{
    ClusterEvent, EnqueueHints, EventSet, Hint, NodeRef, Nodes, Plugin, PodInfo, Points, PreFilter,
    PreFiltered, Reads, Remedy, Verdict,
};
use kube_core::view::PodView;
use std::sync::Arc;

/// Rejects nodes that do not declare every feature the pod needs.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeDeclaredFeatures;

impl Plugin for NodeDeclaredFeatures {
    fn name(&self) -> &'static str {
        "NodeDeclaredFeatures"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_OBJECT
    }

    fn monotone(&self) -> bool {
        true
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_filter(self.clone()).hints(self);
    }
}

impl PreFilter for NodeDeclaredFeatures {
    /// The features that the pod needs.
    type State = Vec<&'static str>;

    fn pre_filter(&self, pod: &PodInfo, _nodes: Nodes<'_>) -> PreFiltered<Self::State> {
        let needed = needed(pod.view());
        if needed.is_empty() { PreFiltered::Skip } else { PreFiltered::All(needed) }
    }

    fn filter(&self, needed: &Self::State, _pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        let declared = &node.object().status.declared_features;
        let all = needed.iter().all(|feature| declared.iter().any(|other| **other == **feature));
        if all { Verdict::Fits } else { Verdict::never(REASON) }
    }

    fn remedies(&self, needed: &Self::State, _pod: &PodInfo, node: NodeRef<'_>) -> Vec<Remedy> {
        vec![Remedy::new(format!("enable {} on {}", needed.join(" and "), node.name()))]
    }
}

impl EnqueueHints for NodeDeclaredFeatures {
    fn events(&self) -> EventSet {
        EventSet::NODE_ADD | EventSet::NODE_OTHER | EventSet::SELF_UPDATE
    }

    fn hint(&self, _pod: &PodInfo, event: &ClusterEvent) -> Hint {
        match event {
            ClusterEvent::NodeUpdated { old, new } => {
                Hint::when(old.status.declared_features != new.status.declared_features)
            }
            ClusterEvent::SelfUpdated { old, new } => Hint::when(needed(old) != needed(new)),
            _ => Hint::Queue,
        }
    }
}

/// The features of v1.36 that a pod can need when it is placed, by name.
fn needed(pod: &PodView) -> Vec<&'static str> {
    let spec = &pod.spec;
    let mut containers = spec.containers.iter().chain(&spec.init_containers);
    let restarts_all = containers
        .any(|container| container.restart_policy_rules.iter().any(|rule| &*rule.action == RESTART_ALL));
    let own_users_on_host_network = spec.host_network && spec.host_users == Some(false);
    let needed = [(RESTART_ALL_FEATURE, restarts_all), (USER_NAMESPACES_FEATURE, own_users_on_host_network)];
    needed.into_iter().filter_map(|(name, needs)| needs.then_some(name)).collect()
}

const RESTART_ALL: &str = "RestartAllContainers";
const RESTART_ALL_FEATURE: &str = "RestartAllContainersOnContainerExits";
const USER_NAMESPACES_FEATURE: &str = "UserNamespacesHostNetworkSupport";
const REASON: &str = "node(s) didn't match Pod's required features";
