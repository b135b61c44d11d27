//! `TaintToleration`: tainted nodes take only pods that bear the taint.
//!
//! Source: `pkg/scheduler/framework/plugins/tainttoleration`.

#[cfg(test)]
mod tests;

use crate::framework::{
    ClusterEvent, EnqueueHints, EventSet, Filter, Hint, NodeRef, NodeSet, Nodes, Normalize, Plugin, PodInfo,
    Points, Reads, Remedy, Score, Verdict,
};
use kube_core::taint::{Effect, Taint, first_untolerated};
use kube_core::view::NodeView;
use std::sync::Arc;

/// Rejects nodes with a hard taint that the pod does not tolerate; prefers nodes with few soft ones.
#[derive(Clone, Copy, Debug, Default)]
pub struct TaintToleration;

impl Plugin for TaintToleration {
    fn name(&self) -> &'static str {
        "TaintToleration"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_TAINTS
    }

    fn monotone(&self) -> bool {
        true
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.filter(self.clone()).score(self.clone()).hints(self);
    }
}

impl Filter for TaintToleration {
    fn filter(&self, pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        if repels(node.taints(), pod) { Verdict::never(REASON) } else { Verdict::Fits }
    }

    fn retain(&self, pod: &PodInfo, nodes: Nodes<'_>, set: &mut NodeSet) {
        let tainted = &nodes.marked().hard_tainted;
        set.retain_among(tainted, |slot| nodes.at(slot).is_some_and(|node| self.filter(pod, node).fits()));
    }

    fn remedies(&self, pod: &PodInfo, node: NodeRef<'_>) -> Vec<Remedy> {
        let hard = node.taints().iter().filter(|taint| taint.effect != Effect::PreferNoSchedule);
        hard.filter(|taint| !borne(taint, pod))
            .map(|taint| Remedy::new(format!("remove taint {taint} from {}, or tolerate it", node.name())))
            .collect()
    }
}

impl Score for TaintToleration {
    fn score(&self, pod: &PodInfo, node: NodeRef<'_>) -> i64 {
        let soft = node.taints().iter().filter(|taint| taint.effect == Effect::PreferNoSchedule);
        i64::try_from(soft.filter(|taint| !borne(taint, pod)).count()).unwrap_or(i64::MAX)
    }

    fn score_all(&self, pod: &PodInfo, nodes: Nodes<'_>, scores: &mut Vec<i64>) {
        let tainted = &nodes.marked().soft_tainted;
        if tainted.is_empty() {
            scores.resize(nodes.len(), 0);
            return;
        }
        scores.extend(nodes.slots().map(|slot| match nodes.at(slot) {
            Some(node) if tainted.contains(slot) => self.score(pod, node),
            _ => 0,
        }));
    }

    fn normalization(&self) -> Normalize {
        Normalize::Default { reverse: true }
    }
}

impl EnqueueHints for TaintToleration {
    fn events(&self) -> EventSet {
        EventSet::NODE_ADD | EventSet::NODE_TAINT | EventSet::SELF_UPDATE
    }

    fn hint(&self, pod: &PodInfo, event: &ClusterEvent) -> Hint {
        let open = |node: &NodeView| !repels(&node.spec.taints, pod);
        match event {
            ClusterEvent::NodeAdded(node) => Hint::when(open(node)),
            ClusterEvent::NodeUpdated { old, new } => Hint::when(open(new) && !open(old)),
            ClusterEvent::SelfUpdated { old, new } => {
                Hint::when(old.spec.tolerations != new.spec.tolerations)
            }
            _ => Hint::Skip,
        }
    }
}

fn repels(taints: &[Taint], pod: &PodInfo) -> bool {
    first_untolerated(taints, pod.tolerations(), &HARD).is_some()
}

fn borne(taint: &Taint, pod: &PodInfo) -> bool {
    pod.tolerations().iter().any(|toleration| toleration.tolerates(taint))
}

const HARD: [Effect; 2] = [Effect::NoSchedule, Effect::NoExecute];
const REASON: &str = "node(s) had untolerated taint(s)";
