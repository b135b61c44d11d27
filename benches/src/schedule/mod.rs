//! Placing pods: every pending pod on the best node, one after the other, each counting for the next.

pub mod baseline;
pub mod hard;
pub mod room;
mod world;

pub use world::World;

use kube_core::view::PodView;
use kube_sched::engine::Engine;
use kube_sched::framework::PodInfo;
use kube_sched::profile::{Profile, ProfileError};
use kube_sched::snapshot::Snapshot;
use std::sync::Arc;

/// Our engine with the default profile, and the cluster before the pending pods.
#[derive(Debug)]
pub struct Ours {
    engine: Engine,
    cluster: Snapshot,
}

impl Ours {
    /// The nodes and bound pods of `world`.
    ///
    /// # Errors
    /// The default profile does not resolve.
    pub fn new(world: &World) -> Result<Self, ProfileError> {
        let mut cluster = Snapshot::new();
        world.nodes.iter().for_each(|node| cluster.upsert_node(node));
        world.bound.iter().for_each(|pod| cluster.upsert_pod(pod));
        Ok(Self { engine: Engine::new(&Profile::default())?, cluster })
    }

    /// The node of each pending pod of `world`; the cluster itself stays as it is.
    pub fn place(&self, world: &World) -> Vec<Option<Arc<str>>> {
        self.place_all(&world.pending)
    }

    /// The node of one pod.
    pub fn decide(&self, pod: &PodInfo) -> Option<Arc<str>> {
        self.engine.schedule_read(&self.cluster, pod).node().cloned()
    }

    /// The node of each pod; the cluster itself stays as it is.
    pub fn place_all(&self, pods: &[Arc<PodView>]) -> Vec<Option<Arc<str>>> {
        let mut cluster = self.cluster.clone();
        let mut one = |pod: &Arc<PodView>| {
            let pod = PodInfo::new(pod.clone());
            let node = self.engine.schedule_read(&cluster, &pod).node().cloned()?;
            cluster.assume(&pod, &node);
            Some(node)
        };
        pods.iter().map(&mut one).collect()
    }
}
