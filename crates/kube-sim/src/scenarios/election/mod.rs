//! Several control planes that stand for one election, and what the winner writes, under everything that can go wrong
//! with clocks, processes and what lies between them and the store.

mod candidate;
mod failovers;
mod fences;
mod tenures;

use crate::campaign::Sim;
use crate::faults::{Faults, Kind};
use candidate::Candidate;
use kube_core::kinds::core::v1::ConfigMap;
use kube_store::client::election::ElectionConfig;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Name of the election.
const NAME: &str = "work";

/// What the winner writes, through its fence: who it is, by which token, and which time.
const WORK: &str = "work";

/// Who has given up the election, and by which token it had won: written without a fence.
const DIARY: &str = "diary";

const CANDIDATES: [&str; 3] = ["alder", "beech", "cherry"];

/// For how long, by its own clock, whoever leads works and gives up now and then.
const AT_WORK: Duration = Duration::from_secs(150);

/// Clocks go at half to one and a half times the true speed.
const FASTEST: f64 = 1.5;
const SLOWEST: f64 = 0.5;

/// Three planes on one store stand for an election; the winner works through its fence, and gives up now and then.
pub fn election(seeds: Range<u64>) -> Sim {
    let sim = Sim::seeds(seeds)
        .nodes(0)
        .without_builtin()
        .without_scheduler()
        .faults(faults_of_planes().within(Duration::from_mins(2)))
        .oracle(|| Box::new(fences::Fences))
        .oracle(|| Box::<tenures::Tenures>::default())
        .oracle(|| Box::<failovers::Failovers>::default())
        // Leases are renewed for ever.
        .silent_for(Duration::from_mins(1));
    let sim = CANDIDATES.into_iter().fold(sim, |sim, name| {
        sim.plane(name, move |objects| Box::new(Candidate::new(objects.clone(), name)))
    });
    sim.scenario(|c| async move {
        for name in [WORK, DIARY] {
            let mut map = ConfigMap::default();
            map.metadata.name = Some(name.to_owned());
            c.create(map).await;
        }
        c.sleep(AT_WORK).await;
    })
}

/// What can go wrong with planes that share a store.
pub(super) fn faults_of_planes() -> Faults {
    let faults = [
        (Kind::Pause, 0.6),
        (Kind::Skew, 0.85),
        (Kind::Partition, 0.7),
        (Kind::Crash, 0.5),
        (Kind::Refused, 0.4),
        (Kind::Unknown, 0.4),
        (Kind::Stale, 0.3),
        (Kind::Cut, 0.3),
        (Kind::Latency, 0.3),
        (Kind::Compaction, 0.3),
    ];
    faults.into_iter().fold(Faults::none(), |faults, (kind, chance)| faults.with(kind, chance))
}

fn config(identity: &str) -> ElectionConfig {
    ElectionConfig::new(NAME, identity)
}

/// An entry of a map.
fn entry<'a>(map: Option<&'a Arc<ConfigMap>>, name: &str) -> Option<&'a str> {
    map?.data.as_ref()?.get(name).map(String::as_str)
}

/// True time that passes while a clock of that speed shows `local`.
fn at_speed(local: Duration, speed: f64) -> Duration {
    local.div_f64(speed)
}
