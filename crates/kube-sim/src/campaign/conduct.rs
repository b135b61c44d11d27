//! One run.

use super::build::Sim;
use super::failure::Trouble;
use super::story;
use crate::cluster::World;
use crate::executor::{Choice, Executor, Reorder};
use crate::faults::Plan;
use kube_core::env::Rng;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// Everything that decides a run besides the code.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Experiment {
    pub(crate) seed: u64,
    pub(crate) plan: Plan,
    pub(crate) reorder: Reorder,
    /// The fault of an exploration, as a replay writes it; the others come from the seed.
    pub(crate) extra: Option<String>,
}

impl Experiment {
    pub(crate) fn new(seed: u64, plan: Plan) -> Self {
        Self { seed, plan, reorder: Reorder::All, extra: None }
    }

    /// How the next task is chosen: half of the seeds each way.
    fn choice(&self) -> Choice {
        let mut rng = Rng::forked(self.seed, "choice");
        if rng.chance(0.5) {
            return Choice::Uniform;
        }
        Choice::Priorities { changes: 4, within: 20_000 }
    }
}

/// What was seen of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Observation {
    /// What went wrong that must not.
    pub trouble: Option<Trouble>,
    /// A hash over every step of every task and everything that was written.
    pub hash: u64,
    /// Steps of all tasks.
    pub steps: u64,
    /// Transactions committed.
    pub commits: u64,
    /// The same by who asked for them.
    pub commits_by: BTreeMap<Arc<str>, u64>,
    /// Writes asked for and events delivered, by component.
    pub counts: Vec<(Arc<str>, u64, u64)>,
    /// Faults planned.
    pub faults: usize,
    /// Each of them by its number in the plan, and how often it had an effect. A clock that is off is not counted.
    pub strikes: Vec<(usize, u64)>,
    /// Virtual time at the end.
    pub time: Duration,
}

impl Sim {
    /// Runs one experiment.
    pub(crate) fn conduct(&self, experiment: &Experiment) -> Observation {
        let mut executor = Executor::beginning(experiment.seed, self.clocks_begin)
            .with_limits(self.limits)
            .with_choice(experiment.choice(), experiment.reorder.clone());
        let env = executor.env();
        let world = World::new(&env, &self.blueprint, experiment.plan.clone(), self.oracles());
        let story = story::tell(world.clone(), self.scenario.clone(), self.rest_within, self.silent_for);
        let outcome = catch_unwind(AssertUnwindSafe(|| executor.run("scenario", story)));
        let trouble = match (world.observer.violation(), outcome) {
            (Some(violation), _) => Some(Trouble::Violation(Box::new(violation))),
            (None, Ok(Ok(()))) => None,
            (None, Ok(Err(error))) => Some(Trouble::Stuck(error)),
            (None, Err(panic)) => {
                let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
                Some(Trouble::Panic(text.unwrap_or_else(|| "no message".to_owned())))
            }
        };
        let mut trace = executor.trace().clone();
        trace.mix(&world.observer.hash().to_le_bytes());
        Observation {
            trouble,
            hash: trace.hash(),
            steps: trace.steps(),
            commits: world.observer.commits(),
            commits_by: world.observer.by_author(),
            counts: world.counts(),
            faults: experiment.plan.faults.len(),
            strikes: world.weather.strikes(),
            time: Duration::from_nanos(env.now().nanos()),
        }
    }
}
