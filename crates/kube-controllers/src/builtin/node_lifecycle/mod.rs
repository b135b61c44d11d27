//! Nodes: which of them live, and the taints of those that do not.

mod execute;
pub mod plan;
pub mod sight;
pub mod silence;
pub mod taints;
#[cfg(test)]
mod tests;
mod zones;

pub use plan::Settings;
pub use zones::ZoneState;

use crate::runtime::{Context, Controller, Error, Outcome, Reconciler, Request, Source};
use execute::{Done, act, describe};
use futures::future::join_all;
use kube_core::resource::ObjectKey;
use kube_core::view::PodView;
use kube_store::informer::{Change, Index};
use plan::{Monitor, Sight};
use sight::{LEASES, LeaseSight, NodeSight};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Pods by node.
const NODE: &str = "node";

/// Most writes under way at a time.
const IN_FLIGHT: usize = 32;

/// The controller of nodes, with Kubernetes' own times and rates.
///
/// Source: `k8s.io/kubernetes/pkg/controller/nodelifecycle`.
pub fn controller() -> Controller {
    with(Settings::default())
}

/// The same with other times and rates.
pub fn with(settings: Settings) -> Controller {
    let monitor = Mutex::new(Monitor::new(settings));
    Controller::builder(Nodes { monitor })
        .named("node-lifecycle-controller")
        .watches(Source::new(|change: &Change<NodeSight>, _| {
            // Who comes and goes is the monitor's business; what changes about a node is its own.
            let same = |old: &Arc<NodeSight>, new: &Arc<NodeSight>| old.meta.uid == new.meta.uid;
            let stays = change.old.as_ref().zip(change.new.as_ref()).is_some_and(|(old, new)| same(old, new));
            if stays { Vec::new() } else { vec![monitor_key()] }
        }))
        .watches(Source::<PodView>::silent().index(Index::by_node()))
        .reads::<LeaseSight>()
        .build()
}

/// The key of the monitor, which looks at all nodes.
fn monitor_key() -> ObjectKey {
    ObjectKey::cluster("")
}

struct Nodes {
    monitor: Mutex<Monitor>,
}

impl Reconciler for Nodes {
    type Resource = NodeSight;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        if request.key == monitor_key() {
            return self.look(cx).await;
        }
        if let Some(node) = cx.get::<NodeSight>(&request.key) {
            describe(cx, &node).await?;
        }
        Ok(Outcome::Done)
    }
}

impl Nodes {
    fn monitor(&self) -> MutexGuard<'_, Monitor> {
        self.monitor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look(&self, cx: &Context) -> Result<Outcome, Error> {
        // Both are in order of names.
        let mut leases =
            cx.list::<LeaseSight>().into_iter().filter(|lease| *lease.meta.namespace == *LEASES).peekable();
        let nodes = cx.list::<NodeSight>().into_iter();
        let sights: Vec<Sight> = nodes
            .map(|node| {
                while leases.next_if(|lease| lease.meta.name < node.meta.name).is_some() {}
                let lease = leases.next_if(|lease| lease.meta.name == node.meta.name);
                Sight { renewed: lease.and_then(|lease| lease.spec.renew_time), node }
            })
            .collect();
        let (acts, wait) = self.monitor().step(&sights, cx.env().now());
        for some in acts.chunks(IN_FLIGHT) {
            for done in join_all(some.iter().map(|one| act(cx, one))).await {
                match done? {
                    Done::Well => {}
                    Done::NotCleared(node) => self.monitor().not_cleared(&node),
                    Done::Told(node, all) => self.monitor().pods_told(&node, all),
                }
            }
        }
        Ok(wait.into())
    }
}
