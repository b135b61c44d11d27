//! Pods that have a node.

use crate::framework::{AffinityTerms, Amounts, HostPort, NonZero, PodInfo, PodShape};
use jiff::Timestamp;
use kube_core::resource::{ObjectKey, Uid};
use kube_core::view::PodView;
use std::sync::Arc;

/// A pod on a node: what it holds there.
///
/// Making room looks at all pods of all nodes: what it needs of each lies together at the front.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct BoundPod {
    priority: i32,
    assumed: bool,
    started: Option<Timestamp>,
    requests: Amounts,
    non_zero: NonZero,
    ports: Box<[HostPort]>,
    key: ObjectKey,
    shape: Arc<PodShape>,
    view: Arc<PodView>,
}

impl BoundPod {
    /// A pod that the store says is bound.
    pub(super) fn new(view: Arc<PodView>) -> Self {
        let (requests, non_zero) = NonZero::with_requests(&view);
        Self {
            key: view.meta.key(),
            requests,
            non_zero,
            ports: HostPort::of(&view),
            shape: Arc::new(PodShape::new(&view, AffinityTerms::parse(&view).ok().flatten())),
            priority: view.spec.priority.unwrap_or(0),
            started: view.status.start_time,
            view,
            assumed: false,
        }
    }

    /// A pod that is about to be bound.
    pub(crate) fn assume(pod: &PodInfo) -> Self {
        Self {
            view: pod.view().clone(),
            key: pod.key().clone(),
            requests: pod.requests().clone(),
            non_zero: pod.non_zero(),
            ports: pod.ports().into(),
            shape: pod.shape().clone(),
            priority: pod.priority(),
            started: pod.view().status.start_time,
            assumed: true,
        }
    }

    /// The same pod with a shape that it shares with those alike.
    pub(super) fn shaped(self, shape: Arc<PodShape>) -> Self {
        Self { shape, ..self }
    }

    /// The same pod, as important as its group is.
    pub(super) fn ranked(self, priority: i32) -> Self {
        Self { priority, ..self }
    }

    /// The pod as read from the store.
    pub fn view(&self) -> &Arc<PodView> {
        &self.view
    }

    /// Namespace and name.
    pub fn key(&self) -> &ObjectKey {
        &self.key
    }

    /// Uid.
    pub fn uid(&self) -> &Uid {
        &self.view.meta.uid
    }

    /// Priority, its group's where that has one; 0 where none is set.
    pub fn priority(&self) -> i32 {
        self.priority
    }

    /// When it was started, if it was.
    pub fn started(&self) -> Option<Timestamp> {
        self.started
    }

    /// What it requests, or holds while an in-place resize is under way.
    pub fn requests(&self) -> &Amounts {
        &self.requests
    }

    /// Cpu and memory that it counts for when others are scored.
    pub fn non_zero(&self) -> NonZero {
        self.non_zero
    }

    /// Host ports it uses.
    pub fn ports(&self) -> &[HostPort] {
        &self.ports
    }

    /// What affinity and spreading of other pods see of it.
    pub fn shape(&self) -> &Arc<PodShape> {
        &self.shape
    }

    /// Whether the store has not confirmed the binding yet.
    pub fn is_assumed(&self) -> bool {
        self.assumed
    }
}
