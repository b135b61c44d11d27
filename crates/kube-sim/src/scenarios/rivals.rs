//! Two schedulers on the same nodes.

use super::{lose_a_pod, slow_nodes};
use crate::campaign::Sim;
use crate::cluster::Cluster;
use crate::faults::Faults;
use kube_core::kinds::apps::v1::Deployment;
use kube_sched::plugins::node_resources_fit::{NodeResourcesFit, Prefer, ScoringStrategy};
use kube_sched::{Profile, Scheduler};
use kube_store::client::Component;
use kube_store::informer::Informers;
use std::ops::Range;
use std::time::Duration;

/// A Deployment for each of the two schedulers.
const RIVALS: &str = include_str!("rivals.yaml");

/// Two schedulers, one that spreads pods and one that packs them, on nodes that both want: more pods than there is room
/// for, and room that comes free for whoever is first.
pub fn rivals(seeds: Range<u64>) -> Sim {
    let sim = Sim::seeds(seeds).nodes(3).fleet(slow_nodes(), ["a", "b", "c"]).faults(Faults::all());
    sim.component("packer", packer).scenario(|c| async move {
        c.apply(RIVALS).await;
        c.settle().await;
        for _ in 0..4 {
            scale(&c, 12).await;
            c.sleep(Duration::from_secs(6)).await;
            lose_a_pod(&c).await;
            lose_a_pod(&c).await;
            c.sleep(Duration::from_secs(3)).await;
            scale(&c, 1).await;
            c.sleep(Duration::from_secs(8)).await;
        }
        scale(&c, 3).await;
        c.settle().await;
    })
}

async fn scale(c: &Cluster, replicas: i32) {
    c.scale::<Deployment>("default/spread", replicas).await;
    c.scale::<Deployment>("default/packed", replicas).await;
}

/// Packs pods, best on nodes that are used already.
fn packer(informers: &Informers) -> Box<dyn Component> {
    let packs = ScoringStrategy { prefer: Prefer::MostAllocated, ..ScoringStrategy::default() };
    let profile = Profile::default().replace(NodeResourcesFit::new(packs)).weight(10);
    #[expect(clippy::expect_used, reason = "the profile is the one above")]
    Box::new(
        Scheduler::builder(informers).name("packer").profile(profile).build().expect("the profile works"),
    )
}
