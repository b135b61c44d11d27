//! Making a failing run smaller: fewer faults, then fewer tasks out of order.

use super::build::Sim;
use super::conduct::{Experiment, Observation};
use super::failure::Failure;
use crate::executor::Reorder;
use std::sync::Arc;

/// Most runs that a failure is worth.
const RUNS: usize = 200;

impl Sim {
    /// The smallest experiment found that fails in the same way.
    pub(super) fn shrink(&self, experiment: Experiment, seen: Observation) -> Failure {
        let drawn = experiment.plan.faults.len();
        let mut search = Search { sim: self, best: experiment, seen, left: RUNS };
        search.fewer_faults();
        search.fewer_reorderings();
        Failure::new(&search.best, search.seen, drawn)
    }
}

struct Search<'a> {
    sim: &'a Sim,
    best: Experiment,
    seen: Observation,
    left: usize,
}

impl Search<'_> {
    /// Takes `candidate` if it fails as the best one does.
    fn try_out(&mut self, candidate: Experiment) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let seen = self.sim.conduct(&candidate);
        let noticed =
            |seen: &Observation| seen.trouble.as_ref().map(|trouble| trouble.noticed_by().to_owned());
        let same = seen.trouble.is_some() && noticed(&seen) == noticed(&self.seen);
        if same {
            (self.best, self.seen) = (candidate, seen);
        }
        same
    }

    fn fewer_faults(&mut self) {
        let without = |best: &Experiment, gone: &[usize]| {
            let kept: Vec<usize> = best.plan.numbers().into_iter().filter(|n| !gone.contains(n)).collect();
            Experiment { plan: best.plan.only(&kept), ..best.clone() }
        };
        // Many at a time first, then one by one until none can be spared.
        let mut size = self.best.plan.faults.len();
        while size > 0 {
            let numbers = self.best.plan.numbers();
            let mut spared = false;
            for gone in numbers.chunks(size) {
                let candidate = without(&self.best, gone);
                spared |= self.try_out(candidate);
            }
            if !spared || size > 1 {
                size /= 2;
            }
        }
    }

    fn fewer_reorderings(&mut self) {
        let only = |best: &Experiment, processes: Vec<Arc<str>>| Experiment {
            reorder: Reorder::Only(processes),
            ..best.clone()
        };
        if self.try_out(only(&self.best, Vec::new())) {
            return;
        }
        let roles = self.sim.blueprint.roles.iter().map(|role| role.name.clone());
        let mut processes: Vec<Arc<str>> = roles.collect();
        if !self.try_out(only(&self.best, processes.clone())) {
            return;
        }
        for process in processes.clone() {
            let fewer: Vec<Arc<str>> = processes.iter().filter(|other| **other != process).cloned().collect();
            if self.try_out(only(&self.best, fewer.clone())) {
                processes = fewer;
            }
        }
    }
}
