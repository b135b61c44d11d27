//! One pod, from the queue to a node that it is assumed on.

use super::meter::Ended;
use super::shared::{Shared, State};
use crate::engine::Decision;
use crate::explain::{PodRejection, Why};
use crate::framework::{Permission, PluginError, Reasons, Verdict, guarded};
use crate::profile::{Point, Resolved};
use crate::queue::QueuedPod;
use crate::snapshot::Snapshot;
use kube_core::env::{Mono, Rng};
use kube_store::mutant::{self, Mutant};
use std::sync::Arc;
use std::time::Duration;

/// What is to be done about a pod that was decided.
pub(super) enum Outcome {
    /// Bind it, once those who wait have given their permission.
    Bind { popped: QueuedPod, node: Arc<str>, wait: Vec<(&'static str, Duration)> },
    /// Tell that no node fits.
    Unschedulable { popped: QueuedPod, why: Why },
    /// Tell that something broke.
    Failed { popped: QueuedPod, error: PluginError },
}

/// Why a plugin took a pod back from its node.
enum Refusal {
    Rejected(&'static str, Reasons),
    Broke(PluginError),
}

impl Shared {
    /// Decides the next pod; `None` while none is ready.
    pub(super) fn decide(&self, rng: &mut Rng) -> Option<Outcome> {
        let mut state = self.state();
        let now = self.env.now();
        let popped = state.queue.pop(now)?;
        let engine = self.profiles.of(popped.pod.view())?;
        let decision = engine.schedule_with(&state.cluster, &popped.pod, rng);
        let outcome = match decision {
            Decision::Place { node, .. } => self.take(&mut state, popped, node, now),
            Decision::Unschedulable(why) => self.reject(&mut state, popped, why, now),
            Decision::Failed(error) => Self::fail(&mut state, popped, error, now),
        };
        let ended = match &outcome {
            Outcome::Bind { .. } => Ended::Scheduled,
            Outcome::Unschedulable { .. } => Ended::Unschedulable,
            Outcome::Failed { .. } => Ended::Error,
        };
        self.meter.attempt(ended, (now, self.env.now()));
        self.meter.pending(&state.queue.pending());
        Some(outcome)
    }

    /// Counts the pod on its node, if the plugins that keep books agree.
    fn take(&self, state: &mut State, popped: QueuedPod, node: Arc<str>, now: Mono) -> Outcome {
        if !mutant::is(Mutant::ForgetsAssumed) {
            state.cluster.assume(&popped.pod, &node);
        }
        state.cluster.unnominate(popped.pod.key());
        match self.reserve(&mut state.cluster, &popped, &node) {
            Ok(wait) => {
                state.queue.binding(&popped);
                Outcome::Bind { popped, node, wait }
            }
            Err(refusal) => {
                self.unreserve(&mut state.cluster, &popped, &node);
                state.cluster.forget(popped.pod.key());
                match refusal {
                    Refusal::Broke(error) => Self::fail(state, popped, error, now),
                    Refusal::Rejected(plugin, reasons) => {
                        let why = refused(state.cluster.node_count(), plugin, reasons);
                        self.reject(state, popped, why, now)
                    }
                }
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
        for plugin in self.at(popped, Point::Reserve) {
            let Some(reserve) = &plugin.points.reserve else { continue };
            match guarded(|| reserve.reserve(cluster, &popped.pod, node)) {
                Ok(Verdict::Fits) => {}
                Ok(Verdict::No(reasons) | Verdict::Never(reasons)) => {
                    return Err(Refusal::Rejected(plugin.name, reasons));
                }
                Err(text) => return Err(Refusal::Broke(PluginError::new(plugin.name, "Reserve", text))),
            }
        }
        let mut waits = Vec::new();
        for plugin in self.at(popped, Point::Permit) {
            let Some(permit) = &plugin.points.permit else { continue };
            match guarded(|| permit.permit(&popped.pod, node)) {
                Ok(Permission::Granted) => {}
                Ok(Permission::Wait(most)) => waits.push((plugin.name, most)),
                Ok(Permission::Refused(reasons)) => return Err(Refusal::Rejected(plugin.name, reasons)),
                Err(text) => return Err(Refusal::Broke(PluginError::new(plugin.name, "Permit", text))),
            }
        }
        Ok(waits)
    }

    /// Undoes `reserve`, last plugin first.
    pub(super) fn unreserve(&self, cluster: &mut Snapshot, popped: &QueuedPod, node: &str) {
        let plugins = self.at(popped, Point::Reserve).rev();
        for reserve in plugins.filter_map(|plugin| plugin.points.reserve.as_ref()) {
            if let Err(text) = guarded(|| reserve.unreserve(cluster, &popped.pod, node)) {
                tracing::error!(plugin = reserve.name(), text, "unreserve must not fail");
            }
        }
    }

    /// The plugins that take part in a point for the pod, in their order.
    pub(super) fn at(&self, popped: &QueuedPod, point: Point) -> impl DoubleEndedIterator<Item = &Resolved> {
        self.profiles.of(popped.pod.view()).into_iter().flat_map(move |engine| engine.at(point))
    }

    fn reject(&self, state: &mut State, popped: QueuedPod, why: Why, now: Mono) -> Outcome {
        if let Some(node) = &why.nominated {
            state.cluster.nominate(&popped.pod, node);
        }
        let State { cluster, queue, .. } = &mut *state;
        queue.unschedulable(&popped, why.rejectors(), now, |pod| {
            self.profiles.of(pod.view()).is_none_or(|engine| engine.may_fit(cluster, pod, None))
        });
        if state.queue.pod(popped.pod.key()).is_some() {
            state.whys.insert(popped.pod.key().clone(), why.clone());
        }
        state.tally.rejected += 1;
        Outcome::Unschedulable { popped, why }
    }

    fn fail(state: &mut State, popped: QueuedPod, error: PluginError, now: Mono) -> Outcome {
        state.queue.failed(&popped, now);
        state.tally.failed += 1;
        Outcome::Failed { popped, error }
    }
}

/// The pod had a node, and a plugin did not let it have it.
pub(super) fn refused(nodes: usize, plugin: &'static str, reasons: Reasons) -> Why {
    let pod = Some(PodRejection { plugin, for_good: false, reasons });
    Why { nodes, pod, ..Why::default() }
}
