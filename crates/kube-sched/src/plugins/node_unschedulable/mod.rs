//! `NodeUnschedulable`: cordoned nodes take no new pods.
//!
//! Source: `pkg/scheduler/framework/plugins/nodeunschedulable`.

#[cfg(test)]
mod tests;

use crate::framework::{
    ClusterEvent, EnqueueHints, EventSet, Filter, Hint, NodeRef, NodeSet, Nodes, Plugin, PodInfo, Points,
    Reads, Remedy, Verdict,
};
use kube_core::taint::{Effect, Taint};
use std::sync::Arc;

/// Rejects nodes with `spec.unschedulable`, except for pods that tolerate the taint that stands for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeUnschedulable;

impl Plugin for NodeUnschedulable {
    fn name(&self) -> &'static str {
        "NodeUnschedulable"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_TAINTS
    }

    fn monotone(&self) -> bool {
        true
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.filter(self.clone()).hints(self);
    }
}

impl Filter for NodeUnschedulable {
    fn filter(&self, pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        if !node.unschedulable() || tolerates(pod) {
            return Verdict::Fits;
        }
        Verdict::never(REASON)
    }

    fn retain(&self, pod: &PodInfo, nodes: Nodes<'_>, set: &mut NodeSet) {
        let fits = tolerates(pod);
        set.retain_among(&nodes.marked().cordoned, |_| fits);
    }

    fn remedies(&self, _pod: &PodInfo, node: NodeRef<'_>) -> Vec<Remedy> {
        vec![Remedy::new(format!("uncordon {}", node.name()))]
    }
}

impl EnqueueHints for NodeUnschedulable {
    fn events(&self) -> EventSet {
        EventSet::NODE_ADD | EventSet::NODE_TAINT | EventSet::SELF_UPDATE
    }

    fn hint(&self, pod: &PodInfo, event: &ClusterEvent) -> Hint {
        match event {
            ClusterEvent::NodeAdded(node) => Hint::when(!node.spec.unschedulable),
            ClusterEvent::NodeUpdated { old, new } => {
                Hint::when(old.spec.unschedulable && !new.spec.unschedulable)
            }
            _ => Hint::when(tolerates(pod)),
        }
    }
}

fn tolerates(pod: &PodInfo) -> bool {
    if pod.tolerations().is_empty() {
        return false;
    }
    let taint = Taint::new("node.kubernetes.io/unschedulable", "", Effect::NoSchedule);
    pod.tolerations().iter().any(|toleration| toleration.tolerates(&taint))
}

const REASON: &str = "node(s) were unschedulable";
