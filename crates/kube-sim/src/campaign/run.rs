//! Running seeds, one after the other.

use super::build::Sim;
use super::conduct::Experiment;
use super::{Failure, Observation, Replay, Summary};
use crate::faults::{Plan, draw};
use crate::oracle::{Oracle, builtin};
use std::collections::BTreeSet;

impl Sim {
    /// Runs every seed, or what the variable `KUBE_SIM` says: the line that a failure prints.
    ///
    /// # Panics
    /// With a report when a run fails: the seed, what did not hold, the faults it takes, and the line that replays it.
    #[expect(clippy::panic, reason = "the failure of a test")]
    pub fn run(self) -> Summary {
        match Replay::from_environment() {
            None => self.check().unwrap_or_else(|failure| panic!("{failure}")),
            Some(Ok(replay)) => self.replay(&replay).unwrap_or_else(|failure| panic!("{failure}")),
            Some(Err(error)) => panic!("{error}"),
        }
    }

    /// Runs every seed; the first failure ends it, and is shrunk.
    ///
    /// # Errors
    /// The failure.
    pub fn check(&self) -> Result<Summary, Box<Failure>> {
        let sim = self.complete();
        let mut summary = Summary::default();
        let mut hashes = BTreeSet::new();
        for seed in &self.seeds {
            let experiment = sim.experiment(*seed);
            let seen = sim.conduct(&experiment);
            hashes.insert(seen.hash);
            summary.add(&seen);
            summary.distinct = hashes.len();
            if seen.trouble.is_some() {
                return Err(Box::new(sim.shrink(experiment, seen)));
            }
            if self.twice && sim.conduct(&experiment).hash != seen.hash {
                summary.differences += 1;
            }
        }
        Ok(summary)
    }

    /// Runs what `replay` says.
    ///
    /// # Errors
    /// The failure.
    pub fn replay(&self, replay: &Replay) -> Result<Summary, Box<Failure>> {
        let sim = self.complete();
        let experiment = replay.experiment(&sim);
        let seen = sim.conduct(&experiment);
        let mut summary = Summary { distinct: 1, ..Summary::default() };
        summary.add(&seen);
        match seen.trouble {
            Some(_) => Err(Box::new(Failure::new(&experiment, seen, experiment.plan.faults.len()))),
            None => Ok(summary),
        }
    }

    /// The faults of a seed.
    pub fn plan(&self, seed: u64) -> Plan {
        draw(seed, &self.faults, &self.complete().cast())
    }

    /// Runs one seed and tells what was seen, without shrinking anything.
    pub fn observe(&self, seed: u64) -> Observation {
        let sim = self.complete();
        sim.conduct(&sim.experiment(seed))
    }

    pub(super) fn experiment(&self, seed: u64) -> Experiment {
        Experiment::new(seed, draw(seed, &self.faults, &self.cast()))
    }

    pub(super) fn oracles(&self) -> Vec<Box<dyn Oracle>> {
        let builtin = builtin().into_iter().filter(|oracle| !self.without.contains(oracle.name()));
        builtin.chain(self.oracles.iter().map(|make| make())).collect()
    }
}
