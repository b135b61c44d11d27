//! One pod, from the queue to a node that it is assumed on.

use super::meter::{Ended, Watcher};
use super::profiles::Profiles;
use super::shared::{Shared, State};
use crate::engine::{Decision, ERROR, Laps, Observer, SUCCESS, UNSCHEDULABLE, WAIT};
use crate::explain::{PodRejection, Why};
use crate::framework::{Permission, PluginError, PodInfo, Reasons, Verdict, guarded};
use crate::guard::Basis;
use crate::profile::{Point, Resolved};
use crate::queue::QueuedPod;
use crate::snapshot::Snapshot;
use kube_core::env::{Mono, Rng};
use kube_store::mutant::{self, Mutant};
use kube_store::storage::Revision;
use std::sync::Arc;
use std::time::Duration;

/// What is to be done about a pod that was decided.
pub(super) enum Outcome {
    /// Bind it, once those who wait have given their permission.
    Bind(Binding),
    /// Bind these pods of a group together, once those who wait have given their permission.
    BindAll(Vec<Binding>),
    /// Do one after the other.
    All(Vec<Self>),
    /// Tell that no node fits; `displaced` have lost the room that was set aside for them to this pod.
    Unschedulable { popped: QueuedPod, why: Why, displaced: Vec<Arc<PodInfo>> },
    /// Tell that something broke.
    Failed { popped: QueuedPod, error: PluginError },
}

/// A pod that has its node.
pub(super) struct Binding {
    pub(super) popped: QueuedPod,
    pub(super) node: Arc<str>,
    /// Who wants it to wait, and for how long at most.
    pub(super) wait: Vec<(&'static str, Duration)>,
    pub(super) basis: Basis,
    /// When the attempt began.
    pub(super) begun: Mono,
}

/// Why a plugin took a pod back from its node.
pub(super) enum Refusal {
    Rejected(&'static str, Reasons),
    Broke(PluginError),
}

impl Shared {
    /// Decides the next pod; `None` while none is ready. `seen`: what the snapshot certainly shows.
    pub(super) fn decide(&self, rng: &mut Rng, seen: Revision) -> Option<Outcome> {
        let mut state = self.state();
        let now = self.env.now();
        let popped = state.queue.pop(now)?;
        let outcome = match state.queue.pop_gang(popped) {
            Ok(gang) => self.decide_gang(&mut state, gang, rng, (seen, now)),
            Err(popped) => self.decide_one(&mut state, popped, rng, (seen, now))?,
        };
        self.meter.decided(&mut state, (now, self.env.now()));
        Some(outcome)
    }

    fn decide_one(
        &self,
        state: &mut State,
        popped: QueuedPod,
        rng: &mut Rng,
        (seen, now): (Revision, Mono),
    ) -> Option<Outcome> {
        let engine = self.profiles.of(popped.pod.view())?;
        let watcher = self.watcher(&popped);
        let observer = watcher.as_ref().map(|watcher| watcher as &dyn Observer);
        let decision = engine.schedule_observed(&state.cluster, &popped.pod, (rng, observer));
        Some(match decision {
            Decision::Place { node, .. } => self.take(state, popped, node, (seen, now)),
            Decision::Unschedulable(why) => self.reject(state, popped, why, now),
            Decision::Failed(error) => self.fail(state, popped, error, now),
        })
    }

    /// Counts the pod on its node, if the plugins that keep books agree.
    fn take(
        &self,
        state: &mut State,
        popped: QueuedPod,
        node: Arc<str>,
        (seen, now): (Revision, Mono),
    ) -> Outcome {
        match self.try_take(state, popped, node, seen) {
            Ok(binding) => {
                state.queue.binding(&binding.popped);
                Outcome::Bind(binding)
            }
            Err((popped, Refusal::Broke(error))) => self.fail(state, popped, error, now),
            Err((popped, Refusal::Rejected(plugin, reasons))) => {
                let why = refused(state.cluster.node_count(), plugin, reasons);
                self.reject(state, popped, why, now)
            }
        }
    }

    /// Counts the pod on its node, or leaves everything as it was.
    pub(super) fn try_take(
        &self,
        state: &mut State,
        popped: QueuedPod,
        node: Arc<str>,
        seen: Revision,
    ) -> Result<Binding, (QueuedPod, Refusal)> {
        if !mutant::is(Mutant::ForgetsAssumed) {
            state.cluster.assume(&popped.pod, &node);
        }
        state.cluster.unnominate(popped.pod.key());
        match self.reserve(&mut state.cluster, &popped, &node) {
            Ok(wait) => {
                let basis = Basis::new(state.binder.clone(), seen);
                Ok(Binding { popped, node, wait, basis, begun: self.env.now() })
            }
            Err(refusal) => {
                self.unreserve(&mut state.cluster, &popped, &node);
                state.cluster.forget(popped.pod.key());
                Err((popped, refusal))
            }
        }
    }

    /// Runs Reserve and Permit; gives who wants to wait, and how long.
    fn reserve(
        &self,
        cluster: &mut Snapshot,
        popped: &QueuedPod,
        node: &str,
    ) -> Result<Vec<(&'static str, Duration)>, Refusal> {
        let watcher = self.watcher(popped);
        let observer = watcher.as_ref().map(|watcher| watcher as &dyn Observer);
        let mut laps = Laps::begin(observer, "Reserve");
        for plugin in self.at(popped, Point::Reserve) {
            let Some(reserve) = &plugin.points.reserve else { continue };
            let refusal = match guarded(|| reserve.reserve(cluster, &popped.pod, node)) {
                Ok(Verdict::Fits) => None,
                Ok(Verdict::No(reasons) | Verdict::Never(reasons)) => {
                    Some(Refusal::Rejected(plugin.name, reasons))
                }
                Err(text) => Some(Refusal::Broke(PluginError::new(plugin.name, "Reserve", text))),
            };
            let status = refusal.as_ref().map_or(SUCCESS, Refusal::status);
            laps.lap(plugin.name, status);
            if let Some(refusal) = refusal {
                laps.end(status);
                return Err(refusal);
            }
        }
        laps.end(SUCCESS);
        self.permit(popped, node, observer)
    }

    /// Runs Permit; gives who wants to wait, and how long.
    fn permit(
        &self,
        popped: &QueuedPod,
        node: &str,
        observer: Option<&dyn Observer>,
    ) -> Result<Vec<(&'static str, Duration)>, Refusal> {
        let (mut waits, mut laps) = (Vec::new(), Laps::begin(observer, "Permit"));
        for plugin in self.at(popped, Point::Permit) {
            let Some(permit) = &plugin.points.permit else { continue };
            let refusal = match guarded(|| permit.permit(&popped.pod, node)) {
                Ok(Permission::Granted) => None,
                Ok(Permission::Wait(most)) => {
                    waits.push((plugin.name, most));
                    laps.lap(plugin.name, WAIT);
                    continue;
                }
                Ok(Permission::Refused(reasons)) => Some(Refusal::Rejected(plugin.name, reasons)),
                Err(text) => Some(Refusal::Broke(PluginError::new(plugin.name, "Permit", text))),
            };
            let status = refusal.as_ref().map_or(SUCCESS, Refusal::status);
            laps.lap(plugin.name, status);
            if let Some(refusal) = refusal {
                laps.end(status);
                return Err(refusal);
            }
        }
        laps.end(if waits.is_empty() { SUCCESS } else { WAIT });
        Ok(waits)
    }

    /// Who watches what is done for the pod, if anybody does.
    pub(super) fn watcher(&self, popped: &QueuedPod) -> Option<Watcher<'_>> {
        self.meter.watcher(&self.env, Profiles::name_of(popped.pod.view()))
    }

    /// Undoes `reserve`, last plugin first.
    pub(super) fn unreserve(&self, cluster: &mut Snapshot, popped: &QueuedPod, node: &str) {
        let plugins = self.at(popped, Point::Reserve).rev();
        let watcher = self.watcher(popped);
        let mut laps = Laps::begin(watcher.as_ref().map(|watcher| watcher as &dyn Observer), "Unreserve");
        for reserve in plugins.filter_map(|plugin| plugin.points.reserve.as_ref()) {
            if let Err(text) = guarded(|| reserve.unreserve(cluster, &popped.pod, node)) {
                tracing::error!(plugin = reserve.name(), text, "unreserve must not fail");
            }
            laps.lap(reserve.name(), SUCCESS);
        }
        laps.end(SUCCESS);
    }

    /// The plugins that take part in a point for the pod, in their order.
    pub(super) fn at(&self, popped: &QueuedPod, point: Point) -> impl DoubleEndedIterator<Item = &Resolved> {
        self.profiles.of(popped.pod.view()).into_iter().flat_map(move |engine| engine.at(point))
    }

    pub(super) fn reject(&self, state: &mut State, popped: QueuedPod, why: Why, now: Mono) -> Outcome {
        self.meter.attempt(&popped, Ended::Unschedulable, (now, self.env.now()));
        let mut displaced = Vec::new();
        match &why.nominated {
            Some(node) => {
                displaced = lesser(state.cluster.nominated(node), &popped.pod);
                for other in &displaced {
                    state.cluster.unnominate(other.key());
                }
                state.cluster.nominate(&popped.pod, node);
            }
            None if why.gives_up_room => state.cluster.unnominate(popped.pod.key()),
            None => {}
        }
        let State { cluster, queue, .. } = &mut *state;
        queue.unschedulable(&popped, why.rejectors(), now, |pod| {
            self.profiles.of(pod.view()).is_none_or(|engine| engine.may_fit(cluster, pod, None))
        });
        if state.queue.pod(popped.pod.key()).is_some() {
            state.whys.insert(popped.pod.key().clone(), why.clone());
        }
        state.tally.rejected += 1;
        Outcome::Unschedulable { popped, why, displaced }
    }

    pub(super) fn fail(
        &self,
        state: &mut State,
        popped: QueuedPod,
        error: PluginError,
        now: Mono,
    ) -> Outcome {
        self.meter.attempt(&popped, Ended::Error, (now, self.env.now()));
        state.queue.failed(&popped, now);
        state.tally.failed += 1;
        Outcome::Failed { popped, error }
    }
}

/// The less important ones: what one that is more important takes on their node may be what they wait for.
///
/// Source: `pkg/scheduler/framework/preemption` (`getLowerPriorityNominatedPods`).
fn lesser(nominated: &[Arc<PodInfo>], pod: &PodInfo) -> Vec<Arc<PodInfo>> {
    nominated.iter().filter(|other| other.priority() < pod.priority()).cloned().collect()
}

impl Refusal {
    fn status(&self) -> &'static str {
        match self {
            Self::Rejected(..) => UNSCHEDULABLE,
            Self::Broke(_) => ERROR,
        }
    }
}

/// The pod had a node, and a plugin did not let it have it.
pub(super) fn refused(nodes: usize, plugin: &'static str, reasons: Reasons) -> Why {
    let pod = Some(PodRejection { plugin, for_good: false, reasons });
    Why { nodes, pod, ..Why::default() }
}
