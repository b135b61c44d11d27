//! Many faults at a time, and many deaths.

use super::{PLAIN, WEB, lose_a_pod, set_image, sim};
use crate::campaign::Sim;
use crate::cluster::Cluster;
use crate::faults::{Faults, Kind};
use kube_core::kinds::apps::v1::Deployment;
use std::ops::Range;
use std::time::Duration;

/// The small Deployments of a storm. Many with little to do: what one of them misses nothing makes good.
const SMALL: [&str; 5] = ["ash", "birch", "cedar", "elm", "fir"];

/// Small Deployments that change until the last moment, while requests, answers and events get lost all the time.
pub fn storm(seeds: Range<u64>) -> Sim {
    let often = [Kind::Latency, Kind::Delay, Kind::Cut, Kind::Conflict, Kind::Unknown, Kind::Refused];
    let faults = often.into_iter().fold(Faults::all(), |faults, kind| faults.with(kind, 0.8));
    sim(seeds, 3, &["a", "b"]).faults(faults).scenario(|c| async move {
        for name in SMALL {
            c.apply(&small(name)).await;
            c.sleep(Duration::from_secs(2)).await;
        }
        for round in 0..3 {
            for (number, name) in SMALL.iter().enumerate() {
                change(&c, &format!("default/{name}"), (number + round) % 3).await;
                c.sleep(Duration::from_secs(3)).await;
            }
        }
    })
}

/// A Deployment of one pod.
fn small(name: &str) -> String {
    let web = WEB.split_once("---").map_or(WEB, |(_, deployment)| deployment);
    web.replace("web", name).replace("replicas: 10", "replicas: 1")
}

async fn change(c: &Cluster, name: &str, kind: usize) {
    match kind {
        0 => {
            let replicas = c.state(|state| if state.ready(name) > 1 { 1 } else { 2 });
            c.scale::<Deployment>(name, replicas).await;
        }
        1 => {
            let image = format!("example.org/web:{}", c.state(|state| state.pods().len()));
            c.edit::<Deployment>(name, |web| set_image(web, &image)).await;
        }
        _ => lose_a_pod(c).await,
    }
}

/// Every component dies while there is much to do, one after the other, then all die at rest, then all at work.
pub fn restarts(seeds: Range<u64>) -> Sim {
    sim(seeds, 3, &["a", "b"]).scenario(|c| async move {
        c.apply(WEB).await;
        for name in everybody() {
            c.sleep(Duration::from_millis(700)).await;
            c.crash(name, Duration::from_secs(1));
        }
        c.settle().await;
        everybody().for_each(|name| c.crash(name, Duration::from_secs(2)));
        c.settle().await;
        c.edit::<Deployment>("default/web", |web| set_image(web, "example.org/web:2")).await;
        c.sleep(Duration::from_secs(4)).await;
        everybody().for_each(|name| c.crash(name, Duration::from_secs(1)));
    })
}

fn everybody() -> impl Iterator<Item = &'static str> {
    PLAIN.into_iter().chain(["default-scheduler", "node-0", "node-1", "node-2"])
}
