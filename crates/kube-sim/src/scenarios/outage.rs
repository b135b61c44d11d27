//! A store whose disk is against it.

use super::{WEB, lose_a_pod, set_image, sim};
use crate::campaign::Sim;
use crate::faults::Faults;
use kube_core::kinds::apps::v1::Deployment;
use std::ops::Range;
use std::time::Duration;

/// A rollout over a store on a disk that fails, fills up, and loses its power, under all other faults too.
pub fn outage(seeds: Range<u64>) -> Sim {
    let sim = sim(seeds, 3, &["a", "b"]).on_disk().faults(Faults::all().on_disk());
    sim.scenario(|c| async move {
        c.apply(WEB).await;
        c.sleep(Duration::from_secs(20)).await;
        c.edit::<Deployment>("default/web", |web| set_image(web, "example.org/web:2")).await;
        c.sleep(Duration::from_secs(5)).await;
        lose_a_pod(&c).await;
        c.scale::<Deployment>("default/web", 6).await;
        c.settle().await;
    })
}
