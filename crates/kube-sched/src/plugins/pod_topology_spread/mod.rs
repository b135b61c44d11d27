//! `PodTopologySpread`: pods that are alike are spread over zones, hosts, or what else a label of nodes says.
//!
//! Source: `pkg/scheduler/framework/plugins/podtopologyspread`.

mod counting;
mod defaults;
mod filter;
mod hints;
mod logarithm;
mod score;
#[cfg(test)]
mod tests;

pub use defaults::DefaultConstraints;
pub use filter::Skews;
pub use score::Crowding;

use crate::framework::{Plugin, Points, Reads};
use crate::snapshot::{ReplicaSetView, ReplicationControllerView, ServiceView, StatefulSetView};
use std::sync::Arc;

/// Rejects nodes whose domain has too many pods more than the emptiest one; prefers nodes in domains with few.
#[derive(Clone, Debug, Default)]
pub struct PodTopologySpread {
    defaults: DefaultConstraints,
}

impl PodTopologySpread {
    /// With these constraints for pods that have none of their own.
    pub fn new(defaults: DefaultConstraints) -> Self {
        Self { defaults }
    }
}

impl Plugin for PodTopologySpread {
    fn name(&self) -> &'static str {
        "PodTopologySpread"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_LABELS
            | Reads::NODE_TAINTS
            | Reads::SHAPES
            | Reads::kind::<ServiceView>()
            | Reads::kind::<ReplicationControllerView>()
            | Reads::kind::<ReplicaSetView>()
            | Reads::kind::<StatefulSetView>()
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_filter(self.clone()).pre_score(self.clone()).hints(self);
    }
}

/// Source: `k8s.io/api/core/v1` (`LabelHostname`).
const HOSTNAME: &str = "kubernetes.io/hostname";
