//! What a DaemonSet needs next. Pure.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/daemon` (`manage`, `podsShouldBeOnNode`, `updateDaemonSetStatus`).

use super::backoff::Backoff;
use super::nodes::{Eligibility, Verdict, target_of};
use super::rolling::{allows_surge, delete, roll};
use super::template::REVISION;
use crate::builtin::availability::next_availability;
use jiff::Timestamp;
use kube_core::kinds::apps::v1::{DaemonSet, DaemonSetStatus};
use kube_core::resource::{ObjectKey, ResourceExt, Uid};
use kube_core::view::{NodeView, PodPhase, PodView};
use kube_store::client::events::EventType;
use kube_store::mutant::{self, Mutant};
use std::collections::BTreeMap;
use std::mem::discriminant;
use std::sync::Arc;
use std::time::Duration;

/// Most pods created, and most deleted, in one go.
pub const BURST: usize = 250;

/// What there is.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The DaemonSet.
    pub set: &'a DaemonSet,
    /// All nodes, by name.
    pub nodes: &'a [Arc<NodeView>],
    /// The set's pods.
    pub pods: &'a [Arc<PodView>],
    /// The hash of the present revision.
    pub hash: &'a str,
    /// How often the name of a revision was taken.
    pub collisions: i32,
    /// When failed pods of a node were replaced.
    pub backoff: &'a dyn Fn(&str) -> Option<Backoff>,
    /// The time.
    pub now: Timestamp,
}

impl View<'_> {
    pub(super) fn is_new(&self, pod: &PodView) -> bool {
        pod.meta.labels.get(REVISION).is_some_and(|hash| **hash == *self.hash)
    }

    pub(super) fn is_available(&self, pod: &PodView) -> bool {
        pod.is_available(self.min_ready_seconds(), self.now)
    }

    fn min_ready_seconds(&self) -> i32 {
        self.set.spec.as_ref().and_then(|spec| spec.min_ready_seconds).unwrap_or(0)
    }
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View")
            .field("set", &self.set.key())
            .field("nodes", &self.nodes.len())
            .field("pods", &self.pods.len())
            .finish_non_exhaustive()
    }
}

/// What to do, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Writes; those of one kind in a row may overlap.
    pub ops: Vec<Op>,
    /// The status of what there is.
    pub status: DaemonSetStatus,
    /// What to tell people.
    pub events: Vec<(EventType, &'static str, String)>,
    /// Nodes whose failed pod is replaced.
    pub failed: Vec<Arc<str>>,
    /// When to look again, if nothing happens.
    pub requeue: Option<Duration>,
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Create a pod for the node of that name.
    Create(Arc<str>),
    /// Delete a pod.
    Delete(ObjectKey, Uid),
}

/// A node as a post of the set: what it is to have there, and the pods that are, oldest first.
pub(super) struct Post<'a> {
    pub(super) name: &'a Arc<str>,
    pub(super) verdict: Verdict,
    pub(super) pods: Vec<Arc<PodView>>,
}

impl Post<'_> {
    /// Whether an update looks at it.
    pub(super) fn concerns(&self) -> bool {
        self.verdict == Verdict::Runs || !self.pods.is_empty()
    }
}

/// Plans the next step; nothing where the template cannot be read.
pub fn plan(view: &View<'_>) -> Plan {
    let Some(eligibility) = Eligibility::of(view.set) else { return Plan::default() };
    let mut by_node: BTreeMap<Arc<str>, Vec<Arc<PodView>>> = BTreeMap::new();
    for pod in view.pods {
        // One that has ended and is going is as good as gone.
        let leaves = pod.is_terminal() && pod.is_terminating()
            || pod.node_name().is_none() && mutant::is(Mutant::ForgetsUnboundDaemons);
        if let Some(node) = target_of(pod).filter(|_| !leaves) {
            by_node.entry(node).or_default().push(pod.clone());
        }
    }
    let posts: Vec<Post<'_>> = view
        .nodes
        .iter()
        .map(|node| {
            let mut pods = by_node.remove(&node.meta.name).unwrap_or_default();
            pods.sort_by_cached_key(|pod| oldest_first(pod));
            Post { name: &node.meta.name, verdict: eligibility.judge(node), pods }
        })
        .collect();
    let mut plan = Plan { status: status(view, &posts), ..Plan::default() };
    for post in &posts {
        keep(view, post, &mut plan);
    }
    // Pods made for nodes that are gone will never be bound, and nobody else takes them away.
    let lost = by_node.values().flatten().filter(|pod| pod.node_name().is_none() && !pod.is_terminating());
    plan.ops.extend(lost.map(|pod| delete(pod)));
    let rolls = view.set.spec.as_ref().and_then(|spec| spec.update_strategy.as_ref());
    if plan.ops.is_empty() && rolls.and_then(|strategy| strategy.type_.as_deref()) != Some("OnDelete") {
        plan.ops = roll(view, &posts);
    }
    plan.ops = limited(plan.ops);
    let waits = next_availability(view.pods, view.min_ready_seconds(), view.now);
    plan.requeue = plan.requeue.into_iter().chain(waits).min();
    plan
}

/// Creations first, and of each kind no more than [`BURST`].
fn limited(ops: Vec<Op>) -> Vec<Op> {
    let (mut creations, mut deletions): (Vec<Op>, Vec<Op>) =
        ops.into_iter().partition(|op| matches!(op, Op::Create(_)));
    creations.truncate(BURST);
    deletions.truncate(BURST);
    creations.extend(deletions);
    debug_assert!(creations.chunk_by(|a, b| discriminant(a) == discriminant(b)).count() <= 2, "two batches");
    creations
}

/// Makes the pods of one node those that it is to have, whatever their revision.
///
/// Source: `podsShouldBeOnNode`.
fn keep(view: &View<'_>, post: &Post<'_>, plan: &mut Plan) {
    let staying = || post.pods.iter().filter(|pod| !pod.is_terminating());
    match post.verdict {
        Verdict::Never => return plan.ops.extend(staying().map(|pod| delete(pod))),
        Verdict::Runs if post.pods.is_empty() => return plan.ops.push(Op::Create(post.name.clone())),
        Verdict::Runs | Verdict::Stays => {}
    }
    let mut running = Vec::new();
    for pod in staying() {
        match pod.status.phase {
            PodPhase::Failed => replace_failed(view, post, pod, plan),
            PodPhase::Succeeded => {
                let (name, node) = (pod.meta.key(), post.name);
                let told = format!("Found succeeded daemon pod {name} on node {node}, will try to delete it");
                plan.events.push((EventType::Normal, "SucceededDaemonPod", told));
                plan.ops.push(delete(pod));
            }
            _ => running.push(pod),
        }
    }
    if !allows_surge(view.set) {
        // The oldest stays.
        return plan.ops.extend(running.into_iter().skip(1).map(|pod| delete(pod)));
    }
    match running.as_slice() {
        [] if post.verdict == Verdict::Runs => plan.ops.push(Op::Create(post.name.clone())),
        [] | [_] => {}
        several => plan.ops.extend(superseded(view, several).into_iter().map(|pod| delete(pod))),
    }
}

/// Of several pods on a node: all but the oldest of each revision, and the old one when it is not ready or the new one
/// is available.
fn superseded<'a>(view: &View<'_>, running: &[&'a Arc<PodView>]) -> Vec<&'a Arc<PodView>> {
    let (new, old): (Vec<_>, Vec<_>) = running.iter().copied().partition(|pod| view.is_new(pod));
    let mut gone: Vec<_> = new.iter().skip(1).chain(old.iter().skip(1)).copied().collect();
    if let (Some(new), Some(old)) = (new.first(), old.first())
        && (!old.is_ready() || view.is_available(new))
    {
        gone.push(old);
    }
    gone
}

/// A node that refuses its pod must not make a loop of it.
fn replace_failed(view: &View<'_>, post: &Post<'_>, pod: &PodView, plan: &mut Plan) {
    let left = (view.backoff)(post.name).and_then(|backoff| backoff.left(view.now));
    if let Some(left) = left {
        plan.requeue = plan.requeue.into_iter().chain([left]).min();
        return;
    }
    let (name, node) = (pod.meta.key(), post.name);
    let told = format!("Found failed daemon pod {name} on node {node}, will try to kill it");
    plan.events.push((EventType::Warning, "FailedDaemonPod", told));
    plan.failed.push(post.name.clone());
    plan.ops.push(delete(pod));
}

/// Bound pods before others, then by age.
///
/// Source: `podByCreationTimestampAndPhase`.
fn oldest_first(pod: &PodView) -> (bool, Option<Timestamp>, Arc<str>) {
    (pod.node_name().is_none(), pod.meta.creation_timestamp, pod.meta.name.clone())
}

fn status(view: &View<'_>, posts: &[Post<'_>]) -> DaemonSetStatus {
    let [mut desired, mut current, mut misscheduled, mut ready, mut updated, mut available] = [0; 6];
    for post in posts {
        let first = post.pods.first();
        if post.verdict != Verdict::Runs {
            misscheduled += i32::from(first.is_some());
            continue;
        }
        desired += 1;
        let Some(pod) = first else { continue };
        current += 1;
        updated += i32::from(view.is_new(pod));
        if pod.is_ready() {
            ready += 1;
            available += i32::from(view.is_available(pod));
        }
    }
    let count = |number: i32| (number > 0).then_some(number);
    let old = view.set.status.clone().unwrap_or_default();
    DaemonSetStatus {
        collision_count: count(view.collisions).or(old.collision_count),
        conditions: old.conditions,
        current_number_scheduled: current,
        desired_number_scheduled: desired,
        number_available: count(available),
        number_misscheduled: misscheduled,
        number_ready: ready,
        number_unavailable: count(desired - available),
        observed_generation: view.set.metadata.generation,
        updated_number_scheduled: count(updated),
    }
}
