//! Pods that come again under their names.

use super::sim;
use crate::campaign::Sim;
use crate::cluster::Cluster;
use crate::faults::{Faults, Kind};
use crate::oracle::State;
use kube_core::kinds::core::v1::Pod;
use kube_core::resource::ObjectKey;
use kube_core::view::PodView;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// A Service, and a pod that it leads to.
const NAMED: &str = include_str!("named.yaml");

const NAMES: [&str; 3] = ["one", "two", "three"];

/// Pods that come again under their names, on the same node, while the store is slow, answers get lost and events are
/// late. Every other time their user does not wait until the node has removed them: it finds new ones in their place. In
/// the end a ready pod behind a Service goes without having ended, and nothing happens afterwards that would make good
/// for who did not notice.
pub fn namesakes(seeds: Range<u64>) -> Sim {
    let often = [Kind::Unknown, Kind::Delay, Kind::Latency];
    let faults = often.into_iter().fold(Faults::all(), |faults, kind| faults.with(kind, 0.9));
    sim(seeds, 2, &["a"]).faults(faults).scenario(|c| async move {
        let (service, _) = service_and_pod();
        c.apply(service).await;
        c.until("the nodes are there", |state| state.nodes().len() == 2).await;
        for round in 0..6 {
            for name in NAMES.into_iter().filter(|name| !c.state(|state| is_there(state, name))) {
                come(&c, name).await;
            }
            c.sleep(Duration::from_secs(3)).await;
            for name in NAMES {
                c.delete::<Pod>(&format!("default/{name}")).await;
            }
            if round % 2 == 0 {
                c.until("all are gone", |state| state.pods().is_empty()).await;
            } else {
                hurry(&c).await;
            }
        }
        c.settle().await;
        c.delete_now::<Pod>("default/two").await;
    })
}

/// Puts others in the place of pods as soon as these have ended, or after some seconds.
async fn hurry(c: &Cluster) {
    let mut waiting = NAMES.to_vec();
    let patience = c.env().now() + Duration::from_secs(8);
    while !waiting.is_empty() {
        let late = c.env().now() >= patience;
        let runs = |state: &State, name: &str| pod(state, name).is_some_and(|pod| !pod.is_terminal());
        let (still, over): (Vec<&str>, Vec<&str>) =
            waiting.into_iter().partition(|name| !late && c.state(|state| runs(state, name)));
        for name in over {
            c.delete_now::<Pod>(&format!("default/{name}")).await;
            come(c, name).await;
        }
        waiting = still;
        c.sleep(Duration::from_millis(5)).await;
    }
}

fn pod(state: &State, name: &str) -> Option<Arc<PodView>> {
    state.get(&ObjectKey::new("default", name))
}

fn is_there(state: &State, name: &str) -> bool {
    pod(state, name).is_some()
}

/// A pod of that name, on one node.
async fn come(c: &Cluster, name: &str) {
    let (_, pod) = service_and_pod();
    c.apply(&pod.replace("name: one", &format!("name: {name}"))).await;
}

fn service_and_pod() -> (&'static str, &'static str) {
    NAMED.split_once("---").unwrap_or((NAMED, NAMED))
}
