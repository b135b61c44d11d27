//! What can go wrong below a control plane, all of it drawn from the seed.
//!
//! [`Faults`] says which kinds of faults a run may have and how often; [`Plan`] is what the seed made of it: a list of
//! [`Fault`]s, each with its window of time and whom it hits. A plan can be thinned out, which is how failing runs are
//! shrunk, and each fault draws from its own stream, so that leaving one out does not move the others.

mod draw;
mod fault;
mod latency;
mod weather;

#[cfg(test)]
mod tests;

pub use fault::{Fault, Moment, Plan, What};
pub use latency::{Latency, SlowStorage};

pub(crate) use draw::{Cast, draw};
pub(crate) use weather::Weather;

use std::collections::BTreeMap;
use std::time::Duration;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Operations of the store take long.
    Latency,
    /// Events reach watchers late, each watcher by another delay.
    Delay,
    /// Watches are cut, and sometimes cannot resume.
    Cut,
    /// The store forgets history that watchers may still need.
    Compaction,
    /// A component's watches stand still: it sees an older state.
    Stale,
    /// Writes that name a version are refused as conflicts.
    Conflict,
    /// Writes are applied but not answered.
    Unknown,
    /// Requests are refused: the server is overloaded or away.
    Refused,
    /// A component ends, at a moment or right before or after a write, and starts again.
    Crash,
    /// A component stands still, as in a long garbage collection.
    Pause,
    /// A component's clock is off and runs at another rate.
    Skew,
    /// A node's agent goes away, or cannot reach the server.
    NodeDown,
    /// A node's agent goes away and comes back again and again.
    NodeFlap,
    /// The agents of a zone's nodes go away together.
    ZoneDown,
    /// Components are shown a state from before they started. No server that answers as Kubernetes' does today does
    /// this, and [`Faults::all`] leaves it out: ask for it where yours may.
    TimeTravel,
    /// A component, or everybody at once, can reach nobody. [`Faults::all`] leaves it out: those who stand for an
    /// election have to live with it, and the others are cut off by what stands above already.
    Partition,
    /// The machine of the API server loses its power, and the disk what was not synced. Needs a
    /// [store on a disk](crate::Sim::on_disk), as the two that follow: [`Faults::on_disk`] adds all three.
    PowerCut,
    /// The disk refuses writes.
    DiskError,
    /// The disk is full.
    DiskFull,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Latency,
        Self::Delay,
        Self::Cut,
        Self::Compaction,
        Self::Stale,
        Self::Conflict,
        Self::Unknown,
        Self::Refused,
        Self::Crash,
        Self::Pause,
        Self::Skew,
        Self::NodeDown,
        Self::NodeFlap,
        Self::ZoneDown,
        Self::TimeTravel,
        Self::Partition,
        Self::PowerCut,
        Self::DiskError,
        Self::DiskFull,
    ];

    /// What can happen to a disk.
    const OF_DISKS: [Self; 3] = [Self::PowerCut, Self::DiskError, Self::DiskFull];

    /// Whether a correct server over a store that does its work may show it, to every component.
    fn is_common(self) -> bool {
        !matches!(self, Self::TimeTravel | Self::Partition) && !Self::OF_DISKS.contains(&self)
    }
}

/// Which kinds of faults runs may have, and how likely each is.
///
/// A seed does not have every kind: runs with few kinds reach states that runs with all of them never do.
#[derive(Clone, Debug, PartialEq)]
pub struct Faults {
    chances: BTreeMap<Kind, f64>,
    within: Duration,
}

impl Default for Faults {
    fn default() -> Self {
        Self::none()
    }
}

impl Faults {
    /// No faults: the store takes its time, and the order of things is the seed's.
    pub fn none() -> Self {
        Self { chances: BTreeMap::new(), within: Duration::from_mins(1) }
    }

    /// Every kind that a correct server and a correct network may show, each in about every third run.
    pub fn all() -> Self {
        let common = Kind::ALL.into_iter().filter(|kind| kind.is_common());
        common.fold(Self::none(), |faults, kind| faults.with(kind, 0.35))
    }

    /// With what can happen to a disk, each kind in about every second run: for a [store on a
    /// disk](crate::Sim::on_disk).
    #[must_use]
    pub fn on_disk(self) -> Self {
        Kind::OF_DISKS.into_iter().fold(self, |faults, kind| faults.with(kind, 0.5))
    }

    /// With this kind; `chance` is how likely a run has one of them, and how likely one more after each.
    #[must_use]
    pub fn with(mut self, kind: Kind, chance: f64) -> Self {
        self.chances.insert(kind, chance.clamp(0.0, 0.95));
        self
    }

    /// Without this kind.
    #[must_use]
    pub fn without(mut self, kind: Kind) -> Self {
        self.chances.remove(&kind);
        self
    }

    /// Within this time from the start; a minute when nothing is said. Afterwards nothing goes wrong any more.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }
}
