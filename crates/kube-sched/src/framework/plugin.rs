//! The extension points, one small trait each.
//!
//! A plugin implements [`Plugin`] and the traits of the points it takes part in, and lists them in
//! [`Plugin::points`]. What each answer makes the scheduler do stands with the method.
//!
//! Source: `k8s.io/kube-scheduler/framework` (`interface.go`), Kubernetes v1.36.

use super::Watch;
use super::{
    ClusterEvent, EventSet, Hint, NodeRef, NodeSet, Nodes, Normalize, PodInfo, Points, Reads, Reason,
    Reasons, Verdict,
};
use crate::engine::Room;
use crate::guard::Basis;
use crate::snapshot::{BoundPod, Snapshot};
use async_trait::async_trait;
use kube_core::env::Mono;
use kube_core::error::ApiError;
use kube_store::service::{ObjectService, Write};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// A named policy with one or more extension points.
pub trait Plugin: Send + Sync + 'static {
    /// Its name, unique in a profile.
    fn name(&self) -> &'static str;

    /// What its `filter` and `score` read of a node and of other kinds. Reading anything else panics in debug builds.
    fn reads(&self) -> Reads;

    /// Whether its filter is monotone in pods: one that goes from a node never makes the node unfit, and one that comes
    /// never makes it fit. Claimed, it spares pods that it rejected from being looked at when pods are bound;
    /// [`Engine::check`](crate::engine::Engine::check) holds it to the claim.
    fn monotone(&self) -> bool {
        false
    }

    /// Names the informers that it reads outside of nodes and pods, of the kinds that [`Plugin::reads`] declares: their
    /// changes wake the pods that it rejected. Called once, when the scheduler starts.
    fn follow(&self, _watch: &mut Watch) {}

    /// Lists the extension points it takes part in: `points.filter(self.clone()).score(self);`.
    fn points(self: Arc<Self>, points: &mut Points);
}

/// Decides whether a pod may enter the queue at all.
pub trait PreEnqueue: Plugin {
    /// Anything but [`Verdict::Fits`] gates the pod: it waits, without back-off, until the pod itself changes or an
    /// event that this plugin listens to queues it.
    fn pre_enqueue(&self, pod: &PodInfo) -> Verdict;
}

/// Orders the active queue. A profile has exactly one.
pub trait QueueSort: Plugin {
    /// The place of `pod`, which entered the queue at `since`: the smallest key goes first.
    ///
    /// A key instead of Kubernetes' `Less`, so that the order is total whatever a plugin does.
    fn key(&self, pod: &PodInfo, since: Mono) -> SortKey;
}

/// A place in the active queue: compared by its numbers from left to right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SortKey(pub [i64; 2]);

/// Looks at the pod once per attempt, then filters nodes with what it found.
pub trait PreFilter: Plugin {
    /// What one attempt computes for its filter. Cheap to clone: it is, for every node where room is sought.
    type State: Clone + Send + Sync;

    /// Whether pods that come and go change the state: then [`PreFilter::adjust`] must be implemented.
    const ADJUSTS: bool = false;

    /// Called once per attempt, before any node is filtered.
    fn pre_filter(&self, pod: &PodInfo, nodes: Nodes<'_>) -> PreFiltered<Self::State>;

    /// Called for every node that no earlier plugin rejected. The first plugin that rejects a node has the word.
    fn filter(&self, state: &Self::State, pod: &PodInfo, node: NodeRef<'_>) -> Verdict;

    /// Whether `filter` says that `node` fits. Asked again and again where room is sought; a plugin implements it where it
    /// can tell without naming reasons.
    fn fits(&self, state: &Self::State, pod: &PodInfo, node: NodeRef<'_>) -> bool {
        self.filter(state, pod, node).fits()
    }

    /// Keeps of `set` the nodes that fit. What it leaves must be what `filter` leaves; a plugin implements it where it
    /// can tell faster for many nodes than for each.
    fn retain(&self, state: &Self::State, pod: &PodInfo, nodes: Nodes<'_>, set: &mut NodeSet) {
        set.retain(|slot| nodes.at(slot).is_some_and(|node| self.filter(state, pod, node).fits()));
    }

    /// Takes into the state that `other` comes to `node` (`by` 1) or goes from it (-1), as far as what is seen from
    /// elsewhere is concerned; `node` itself is up to date. Called only where [`PreFilter::ADJUSTS`].
    fn adjust(&self, _state: &mut Self::State, _pod: &PodInfo, _other: &BoundPod, _at: (NodeRef<'_>, i64)) {}

    /// What would make `node` fit, nearest first; for explanations only. Called where `filter` rejects.
    fn remedies(&self, _state: &Self::State, _pod: &PodInfo, _node: NodeRef<'_>) -> Vec<Remedy> {
        Vec::new()
    }
}

/// What looking at the pod gave.
#[derive(Debug)]
pub enum PreFiltered<S> {
    /// The plugin has nothing to say about this pod: its filter is not called.
    Skip,
    /// Every node goes on.
    All(S),
    /// Only the nodes of these names go on; a name may be of no node.
    Only {
        /// What the filter needs.
        state: S,
        /// The names.
        nodes: BTreeSet<Arc<str>>,
    },
    /// No node will do, for now ([`Verdict::No`]'s meaning).
    Reject(Reasons),
    /// No node will do whatever pods go: the attempt ends at once.
    RejectForGood(Reasons),
}

/// Filters nodes without looking at the pod first.
pub trait Filter: Plugin {
    /// Called for every node that no earlier plugin rejected.
    fn filter(&self, pod: &PodInfo, node: NodeRef<'_>) -> Verdict;

    /// Keeps of `set` the nodes that fit: see [`PreFilter::retain`].
    fn retain(&self, pod: &PodInfo, nodes: Nodes<'_>, set: &mut NodeSet) {
        set.retain(|slot| nodes.at(slot).is_some_and(|node| self.filter(pod, node).fits()));
    }

    /// What would make `node` fit; for explanations only.
    fn remedies(&self, _pod: &PodInfo, _node: NodeRef<'_>) -> Vec<Remedy> {
        Vec::new()
    }
}

/// A change that would lift one rejection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// The change, as an order: `remove taint dedicated=db:NoSchedule`.
    pub change: String,
    /// How far away it is, in thousandths of what the node has; 0 where there is no measure.
    pub distance_permille: u64,
}

impl Remedy {
    /// A change without a measure.
    pub fn new(change: impl Into<String>) -> Self {
        Self { change: change.into(), distance_permille: 0 }
    }
}

/// Runs when no node fits: may make room.
pub trait PostFilter: Plugin {
    /// Called in order until one nominates a node.
    fn post_filter(&self, pod: &PodInfo, room: &Room<'_>) -> PostFiltered;
}

/// What making room gave.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PostFiltered {
    /// Nothing can be done; the text is appended to the pod's message.
    Nothing(Option<Reason>),
    /// As before, and room that was set aside for the pod earlier is given up.
    Nowhere(Reason),
    /// Room will be on a node once some pods are gone.
    Nominate {
        /// The node.
        node: Arc<str>,
        /// The pods, most important first.
        victims: Vec<Arc<BoundPod>>,
    },
}

/// Looks at the pod and the nodes that fit once, then scores those nodes.
pub trait PreScore: Plugin {
    /// What one attempt computes for its score.
    type State: Send + Sync;

    /// Called once per attempt with the nodes that fit. `None`: the plugin adds nothing for this pod.
    fn pre_score(&self, pod: &PodInfo, nodes: Nodes<'_>) -> Option<Self::State>;

    /// A raw score: more is better unless the normalization is reversed.
    fn score(&self, state: &Self::State, pod: &PodInfo, node: NodeRef<'_>) -> i64;

    /// The raw scores of all of `nodes`, in their order: what `score` gives for each.
    fn score_all(&self, state: &Self::State, pod: &PodInfo, nodes: Nodes<'_>, scores: &mut Vec<i64>) {
        scores.extend(nodes.iter().map(|node| self.score(state, pod, node)));
    }

    /// How raw scores become `0..=100`.
    fn normalization(&self) -> Normalize {
        Normalize::None
    }

    /// Normalizes in the plugin's own way; called only for [`Normalize::Custom`]. `scores` are in the order of
    /// `nodes`.
    fn normalize(&self, _state: &Self::State, _pod: &PodInfo, _nodes: Nodes<'_>, _scores: &mut [i64]) {}
}

/// Scores nodes without looking first.
pub trait Score: Plugin {
    /// A raw score: more is better unless the normalization is reversed. After normalization it must be within
    /// `0..=100`, else the attempt fails with an error of this plugin.
    fn score(&self, pod: &PodInfo, node: NodeRef<'_>) -> i64;

    /// The raw scores of all of `nodes`, in their order: what `score` gives for each.
    fn score_all(&self, pod: &PodInfo, nodes: Nodes<'_>, scores: &mut Vec<i64>) {
        scores.extend(nodes.iter().map(|node| self.score(pod, node)));
    }

    /// How raw scores become `0..=100`.
    fn normalization(&self) -> Normalize {
        Normalize::None
    }
}

/// Keeps books of what is set aside outside of nodes.
pub trait Reserve: Plugin {
    /// Called after a node was chosen and the pod was counted there, before it is bound. A rejection takes the pod back
    /// to the queue, after `unreserve` of every plugin, the last first.
    fn reserve(&self, cluster: &mut Snapshot, pod: &PodInfo, node: &str) -> Verdict;

    /// Undoes `reserve`; also called where `reserve` was not. Must not fail.
    fn unreserve(&self, cluster: &mut Snapshot, pod: &PodInfo, node: &str);
}

/// Holds back or refuses a pod that has its node.
pub trait Permit: Plugin {
    /// Called after every `reserve`.
    fn permit(&self, pod: &PodInfo, node: &str) -> Permission;
}

/// What [`Permit`] answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Permission {
    /// Go on.
    Granted,
    /// Back to the queue, for these reasons.
    Refused(Reasons),
    /// Wait until the pod is allowed or refused through the scheduler's handle; refused after this long, 15 minutes
    /// at most.
    Wait(Duration),
}

/// What binding a pod may use.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BindContext {
    /// The store.
    pub service: Arc<dyn ObjectService>,
    /// What the decision rests on, to be said in the binding; `None` where nobody asks.
    pub basis: Option<Basis>,
}

impl BindContext {
    /// A context on `service`.
    pub fn new(service: Arc<dyn ObjectService>) -> Self {
        Self { service, basis: None }
    }

    /// The same for a decision that rests on `basis`.
    #[must_use]
    pub fn resting_on(self, basis: Basis) -> Self {
        Self { basis: Some(basis), ..self }
    }
}

/// Prepares what the pod needs on its node.
#[async_trait]
pub trait PreBind: Plugin {
    /// Called before the pod is bound. An error takes the pod back to the queue, with a back-off.
    ///
    /// # Errors
    /// What could not be prepared.
    async fn pre_bind(&self, cx: &BindContext, pod: &PodInfo, node: &str) -> Result<(), ApiError>;
}

/// Binds pods to nodes.
#[async_trait]
pub trait Bind: Plugin {
    /// Called in order until one does not answer [`Bound::Skip`].
    ///
    /// # Errors
    /// The pod was not bound; it goes back to the queue, with a back-off.
    async fn bind(&self, cx: &BindContext, pod: &PodInfo, node: &str) -> Result<Bound, ApiError>;

    /// The binding as one write, to be stored together with those of the other pods of a gang; `None` where there is more
    /// to it, so that the pods of a gang are bound one by one.
    fn write(&self, _cx: &BindContext, _pod: &PodInfo, _node: &str) -> Option<Write> {
        None
    }
}

/// What a binder did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The pod is bound.
    Done,
    /// This pod is not this binder's.
    Skip,
}

/// Is told of pods that were bound.
pub trait PostBind: Plugin {
    /// Called once, after the pod was bound. Must be quick.
    fn post_bind(&self, pod: &PodInfo, node: &str);
}

/// Says which events may make a pod schedulable that this plugin rejected. Without it every event does.
pub trait EnqueueHints: Plugin {
    /// The kinds of event to be asked about.
    fn events(&self) -> EventSet;

    /// Whether `event` may have lifted this plugin's rejection of `pod`. When in doubt: [`Hint::Queue`].
    fn hint(&self, pod: &PodInfo, event: &ClusterEvent) -> Hint;
}
