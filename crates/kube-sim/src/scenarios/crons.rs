//! CronJobs in the night in which clocks go back, under all faults.

use super::acts::acting;
use super::jobs::Accounts;
use crate::campaign::Sim;
use crate::faults::Faults;
use crate::oracle::{Commit, Oracle, State, Verdict};
use jiff::Timestamp;
use kube_controllers::builtin::cron_job::plan::SCHEDULED_TIMESTAMP;
use kube_controllers::builtin::job::is_finished;
use kube_core::kinds::batch::v1::{CronJob, Job};
use kube_core::resource::ResourceExt;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

const CRONS: &str = include_str!("crons.yaml");

const CONTROLLERS: [&str; 4] =
    ["cronjob-controller", "job-controller", "garbage-collector", "pod-garbage-collector-controller"];

/// 28 minutes past two in Berlin on 25 October 2026, where half an hour later it is two o'clock again.
const NIGHT: Timestamp = Timestamp::constant(1_792_888_080, 0);

/// One every few minutes, one that replaces its last run, and one by the day in the hour that comes twice; until all are
/// suspended.
pub fn crons(seeds: Range<u64>) -> Sim {
    let faults = Faults::all().within(Duration::from_mins(25));
    let sim = acting(seeds, 2, &CONTROLLERS).faults(faults).clocks_begin(NIGHT);
    let sim = sim.oracle(|| Box::<Accounts>::default()).oracle(|| Box::<Runs>::default());
    sim.scenario(|c| async move {
        c.apply(CRONS).await;
        c.sleep(Duration::from_mins(67)).await;
        for name in ["often", "nightly", "replaced"] {
            let name = format!("default/{name}");
            c.edit::<CronJob>(&name, |cron_job| cron_job.spec.suspend = Some(true)).await;
        }
    })
}

/// Every time that is due has one run, also when clocks on the wall show it twice; once all is well none is missed.
#[derive(Debug, Default)]
struct Runs {
    /// Times of runs, by CronJob: as they are written, with the offset of their zone.
    times: BTreeMap<String, BTreeSet<String>>,
}

impl Oracle for Runs {
    fn name(&self) -> &'static str {
        "runs"
    }

    fn after(&mut self, commit: &Commit, _state: &State) -> Verdict {
        for change in &commit.changes {
            let Some((None, Some(job))) = change.of::<Job>() else { continue };
            let owner = job.metadata.owner_references.as_deref().and_then(|owners| owners.first());
            let due = job.metadata.annotations.as_ref().and_then(|all| all.get(SCHEDULED_TIMESTAMP));
            let (Some(owner), Some(due)) = (owner, due) else { continue };
            let on_the_wall = due.get(..19).unwrap_or(due).to_owned();
            if !self.times.entry(owner.name.clone()).or_default().insert(on_the_wall) {
                return Err(format!("CronJob {} runs again at {due}", owner.name));
            }
        }
        Ok(())
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        let none = BTreeSet::new();
        let times = |name: &str| self.times.get(name).unwrap_or(&none);
        let expected = [("often", "2026-10-25T01:20:00"), ("often", "2026-10-25T01:30:00")];
        let expected = expected.into_iter().chain([("nightly", "2026-10-25T02:30:00")]);
        for (name, time) in expected {
            if !times(name).contains(time) {
                return Err(format!("CronJob {name} did not run at {time}: {:?}", times(name)));
            }
        }
        let jobs = state.all::<Job>();
        let done = jobs.iter().filter(|job| is_finished(job) == Some("Complete"));
        let often = done.filter(|job| job.name().starts_with("often-")).count();
        if often > 3 {
            return Err(format!("{often} Jobs of the past are kept, 3 are wanted"));
        }
        let running = jobs.iter().filter(|job| is_finished(job).is_none()).count();
        if running == 1 { Ok(()) } else { Err(format!("{running} Jobs run, of which one was to be left")) }
    }
}
