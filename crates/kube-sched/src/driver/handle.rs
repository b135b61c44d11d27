//! Asking a running scheduler.

use super::shared::Shared;
use crate::engine::Decision;
use crate::explain::{Everything, PodRejection, Why};
use crate::framework::{PodInfo, Reasons};
use crate::snapshot::Snapshot;
use kube_core::resource::ObjectKey;
use kube_core::view::PodView;
use std::fmt;
use std::sync::Arc;

/// What a scheduler has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Pods bound.
    pub bound: u64,
    /// Attempts that found no node.
    pub rejected: u64,
    /// Attempts and bindings that broke.
    pub failed: u64,
    /// Bindings that were decided again because another scheduler had bound to the node meanwhile.
    pub overtaken: u64,
}

/// Asks a scheduler while it runs, and after. Cheap to clone.
#[derive(Clone)]
pub struct SchedulerHandle(Arc<Shared>);

impl SchedulerHandle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Why the pod is pending: as of now where it can be said, else as of the last attempt. `None` for pods that do
    /// not wait here, or were not tried yet.
    pub fn why(&self, pod: &ObjectKey) -> Option<Why> {
        let (cluster, info, last) = {
            let state = self.0.state();
            if let Some((plugin, reasons)) = state.queue.gated_by(pod) {
                let rejection = PodRejection { plugin, for_good: true, reasons: reasons.clone() };
                return Some(Why {
                    nodes: state.cluster.node_count(),
                    pod: Some(rejection),
                    ..Why::default()
                });
            }
            let info = state.queue.pod(pod)?.clone();
            (state.cluster.clone(), info, state.whys.get(pod)?.clone())
        };
        match self.0.profiles.of(info.view())?.explain(&cluster, &info) {
            Decision::Unschedulable(why) => Some(why),
            _ => Some(last),
        }
    }

    /// What every plugin says of every node about a pod: one that waits, or one that has its node (then as if it were to
    /// be placed anew). `None` for pods that are not known here.
    pub fn report(&self, pod: &ObjectKey) -> Option<Everything> {
        let (mut cluster, info) = {
            let state = self.0.state();
            let placed = || {
                let placed = state.cluster.pod(pod)?;
                Some(Arc::new(PodInfo::new(placed.view().clone()).ranked(placed.priority())))
            };
            (state.cluster.clone(), state.queue.pod(pod).cloned().or_else(placed)?)
        };
        cluster.remove_pod(pod);
        let mut view = PodView::clone(info.view());
        view.spec.node_name = None;
        let info = PodInfo::new(view).ranked(info.priority());
        self.0.profiles.of(info.view())?.report(&cluster, &info).ok()
    }

    /// The pods that have no node yet, by key.
    pub fn pending(&self) -> Vec<ObjectKey> {
        self.0.state().queue.keys().cloned().collect()
    }

    /// The cluster as the scheduler sees it, assumed pods included: a fork to ask [`Engine`](crate::engine::Engine)
    /// about, which changes nothing here.
    pub fn cluster(&self) -> Snapshot {
        self.0.state().cluster.clone()
    }

    /// What the scheduler has done so far.
    pub fn tally(&self) -> Tally {
        self.0.state().tally
    }

    /// The pods that wait for a permission.
    pub fn waiting_for_permission(&self) -> Vec<ObjectKey> {
        self.0.permits.keys()
    }

    /// Gives `plugin`'s permission to a waiting pod. Returns whether the pod waited for it.
    pub fn allow(&self, pod: &ObjectKey, plugin: &str) -> bool {
        self.0.permits.grant(pod, plugin)
    }

    /// Refuses a waiting pod in the name of `plugin`: it goes back to the queue. Returns whether the pod waited for it.
    pub fn refuse(&self, pod: &ObjectKey, plugin: &str, reasons: Reasons) -> bool {
        self.0.permits.refuse(pod, plugin, reasons)
    }
}

impl fmt::Debug for SchedulerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchedulerHandle").field("name", &self.0.name).finish_non_exhaustive()
    }
}
