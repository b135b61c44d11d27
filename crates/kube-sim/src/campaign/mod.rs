//! Running a scenario under many seeds, and making the most of a run that fails.

mod build;
mod conduct;
mod explore;
mod failure;
mod replay;
mod roster;
mod run;
mod shrink;
mod story;
#[cfg(test)]
mod tests;

pub use build::Sim;
pub use conduct::Observation;
pub use explore::Explore;
pub use failure::{Failure, Trouble};
pub use replay::{Replay, ReplayError};

use std::fmt;
use std::time::Duration;

/// What many runs came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Runs.
    pub runs: u64,
    /// Runs that were made a second time and took other steps.
    pub differences: u64,
    /// Runs that took steps no other run took.
    pub distinct: usize,
    /// The traces of all runs in one number, in whatever order they were made.
    pub traces: u64,
    /// Faults of all runs.
    pub faults: u64,
    /// Steps of all tasks.
    pub steps: u64,
    /// Transactions committed.
    pub commits: u64,
    /// Virtual time of all runs.
    pub time: Duration,
}

impl Summary {
    /// Both.
    pub fn merge(&mut self, other: &Self) {
        self.runs += other.runs;
        self.differences += other.differences;
        self.distinct += other.distinct;
        self.traces = self.traces.wrapping_add(other.traces);
        self.faults += other.faults;
        self.steps += other.steps;
        self.commits += other.commits;
        self.time += other.time;
    }

    pub(crate) fn add(&mut self, seen: &Observation) {
        self.runs += 1;
        self.traces = self.traces.wrapping_add(seen.hash);
        self.faults += seen.faults as u64;
        self.steps += seen.steps;
        self.commits += seen.commits;
        self.time += seen.time;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, distinct, faults, steps, commits, .. } = self;
        let hours = self.time.as_secs_f64() / 3600.0;
        write!(f, "{runs} runs ({distinct} distinct), {faults} faults, {commits} commits, {steps} steps, ")?;
        write!(f, "{hours:.1} h of virtual time, {} hash differences", self.differences)
    }
}
