//! What the pods of scenarios do: what their label `act` says.

use super::among;
use crate::campaign::Sim;
use kube_core::env::Rng;
use kube_core::view::PodView;
use kube_node::SimFleet;
use kube_node::behavior::{Behavior, Delays, Script};
use kube_node::fleet::Heartbeats;
use std::ops::Range;
use std::time::Duration;

/// Servers by these delays, unless the label says another thing: `task` ends well after a while, `flaky` now and then
/// ends badly, `broken` never becomes ready.
#[derive(Debug)]
struct Acts(Delays);

impl Behavior for Acts {
    fn script(&self, pod: &PodView, rng: &mut Rng) -> Script {
        let script = self.0.script(pod, rng);
        let soon = rng.between(Duration::from_secs(1), Duration::from_secs(6));
        let failed = i32::from(rng.chance(0.3));
        match pod.meta.labels.get("act").map_or("", |act| &**act) {
            "task" => script.exits(soon, 0),
            "flaky" => script.exits(soon, failed),
            "broken" => script.never_ready(),
            _ => script,
        }
    }
}

/// A cluster of these controllers, whose pods act.
pub(super) fn acting(seeds: Range<u64>, nodes: usize, controllers: &[&str]) -> Sim {
    let seconds = |low, high| Duration::from_secs(low)..=Duration::from_secs(high);
    let acts = Acts(Delays { start: seconds(1, 4), ready: seconds(0, 3), stop: seconds(0, 5) });
    let fleet = SimFleet::new(1).behavior(acts).heartbeats(Heartbeats::Off);
    among(seeds, nodes, &["a", "b"], controllers).fleet(fleet, ["a", "b"])
}
