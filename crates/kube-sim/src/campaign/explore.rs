//! Trying one fault at every place where it can be.
//!
//! Source of the three patterns: Sun et al., "Automatic Reliability Testing for Cluster Management Controllers" (Sieve,
//! OSDI 2022): intermediate states, stale states, unobserved states.

use super::build::Sim;
use super::conduct::Experiment;
use super::replay::write_fault;
use super::{Failure, Summary};
use crate::faults::{Fault, Moment, Plan, What};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Which fault to try at every place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Explore {
    /// For every write of every component, one run in which the component crashes right after it, before it knows.
    CrashAtEveryWrite,
    /// For every event that a component reads, one run in which that watch stands still before it for half a minute,
    /// while the component goes on with what it knows.
    StaleAtEveryRead,
    /// For every event that a component reads, one run in which the watch breaks before it and begins anew a few
    /// seconds later: what was in between is never seen.
    SkipAtEveryNotification,
}

impl Explore {
    fn fault(self, process: &Arc<str>, number: u64) -> Fault {
        let (what, length) = match self {
            Self::CrashAtEveryWrite => (What::Crash(Moment::AfterWrite(number)), Duration::from_secs(2)),
            Self::StaleAtEveryRead => (What::StaleAt(number), Duration::from_secs(30)),
            Self::SkipAtEveryNotification => (What::SkipAt(number), Duration::from_secs(5)),
        };
        Fault { what, on: Some(process.clone()), from: Duration::ZERO, until: length, salt: number }
    }

    fn places(self, (writes, deliveries): (u64, u64)) -> u64 {
        match self {
            Self::CrashAtEveryWrite => writes,
            Self::StaleAtEveryRead | Self::SkipAtEveryNotification => deliveries,
        }
    }
}

impl Sim {
    /// Runs the scenario without faults under each seed, and then once for each place where the fault can be.
    ///
    /// # Errors
    /// The first run that fails, with the line that replays it.
    pub fn explore(&self, what: Explore) -> Result<Summary, Box<Failure>> {
        self.explore_each(what, 1)
    }

    /// The same at every `step`th place only.
    ///
    /// # Errors
    /// The first run that fails, with the line that replays it.
    pub fn explore_each(&self, what: Explore, step: usize) -> Result<Summary, Box<Failure>> {
        let sim = self.complete();
        let mut summary = Summary::default();
        let mut hashes = BTreeSet::new();
        for seed in &self.seeds {
            let plain = Experiment::new(*seed, Plan::default());
            let seen = sim.conduct(&plain);
            hashes.insert(seen.hash);
            summary.add(&seen);
            let counts = seen.counts.clone();
            if seen.trouble.is_some() {
                return Err(Box::new(sim.shrink(plain, seen)));
            }
            for (process, writes, deliveries) in counts {
                for number in (0..what.places((writes, deliveries))).step_by(step.max(1)) {
                    let fault = what.fault(&process, number);
                    let extra = write_fault(&fault);
                    let experiment = Experiment { plan: Plan::of(vec![fault]), extra, ..plain.clone() };
                    let seen = sim.conduct(&experiment);
                    hashes.insert(seen.hash);
                    summary.add(&seen);
                    if seen.trouble.is_some() {
                        return Err(Box::new(Failure::new(&experiment, seen, 1)));
                    }
                }
            }
        }
        summary.distinct = hashes.len();
        Ok(summary)
    }
}
