//! `DefaultPreemption`: less important pods make room for more important ones.
//!
//! Source: `pkg/scheduler/framework/plugins/defaultpreemption`, `pkg/scheduler/framework/preemption`.

mod budgets;
mod choice;
mod search;
#[cfg(test)]
mod tests;

use search::Finds;
pub use search::{Candidate, Search};

use crate::engine::Room;
use crate::framework::{
    ClusterEvent, EnqueueHints, EventSet, Hint, Plugin, PodInfo, Points, PostFilter, PostFiltered, Reads,
    Reason,
};
use kube_core::kinds::policy::v1::PodDisruptionBudget;
use std::sync::Arc;

/// Nominates the node where the least harm makes room. Looks at every node.
#[derive(Clone, Copy, Debug, Default)]
pub struct DefaultPreemption;

impl Plugin for DefaultPreemption {
    fn name(&self) -> &'static str {
        "DefaultPreemption"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_PODS | Reads::kind::<PodDisruptionBudget>()
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.post_filter(self.clone()).hints(self);
    }
}

impl DefaultPreemption {
    /// What making room for `pod` comes to, node by node.
    ///
    /// # Errors
    /// Why the pod may not ask for room.
    pub fn search(self, pod: &PodInfo, room: &Room<'_>) -> Result<Search, &'static str> {
        search::is_eligible(pod, room)?;
        Ok(Search::run(pod, room))
    }
}

impl PostFilter for DefaultPreemption {
    fn post_filter(&self, pod: &PodInfo, room: &Room<'_>) -> PostFiltered {
        if let Err(why) = search::is_eligible(pod, room) {
            return PostFiltered::Nothing(Some(Reason::from(format!("preemption: {why}"))));
        }
        let finds = Finds::run(pod, room);
        match finds.first() {
            Some(best) => PostFiltered::Nominate { node: best.node, victims: best.victims },
            None => PostFiltered::Nowhere(Reason::from(finds.message(room))),
        }
    }
}

impl EnqueueHints for DefaultPreemption {
    fn events(&self) -> EventSet {
        EventSet::POD_DELETE
    }

    fn hint(&self, _pod: &PodInfo, _event: &ClusterEvent) -> Hint {
        Hint::Skip
    }
}
