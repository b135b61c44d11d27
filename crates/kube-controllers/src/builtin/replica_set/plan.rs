//! What a ReplicaSet needs next. Pure.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/replicaset` (`syncReplicaSet`, `manageReplicas`, `calculateStatus`).

use jiff::Timestamp;
use kube_core::condition::{self, TRUE};
use kube_core::kinds::apps::v1::{ReplicaSet, ReplicaSetCondition, ReplicaSetStatus};
use kube_core::kinds::meta::v1::Time;
use kube_core::resource::{ObjectKey, ResourceExt, Uid};
use kube_core::selector::{LabelSet, Selector};
use kube_core::view::PodView;
use kube_store::mutant::{self, Mutant};
use std::sync::Arc;
use std::time::Duration;

use super::ranks::deletion_order;
use super::rejections;
use crate::builtin::availability::next_availability;
use crate::builtin::claim::{Claim, Claimant};

/// Most pods created or deleted in one go.
pub const BURST: usize = 500;

/// Condition: pods cannot be created or deleted.
pub const REPLICA_FAILURE: &str = "ReplicaFailure";

/// What there is.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The ReplicaSet.
    pub set: &'a ReplicaSet,
    /// The pods that it controls, and those without a controller that it might adopt.
    pub pods: &'a [Arc<PodView>],
    /// The pods of all ReplicaSets with the same owner, asked for when pods have to go.
    pub related: &'a dyn Fn() -> Vec<Arc<PodView>>,
    /// The time.
    pub now: Timestamp,
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View")
            .field("set", &self.set.key())
            .field("pods", &self.pods.len())
            .finish_non_exhaustive()
    }
}

/// What to do, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Writes, one after the other; those of one kind in a row may overlap.
    pub ops: Vec<Op>,
    /// What the pods add up to.
    pub tally: Tally,
    /// When to look again, if nothing happens: a pod becomes available by waiting.
    pub requeue: Option<Duration>,
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Make a pod without a controller ours.
    Adopt(ObjectKey, Uid),
    /// Give up a pod that is not selected any more.
    Release(ObjectKey, Uid),
    /// Create a pod from the template.
    Create,
    /// Delete a pod.
    Delete(ObjectKey, Uid),
}

/// Counts of pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Neither ended nor terminating.
    pub active: i32,
    /// Active, with all labels of the template.
    pub fully_labeled: i32,
    /// Active and ready.
    pub ready: i32,
    /// Ready for long enough.
    pub available: i32,
    /// Terminating and not ended yet.
    pub terminating: i32,
}

/// Plans the next step.
pub fn plan(view: &View<'_>) -> Plan {
    let set = view.set;
    let Some(spec) = &set.spec else { return Plan::default() };
    // A selector that cannot be read selects nothing: no pod is created for it either.
    let Ok(selector) = Selector::from_label_selector(Some(&spec.selector)) else { return Plan::default() };
    let uid = set.uid();
    let claimant = Claimant { uid: &uid, selector: &selector, terminating: set.is_terminating() };
    let mut ops = Vec::new();
    let mut active = Vec::new();
    let mut terminating = 0;
    for pod in view.pods {
        let controller = pod.meta.controller().map(|owner| &owner.uid);
        let claim = claimant.judge(&pod.meta.labels, controller, pod.is_terminating());
        let counts = if mutant::is(Mutant::CountsTerminating) { !pod.is_terminal() } else { pod.is_active() };
        if !counts {
            terminating += i32::from(claim == Claim::Ours && pod.is_terminating() && !pod.is_terminal());
            continue;
        }
        match claim {
            Claim::Ours => active.push(pod.clone()),
            Claim::Orphan => {
                ops.push(Op::Adopt(pod.meta.key(), pod.meta.uid.clone()));
                active.push(pod.clone());
            }
            Claim::Stray => ops.push(Op::Release(pod.meta.key(), pod.meta.uid.clone())),
            Claim::Foreign => {}
        }
    }
    let tally = tally(set, &active, terminating, view.now);
    let mut requeue = next_availability(&active, min_ready_seconds(set), view.now);
    if !set.is_terminating() {
        let (changes, wait) = resize(view, &active);
        ops.extend(changes);
        requeue = requeue.into_iter().chain(wait).min();
    }
    Plan { ops, tally, requeue }
}

/// Pods to create or to delete, and how long to wait before more may be created.
fn resize(view: &View<'_>, active: &[Arc<PodView>]) -> (Vec<Op>, Option<Duration>) {
    let wanted = usize::try_from(wanted(view.set)).unwrap_or(0);
    if active.len() < wanted {
        return match rejections::wait(view.pods, wanted, view.now) {
            Some(wait) if !mutant::is(Mutant::LoopsOnRejectedPods) => (Vec::new(), Some(wait)),
            _ => (vec![Op::Create; (wanted - active.len()).min(BURST)], None),
        };
    }
    let surplus = (active.len() - wanted).min(BURST);
    let victims = match surplus {
        0 => return (Vec::new(), None),
        // Whoever goes with all others needs no rank.
        all if all == active.len() => active.to_vec(),
        _ => deletion_order(active, &(view.related)(), view.now),
    };
    let delete = |pod: Arc<PodView>| Op::Delete(pod.meta.key(), pod.meta.uid.clone());
    (victims.into_iter().take(surplus).map(delete).collect(), None)
}

/// Pods wanted.
pub fn wanted(set: &ReplicaSet) -> i32 {
    set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1)
}

pub(super) fn min_ready_seconds(set: &ReplicaSet) -> i32 {
    set.spec.as_ref().and_then(|spec| spec.min_ready_seconds).unwrap_or(0)
}

/// What has all labels of the template.
pub(super) fn template_labels(set: &ReplicaSet) -> Selector {
    let labels =
        set.spec.as_ref().and_then(|spec| spec.template.as_ref()?.metadata.as_ref()?.labels.as_ref());
    Selector::from_labels(LabelSet::from(labels))
}

fn tally(set: &ReplicaSet, active: &[Arc<PodView>], terminating: i32, now: Timestamp) -> Tally {
    let template = template_labels(set);
    let min_ready = min_ready_seconds(set);
    let mut tally = Tally { terminating, ..Tally::default() };
    for pod in active {
        tally.active += 1;
        tally.fully_labeled += i32::from(template.matches(&pod.meta.labels));
        if pod.is_ready() {
            tally.ready += 1;
            tally.available += i32::from(pod.is_available(min_ready, now));
        }
    }
    tally
}

/// The status of `set` with these pods; `failure` is what went wrong with the writes, if anything.
pub fn status(set: &ReplicaSet, tally: &Tally, failure: Option<&str>, now: Timestamp) -> ReplicaSetStatus {
    let old = set.status.clone().unwrap_or_default();
    let mut conditions = old.conditions.unwrap_or_default();
    match failure {
        None => {
            condition::remove(&mut conditions, REPLICA_FAILURE);
        }
        // The first failure stays until it is over.
        Some(_) if condition::find(&conditions, REPLICA_FAILURE).is_some() => {}
        Some(message) => {
            let short = tally.active < wanted(set);
            conditions.push(ReplicaSetCondition {
                type_: REPLICA_FAILURE.to_owned(),
                status: TRUE.to_owned(),
                reason: Some(if short { "FailedCreate" } else { "FailedDelete" }.to_owned()),
                message: Some(message.to_owned()),
                last_transition_time: Some(Time(now)),
            });
        }
    }
    let count = |number: i32| (number > 0).then_some(number);
    ReplicaSetStatus {
        replicas: tally.active,
        fully_labeled_replicas: count(tally.fully_labeled),
        ready_replicas: count(tally.ready),
        available_replicas: count(tally.available),
        terminating_replicas: Some(if mutant::is(Mutant::StatusBumpsItself) {
            old.terminating_replicas.unwrap_or(0) + 1
        } else {
            tally.terminating
        }),
        observed_generation: set.metadata.generation,
        conditions: (!conditions.is_empty()).then_some(conditions),
    }
}
