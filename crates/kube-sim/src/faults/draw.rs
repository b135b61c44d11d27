//! From a seed to a plan.

use super::{Fault, Faults, Kind, Moment, Plan, What};
use kube_core::env::Rng;
use std::sync::Arc;
use std::time::Duration;

/// Who takes part in a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cast {
    /// Components that are no nodes.
    pub(crate) components: Vec<Arc<str>>,
    /// Components that are nodes, each with its zone.
    pub(crate) nodes: Vec<(Arc<str>, Arc<str>)>,
}

/// Most faults of one kind.
const MOST: usize = 3;

/// The faults of `seed`. Every kind draws from its own stream: leaving one kind out does not move the others.
pub(crate) fn draw(seed: u64, faults: &Faults, cast: &Cast) -> Plan {
    let mut plan = Vec::new();
    for (kind, chance) in &faults.chances {
        let mut rng = Rng::forked(seed, &format!("faults/{kind:?}"));
        let mut count = 0;
        while count < MOST && rng.chance(*chance) {
            count += 1;
            plan.extend(one(*kind, faults.within, cast, &mut rng));
        }
    }
    Plan::of(plan)
}

fn one(kind: Kind, within: Duration, cast: &Cast, rng: &mut Rng) -> Option<Fault> {
    let seconds = |rng: &mut Rng, low: u64, high: u64| {
        rng.between(Duration::from_millis(low * 100), Duration::from_millis(high * 100))
    };
    let from = rng.between(Duration::ZERO, within);
    let rate = [0.05, 0.2, 0.5].get(rng.below(3)).copied().unwrap_or(0.2);
    let (what, on, length) = match kind {
        Kind::Latency => (What::Latency(seconds(rng, 1, 30)), None, seconds(rng, 20, 300)),
        Kind::Delay => (What::Delay(seconds(rng, 1, 50)), any(cast, rng), seconds(rng, 50, 300)),
        Kind::Cut => (What::Cut(rate), any(cast, rng), seconds(rng, 20, 200)),
        Kind::Compaction => (What::Compaction, None, Duration::ZERO),
        Kind::Stale => (What::Stale, one_of(cast, rng), seconds(rng, 10, 300)),
        Kind::Conflict => (What::Conflict(rate), any(cast, rng), seconds(rng, 20, 200)),
        Kind::Unknown => (What::Unknown(rate), any(cast, rng), seconds(rng, 20, 200)),
        Kind::Refused => {
            // Now and then nobody gets anything: the server is away.
            let rate = if rng.chance(0.3) { 1.0 } else { rate };
            (What::Refused(rate), any(cast, rng), seconds(rng, 10, 100))
        }
        Kind::Crash => {
            let moment = match rng.below(4) {
                0 => Moment::Time,
                1 => Moment::BeforeWrite(rng.below(40) as u64),
                _ => Moment::AfterWrite(rng.below(40) as u64),
            };
            (What::Crash(moment), one_of(cast, rng), seconds(rng, 1, 200))
        }
        Kind::Pause => (What::Pause, one_of(cast, rng), seconds(rng, 5, 300)),
        Kind::Skew => (skew(rng), one_of(cast, rng), seconds(rng, 100, 600)),
        Kind::NodeDown => {
            let what = if rng.chance(0.5) { What::Partition } else { What::Crash(Moment::Time) };
            (what, node(cast, rng), seconds(rng, 50, 600))
        }
        Kind::NodeFlap => (What::Flap(seconds(rng, 5, 50)), node(cast, rng), seconds(rng, 100, 300)),
        Kind::ZoneDown => {
            let zone = rng.pick(&cast.nodes).map(|(_, zone)| zone.clone());
            (What::ZoneDown, Some(zone?), seconds(rng, 50, 400))
        }
        Kind::Partition => (What::Partition, any(cast, rng), seconds(rng, 50, 600)),
        Kind::PowerCut => (What::PowerCut, None, seconds(rng, 5, 100)),
        Kind::DiskError => (What::DiskError(rate), None, seconds(rng, 5, 100)),
        Kind::DiskFull => (What::DiskFull, None, seconds(rng, 20, 200)),
        Kind::TimeTravel => {
            (What::TimeTravel(1 + rng.below(50) as u64), any(cast, rng), seconds(rng, 100, 600))
        }
    };
    // Faults on one component need one.
    let needs_one =
        matches!(what, What::Stale | What::Crash(_) | What::Pause | What::Skew { .. } | What::Flap(_))
            || kind == Kind::NodeDown;
    if needs_one && on.is_none() {
        return None;
    }
    Some(Fault { what, on, from, until: from + length, salt: rng.next_u64() })
}

fn skew(rng: &mut Rng) -> What {
    let bound = 60_000;
    let wall_ms = i64::try_from(rng.below(2 * bound + 1)).unwrap_or(0) - 60_000;
    let gain_ppm = i64::try_from(rng.below(1_000_001)).unwrap_or(0) - 500_000;
    What::Skew { wall_ms, gain_ppm }
}

/// Everybody, or one component.
fn any(cast: &Cast, rng: &mut Rng) -> Option<Arc<str>> {
    if rng.chance(0.5) { None } else { one_of(cast, rng) }
}

/// Nodes are many: they are not hit more often for that.
fn one_of(cast: &Cast, rng: &mut Rng) -> Option<Arc<str>> {
    let index = rng.below(cast.components.len() + usize::from(!cast.nodes.is_empty()));
    cast.components.get(index).cloned().or_else(|| node(cast, rng))
}

fn node(cast: &Cast, rng: &mut Rng) -> Option<Arc<str>> {
    rng.pick(&cast.nodes).map(|(node, _)| node.clone())
}
