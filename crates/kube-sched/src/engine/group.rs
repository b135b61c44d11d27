//! Pods that go together or not at all.

use super::{Decision, Engine};
use crate::explain::Why;
use crate::framework::{PluginError, PodInfo};
use crate::snapshot::Snapshot;
use kube_core::env::Rng;
use std::sync::Arc;

/// What becomes of a group.
#[derive(Clone, Debug)]
pub enum GroupDecision {
    /// Enough pods have a node: which, and where. The others found none.
    Place(Vec<(Arc<PodInfo>, Arc<str>)>),
    /// Too few do, so that none goes anywhere.
    Unschedulable {
        /// How many would have found a node.
        placed: usize,
        /// The first pod that did not, and why.
        first: Option<(Arc<PodInfo>, Why)>,
    },
    /// A plugin broke.
    Failed(PluginError),
}

impl Engine {
    /// Where the pods of a group go, one after the other, each counting for the next: at least `least` of them, or none.
    /// `cluster` stays as it is.
    ///
    /// Source: KEP-4671 (gang scheduling).
    pub fn schedule_group(
        &self,
        cluster: &Snapshot,
        pods: &[Arc<PodInfo>],
        least: usize,
        rng: &mut Rng,
    ) -> GroupDecision {
        let mut trial = cluster.clone();
        let (mut places, mut first) = (Vec::new(), None);
        for (number, pod) in pods.iter().enumerate() {
            match self.schedule_with(&trial, pod, rng) {
                Decision::Place { node, .. } => {
                    trial.assume(pod, &node);
                    places.push((pod.clone(), node));
                }
                Decision::Unschedulable(why) => {
                    first.get_or_insert_with(|| (pod.clone(), why));
                }
                Decision::Failed(error) => return GroupDecision::Failed(error),
            }
            let left = pods.len() - number - 1;
            if places.len() + left < least {
                break;
            }
        }
        if places.len() >= least && !places.is_empty() {
            GroupDecision::Place(places)
        } else {
            GroupDecision::Unschedulable { placed: places.len(), first }
        }
    }
}
