//! Waiting for the cluster to be as one wants it.

use super::ControlPlane;
use futures::future::select;
use kube_core::kinds::apps::v1::Deployment;
use kube_core::resource::ObjectKey;
use kube_core::view::{NodeView, PodView};
use kube_store::informer::{Informer, Informers};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// What a condition looks at: the caches that the components share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct View {
    pods: Informer<PodView>,
    nodes: Informer<NodeView>,
    deployments: Informer<Deployment>,
    changed: Arc<Notify>,
}

impl View {
    pub(super) fn new(informers: &Informers) -> Self {
        let changed = Arc::new(Notify::new());
        let pods = informers.informer::<PodView>();
        let nodes = informers.informer::<NodeView>();
        let deployments = informers.informer::<Deployment>();
        let tell = |changed: &Arc<Notify>| {
            let changed = changed.clone();
            move || changed.notify_waiters()
        };
        let (on_pod, on_node, on_deployment) = (tell(&changed), tell(&changed), tell(&changed));
        pods.on_change(move |_| on_pod());
        nodes.on_change(move |_| on_node());
        deployments.on_change(move |_| on_deployment());
        Self { pods, nodes, deployments, changed }
    }

    /// All pods, by namespace and name.
    pub fn pods(&self) -> Vec<Arc<PodView>> {
        self.pods.all()
    }

    /// All nodes, by name.
    pub fn nodes(&self) -> Vec<Arc<NodeView>> {
        self.nodes.all()
    }

    /// One pod; `pod` is `namespace/name`.
    pub fn pod(&self, pod: &str) -> Option<Arc<PodView>> {
        self.pods.get(&ObjectKey::from(pod))
    }

    /// One Deployment; `deployment` is `namespace/name`.
    pub fn deployment(&self, deployment: &str) -> Option<Arc<Deployment>> {
        self.deployments.get(&ObjectKey::from(deployment))
    }

    /// All Deployments, by namespace and name.
    pub fn deployments(&self) -> Vec<Arc<Deployment>> {
        self.deployments.all()
    }

    /// Ready replicas of a Deployment, once its status speaks of its newest generation; `deployment` is
    /// `namespace/name`.
    pub fn ready(&self, deployment: &str) -> i32 {
        self.deployment(deployment)
            .filter(|d| d.status.as_ref().and_then(|s| s.observed_generation) >= d.metadata.generation)
            .and_then(|d| d.status.as_ref()?.ready_replicas)
            .unwrap_or(0)
    }

    /// Whether every replica of a Deployment is of its newest template and available, and no other is left.
    pub fn rolled_out(&self, deployment: &str) -> bool {
        self.deployment(deployment).is_some_and(|d| {
            let wanted = d.spec.as_ref().and_then(|s| s.replicas).unwrap_or(1);
            let Some(status) = &d.status else { return false };
            status.observed_generation >= d.metadata.generation
                && status.updated_replicas.unwrap_or(0) == wanted
                && status.available_replicas.unwrap_or(0) == wanted
                && status.replicas.unwrap_or(0) == wanted
        })
    }
}

/// A condition that did not come true in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the condition did not come true within {limit:?}")]
pub struct NotReached {
    /// How long it was waited for.
    pub limit: Duration,
}

impl ControlPlane {
    /// What conditions look at.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Waits until `condition` holds. It is asked again whenever a pod, a node or a Deployment changes or the resolver
    /// knows something new, and every 100 ms, since it may look at anything.
    ///
    /// # Errors
    /// It did not hold within `limit`.
    pub async fn until(
        &self,
        limit: Duration,
        mut condition: impl FnMut(&View) -> bool,
    ) -> Result<(), NotReached> {
        let deadline = self.env().now() + limit;
        loop {
            // Registered before the condition is asked, so that no change falls between.
            let mut changed = pin!(self.view.changed.notified());
            changed.as_mut().enable();
            let seen = self.resolver().version();
            if condition(&self.view) {
                return Ok(());
            }
            if self.env().now() >= deadline {
                return Err(NotReached { limit });
            }
            let tick = self.env().sleep_until(deadline.min(self.env().now() + ASKED_EVERY));
            select(changed, select(pin!(self.resolver().changed(seen)), tick)).await;
        }
    }
}

/// How often a condition is asked when nothing that is watched for it changes.
const ASKED_EVERY: Duration = Duration::from_millis(100);
