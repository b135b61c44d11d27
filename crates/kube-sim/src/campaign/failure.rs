//! A run that failed, as a report.

use super::conduct::{Experiment, Observation};
use super::replay::Replay;
use crate::executor::{Reorder, SimError};
use crate::faults::Plan;
use crate::oracle::Violation;
use std::fmt;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// An oracle was not content.
    Violation(Box<Violation>),
    /// The run did not come to its end.
    Stuck(SimError),
    /// The scenario panicked: an assertion of its own, or what it waited for did not come.
    Panic(String),
}

impl Trouble {
    /// The name of what noticed it: an oracle, or `stuck`, or `panic`.
    pub fn noticed_by(&self) -> &str {
        match self {
            Self::Violation(violation) => &violation.oracle,
            Self::Stuck(_) => "stuck",
            Self::Panic(_) => "panic",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(violation) => fmt::Display::fmt(violation, f),
            Self::Stuck(error) => fmt::Display::fmt(error, f),
            Self::Panic(text) => write!(f, "the scenario panicked: {text}"),
        }
    }
}

/// A run that failed, with as little as it takes to fail.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What went wrong.
    pub trouble: Trouble,
    /// The faults it takes.
    pub plan: Plan,
    /// Whose tasks have to run out of order.
    pub reorder: Reorder,
    /// How many faults the seed drew.
    pub drawn: usize,
    /// What replays it.
    pub replay: Replay,
}

impl Failure {
    pub(crate) fn new(experiment: &Experiment, seen: Observation, drawn: usize) -> Self {
        let quiet = || Trouble::Panic("the run does not fail again".to_owned());
        Self {
            seed: experiment.seed,
            trouble: seen.trouble.unwrap_or_else(quiet),
            plan: experiment.plan.clone(),
            reorder: experiment.reorder.clone(),
            drawn,
            replay: Replay::of(experiment),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: {}", self.seed, self.trouble)?;
        writeln!(f, "it takes {} of {} faults:", self.plan.faults.len(), self.drawn)?;
        write!(f, "{}", self.plan)?;
        match &self.reorder {
            Reorder::All => writeln!(f, "and tasks of any component out of order")?,
            Reorder::Only(nobody) if nobody.is_empty() => writeln!(f, "and every task in order")?,
            Reorder::Only(processes) => {
                writeln!(f, "and only tasks of {} out of order", processes.join(", "))?;
            }
        }
        if let Trouble::Violation(violation) = &self.trouble {
            writeln!(f, "the last commits:")?;
            violation.commits.iter().try_for_each(|commit| writeln!(f, "  {commit}"))?;
        }
        let test = std::thread::current().name().unwrap_or("").to_owned();
        write!(f, "replay: KUBE_SIM=\"{}\" cargo test {test}", self.replay)
    }
}

impl std::error::Error for Failure {}
