//! Pods that go together or not at all.

use super::{Decision, Engine, Observer};
use crate::explain::Why;
use crate::framework::{PluginError, PodInfo};
use crate::snapshot::Snapshot;
use kube_core::env::Rng;
use std::sync::Arc;

/// What becomes of a group.
#[derive(Clone, Debug)]
pub enum GroupDecision {
    /// Enough pods have a node: which, and where.
    Place {
        /// By their number, and the node.
        places: Vec<(usize, Arc<str>)>,
        /// Those that found none, by number, and why.
        others: Vec<(usize, Why)>,
    },
    /// Enough would have a node once others have gone from where room is to be made: the group goes when there is room.
    MakeRoom {
        /// The pods that wait for that, by number.
        waiting: Vec<(usize, Why)>,
        /// Those that would have a node now, by number, and where: it has to be kept for them.
        places: Vec<(usize, Arc<str>)>,
    },
    /// Too few do, so that none goes anywhere.
    Unschedulable {
        /// How many would have found a node.
        placed: usize,
        /// The first pod that did not, by number, and why.
        first: Option<(usize, Why)>,
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
        self.schedule_group_observed(cluster, (pods, least), (rng, None))
    }

    /// As [`Engine::schedule_group`], watched.
    pub(crate) fn schedule_group_observed(
        &self,
        cluster: &Snapshot,
        (pods, least): (&[Arc<PodInfo>], usize),
        (rng, observer): (&mut Rng, Option<&dyn Observer>),
    ) -> GroupDecision {
        let mut trial = cluster.clone();
        let (mut places, mut waiting, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for (number, pod) in pods.iter().enumerate() {
            match self.schedule_observed(&trial, pod, (&mut *rng, observer)) {
                Decision::Place { node, .. } => {
                    // What was set aside for it is not to be counted beside it.
                    trial.unnominate(pod.key());
                    trial.assume(pod, &node);
                    places.push((number, node));
                }
                Decision::Unschedulable(why) => match why.nominated.clone() {
                    Some(node) => {
                        why.victims.iter().for_each(|victim| trial.remove_pod(victim));
                        trial.unnominate(pod.key());
                        trial.assume(pod, &node);
                        waiting.push((number, why));
                    }
                    None => others.push((number, why)),
                },
                Decision::Failed(error) => return GroupDecision::Failed(error),
            }
            if pods.len() - others.len() < least {
                break;
            }
        }
        let found = places.len();
        if found >= least && found > 0 {
            // Who would have to wait is not needed: nobody has to go for it.
            others.extend(waiting.into_iter().map(|(number, why)| (number, without_victims(why))));
            others.sort_by_key(|(number, _)| *number);
            GroupDecision::Place { places, others }
        } else if found + waiting.len() >= least && !waiting.is_empty() {
            GroupDecision::MakeRoom { waiting, places }
        } else {
            GroupDecision::Unschedulable { placed: found, first: others.into_iter().next() }
        }
    }
}

fn without_victims(why: Why) -> Why {
    Why { nominated: None, victims: Vec::new(), ..why }
}
