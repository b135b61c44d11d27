//! One run in one line.

use super::build::Sim;
use super::conduct::Experiment;
use crate::executor::Reorder;
use crate::faults::{Fault, Moment, Plan, What};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// What decides a run, as one line of text: `seed=17 faults=0,3 reorder=default-scheduler`.
///
/// - `faults`: numbers in the plan that the seed draws; without it all of them, empty for none.
/// - `fault`: one fault of an exploration, in its place: `crash-after:deployment-controller:12:2000` (milliseconds).
/// - `reorder`: whose tasks run out of order; without it everybody's, empty for nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    seed: u64,
    faults: Option<Vec<usize>>,
    fault: Option<String>,
    reorder: Option<Vec<Arc<str>>>,
}

/// A line that is no replay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part:?} of KUBE_SIM cannot be read: {reason}")]
pub struct ReplayError {
    /// Which part of the line.
    pub part: String,
    /// Why not.
    pub reason: String,
}

impl Replay {
    pub(super) fn of(experiment: &Experiment) -> Self {
        let drawn = experiment.extra.is_none().then(|| experiment.plan.numbers());
        let reorder = match &experiment.reorder {
            Reorder::All => None,
            Reorder::Only(processes) => Some(processes.clone()),
        };
        Self { seed: experiment.seed, faults: drawn, fault: experiment.extra.clone(), reorder }
    }

    /// What the variable `KUBE_SIM` says, if it is set.
    pub(super) fn from_environment() -> Option<Result<Self, ReplayError>> {
        let line = std::env::var_os("KUBE_SIM")?;
        Some(line.to_string_lossy().parse())
    }

    pub(super) fn experiment(&self, sim: &Sim) -> Experiment {
        let mut experiment = sim.experiment(self.seed);
        if let Some(numbers) = &self.faults {
            experiment.plan = experiment.plan.only(numbers);
        }
        if let Some(fault) = &self.fault {
            experiment.plan = Plan::of(read_fault(fault).into_iter().collect());
            experiment.extra = Some(fault.clone());
        }
        if let Some(processes) = &self.reorder {
            experiment.reorder = Reorder::Only(processes.clone());
        }
        experiment
    }
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed={}", self.seed)?;
        if let Some(faults) = &self.faults {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            write!(f, " faults={}", faults.join(","))?;
        }
        if let Some(fault) = &self.fault {
            write!(f, " fault={fault}")?;
        }
        match &self.reorder {
            Some(processes) => write!(f, " reorder={}", processes.join(",")),
            None => Ok(()),
        }
    }
}

impl FromStr for Replay {
    type Err = ReplayError;

    fn from_str(line: &str) -> Result<Self, ReplayError> {
        let mut replay = Self { seed: 0, faults: None, fault: None, reorder: None };
        for part in line.split_whitespace() {
            let refuse = |reason: &str| ReplayError { part: part.to_owned(), reason: reason.to_owned() };
            let (name, value) = part.split_once('=').ok_or_else(|| refuse("it has no `=`"))?;
            let list = || value.split(',').filter(|item| !item.is_empty());
            match name {
                "seed" => replay.seed = value.parse().map_err(|_| refuse("no number"))?,
                "faults" => {
                    let numbers: Result<_, _> = list().map(str::parse).collect();
                    replay.faults = Some(numbers.map_err(|_| refuse("no list of numbers"))?);
                }
                "fault" => {
                    read_fault(value).ok_or_else(|| refuse("no fault"))?;
                    replay.fault = Some(value.to_owned());
                }
                "reorder" => replay.reorder = Some(list().map(Arc::from).collect()),
                _ => return Err(refuse("it is not known")),
            }
        }
        Ok(replay)
    }
}

/// Writes the fault of an exploration.
pub(super) fn write_fault(fault: &Fault) -> Option<String> {
    let (what, number) = match fault.what {
        What::Crash(Moment::BeforeWrite(number)) => ("crash-before", number),
        What::Crash(Moment::AfterWrite(number)) => ("crash-after", number),
        What::StaleAt(number) => ("stale-at", number),
        What::SkipAt(number) => ("skip-at", number),
        _ => return None,
    };
    Some(format!("{what}:{}:{number}:{}", fault.on.as_deref()?, fault.length().as_millis()))
}

fn read_fault(text: &str) -> Option<Fault> {
    let mut parts = text.split(':');
    let (what, on, number, millis) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let number = number.parse().ok()?;
    let what = match what {
        "crash-before" => What::Crash(Moment::BeforeWrite(number)),
        "crash-after" => What::Crash(Moment::AfterWrite(number)),
        "stale-at" => What::StaleAt(number),
        "skip-at" => What::SkipAt(number),
        _ => return None,
    };
    let until = Duration::from_millis(millis.parse().ok()?);
    Some(Fault { what, on: Some(on.into()), from: Duration::ZERO, until, salt: 0 })
}
