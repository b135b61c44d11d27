//! `NodePorts`: host ports are taken once per node.
//!
//! Source: `pkg/scheduler/framework/plugins/nodeports`.

#[cfg(test)]
mod tests;

use crate::framework::{
    ClusterEvent, EnqueueHints, EventSet, Hint, HostPort, NodeRef, Nodes, Plugin, PodInfo, Points, PreFilter,
    PreFiltered, Reads, Remedy, Verdict,
};
use std::sync::Arc;

/// Rejects nodes where another pod uses one of the pod's host ports.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodePorts;

impl Plugin for NodePorts {
    fn name(&self) -> &'static str {
        "NodePorts"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_PORTS
    }

    fn monotone(&self) -> bool {
        true
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_filter(self.clone()).hints(self);
    }
}

impl PreFilter for NodePorts {
    type State = ();

    fn pre_filter(&self, pod: &PodInfo, _nodes: Nodes<'_>) -> PreFiltered<()> {
        if pod.ports().is_empty() { PreFiltered::Skip } else { PreFiltered::All(()) }
    }

    fn filter(&self, (): &(), pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        match pod.ports().iter().find(|port| taken(node.ports(), port)) {
            Some(_) => Verdict::no(REASON),
            None => Verdict::Fits,
        }
    }

    fn remedies(&self, (): &(), pod: &PodInfo, node: NodeRef<'_>) -> Vec<Remedy> {
        let taken = pod.ports().iter().filter(|port| taken(node.ports(), port));
        taken.map(|port| Remedy::new(format!("free host port {port} on {}", node.name()))).collect()
    }
}

impl EnqueueHints for NodePorts {
    fn events(&self) -> EventSet {
        EventSet::NODE_ADD | EventSet::POD_DELETE
    }

    fn hint(&self, pod: &PodInfo, event: &ClusterEvent) -> Hint {
        match event {
            ClusterEvent::PodDeleted(gone) => {
                let freed = HostPort::of(gone);
                Hint::when(pod.ports().iter().any(|port| taken(&freed, port)))
            }
            _ => Hint::Queue,
        }
    }
}

/// Whether `used`, which is sorted by port, conflicts with `wanted`. Nodes have few ports.
fn taken(used: &[HostPort], wanted: &HostPort) -> bool {
    used.iter().any(|port| port.conflicts(wanted))
}

const REASON: &str = "node(s) didn't have free ports for the requested pod ports";
