//! Changes of pods and nodes, as they come from the informers.

use super::shared::{Shared, State};
use crate::framework::{ClusterEvent, PodInfo};
use kube_core::env::Mono;
use kube_core::resource::ObjectKey;
use kube_core::view::{NodeView, PodView};
use kube_store::informer::Change;
use std::sync::Arc;

impl Shared {
    pub(super) fn node_changed(&self, change: &Change<NodeView>) {
        let from = self.env.now();
        let event = {
            let mut state = self.state();
            let event = match (change.old.clone(), change.new.clone()) {
                (_, Some(node)) if change.initial => ClusterEvent::NodeAdded(node),
                (None, Some(node)) => ClusterEvent::NodeAdded(node),
                (Some(old), Some(new)) => ClusterEvent::NodeUpdated { old, new },
                (Some(old), None) => ClusterEvent::NodeDeleted(old),
                (None, None) => return,
            };
            match &change.new {
                Some(node) => state.cluster.upsert_node(node),
                None => state.cluster.remove_node(&change.key.name),
            }
            state.event(&self.profiles, &event, from);
            self.meter.sized(&mut state);
            event
        };
        self.meter.handled(event.label(), (from, self.env.now()));
        if !event.set().is_empty() {
            self.changed.notify_one();
        }
    }

    pub(super) fn pod_changed(&self, change: &Change<PodView>) {
        let now = self.env.now();
        {
            let mut state = self.state();
            match (&change.old, &change.new) {
                // Deleted and created anew while nobody looked.
                (Some(old), Some(new)) if old.meta.uid != new.meta.uid => {
                    self.one_pod(&mut state, &change.key, (Some(old), None), now);
                    self.one_pod(&mut state, &change.key, (None, Some(new)), now);
                }
                (_, Some(new)) if change.initial => {
                    self.one_pod(&mut state, &change.key, (None, Some(new)), now);
                }
                (old, new) => self.one_pod(&mut state, &change.key, (old.as_ref(), new.as_ref()), now),
            }
            self.meter.sized(&mut state);
        }
        self.meter.handled(label_of(change), (now, self.env.now()));
        self.changed.notify_one();
    }

    fn one_pod(
        &self,
        state: &mut State,
        key: &ObjectKey,
        (old, new): (Option<&Arc<PodView>>, Option<&Arc<PodView>>),
        now: Mono,
    ) {
        match (old.filter(|pod| is_placed(pod)), new.filter(|pod| is_placed(pod))) {
            (None, Some(new)) => {
                state.settled(key, now);
                state.queue.placed(new, now);
                state.cluster.upsert_pod(new);
                state.event(&self.profiles, &ClusterEvent::PodAssigned(new.clone()), now);
            }
            (Some(old), Some(new)) => {
                state.cluster.upsert_pod(new);
                state.event(
                    &self.profiles,
                    &ClusterEvent::PodUpdated { old: old.clone(), new: new.clone() },
                    now,
                );
            }
            (Some(old), None) => {
                state.cluster.remove_pod(key);
                state.queue.unplaced(old, now);
                state.event(&self.profiles, &ClusterEvent::PodDeleted(old.clone()), now);
            }
            (None, None) => match new.filter(|pod| self.is_waiting(pod)) {
                Some(new) => {
                    state.queue.add(Arc::new(PodInfo::new(new.clone())), now);
                    // A scheduler before this one made room for it.
                    let stated = new.status.nominated_node_name.as_ref().filter(|name| !name.is_empty());
                    if let Some(node) = stated.filter(|_| state.cluster.nominated_node(key).is_none())
                        && let Some(pod) = state.queue.pod(key)
                    {
                        state.cluster.nominate(pod, node);
                    }
                }
                None => self.gone(state, key, old.or(new), now),
            },
        }
    }

    /// A pod without a node needs none any more. What it was assumed to hold is free again.
    fn gone(&self, state: &mut State, key: &ObjectKey, pod: Option<&Arc<PodView>>, now: Mono) {
        state.settled(key, now);
        let Some(pod) = pod else { return };
        state.queue.unplaced(pod, now);
        if state.cluster.forget(key) {
            state.event(&self.profiles, &ClusterEvent::PodDeleted(pod.clone()), now);
        }
    }

    /// Whether this scheduler is to find a node for the pod.
    fn is_waiting(&self, pod: &PodView) -> bool {
        pod.is_active() && self.profiles.of(pod).is_some()
    }
}

/// What metrics call a change of a pod.
fn label_of(change: &Change<PodView>) -> &'static str {
    let placed = |pod: &Option<Arc<PodView>>| pod.as_ref().is_some_and(|pod| is_placed(pod));
    match (placed(&change.old), placed(&change.new)) {
        (false, true) => "AssignedPodAdd",
        (true, true) => "AssignedPodUpdate",
        (true, false) => "AssignedPodDelete",
        (false, false) => match (&change.old, &change.new) {
            (None, _) => "UnscheduledPodAdd",
            (_, None) => "UnscheduledPodDelete",
            _ => "UnscheduledPodUpdate",
        },
    }
}

/// Whether the pod holds something on a node.
fn is_placed(pod: &PodView) -> bool {
    pod.node_name().is_some() && !pod.is_terminal()
}
