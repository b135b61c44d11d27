//! `NodeName`: a pod that names its node goes there or nowhere.
//!
//! Source: `pkg/scheduler/framework/plugins/nodename`.

#[cfg(test)]
mod tests;

use crate::framework::{
    ClusterEvent, EnqueueHints, EventSet, Filter, Hint, NodeRef, NodeSet, Nodes, Plugin, PodInfo, Points,
    Reads, Remedy, Verdict,
};
use std::sync::Arc;

/// Rejects every node but the one of `spec.nodeName`, where that is set.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeName;

impl Plugin for NodeName {
    fn name(&self) -> &'static str {
        "NodeName"
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn monotone(&self) -> bool {
        true
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.filter(self.clone()).hints(self);
    }
}

impl Filter for NodeName {
    fn filter(&self, pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        match pod.node_name() {
            Some(wanted) if wanted != node.name() => Verdict::never(REASON),
            _ => Verdict::Fits,
        }
    }

    fn retain(&self, pod: &PodInfo, nodes: Nodes<'_>, set: &mut NodeSet) {
        if pod.node_name().is_some() {
            set.retain(|slot| nodes.at(slot).is_some_and(|node| self.filter(pod, node).fits()));
        }
    }

    fn remedies(&self, _pod: &PodInfo, node: NodeRef<'_>) -> Vec<Remedy> {
        vec![Remedy::new(format!("set spec.nodeName of the pod to {}", node.name()))]
    }
}

impl EnqueueHints for NodeName {
    fn events(&self) -> EventSet {
        EventSet::NODE_ADD
    }

    fn hint(&self, pod: &PodInfo, event: &ClusterEvent) -> Hint {
        let ClusterEvent::NodeAdded(node) = event else { return Hint::Queue };
        Hint::when(pod.node_name().is_none_or(|wanted| *wanted == node.meta.name))
    }
}

const REASON: &str = "node(s) didn't match the requested node name";
