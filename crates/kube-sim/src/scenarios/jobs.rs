//! Jobs whose pods fail and get lost, under all faults: what they count is exact.

use super::acts::acting;
use super::lose_a_pod;
use crate::campaign::Sim;
use crate::oracle::{Commit, Oracle, State, Verdict};
use kube_controllers::builtin::job::is_finished;
use kube_controllers::builtin::job::pods::{TRACKING, completion_index};
use kube_core::kinds::batch::v1::{Job, JobStatus};
use kube_core::resource::{ObjectKey, ResourceExt, Uid};
use kube_core::view::{PodPhase, PodView};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

const JOBS: &str = include_str!("jobs.yaml");

const CONTROLLERS: [&str; 4] = [
    "job-controller",
    "ttl-after-finished-controller",
    "garbage-collector",
    "pod-garbage-collector-controller",
];

/// One that counts, one by indexes, and one that goes when it has ended; lost pods, a pause, and more at a time.
pub fn jobs(seeds: Range<u64>) -> Sim {
    let sim = acting(seeds, 3, &CONTROLLERS).oracle(|| Box::<Accounts>::default()).finally(over);
    sim.scenario(|c| async move {
        c.apply(JOBS).await;
        c.sleep(Duration::from_secs(5)).await;
        lose_a_pod(&c).await;
        c.edit::<Job>("default/indexed", |job| suspend(job, true)).await;
        c.sleep(Duration::from_secs(8)).await;
        c.edit::<Job>("default/indexed", |job| suspend(job, false)).await;
        c.edit::<Job>("default/plain", |job| {
            if let Some(spec) = &mut job.spec {
                spec.parallelism = Some(4);
            }
        })
        .await;
        c.sleep(Duration::from_secs(4)).await;
        lose_a_pod(&c).await;
    })
}

fn suspend(job: &mut Job, is: bool) {
    if let Some(spec) = &mut job.spec {
        spec.suspend = Some(is);
    }
}

/// The two that stay have ended well, and the one that goes is gone.
fn over(state: &State) -> Verdict {
    let jobs = state.all::<Job>();
    let names: Vec<&str> = jobs.iter().map(|job| job.name()).collect();
    if names != ["indexed", "plain"] {
        return Err(format!("the Jobs {names:?} are left"));
    }
    match jobs.iter().find(|job| is_finished(job) != Some("Complete")) {
        Some(job) => Err(format!("Job {} did not complete", job.key())),
        None => Ok(()),
    }
}

/// A pod is noted before its Job lets it go, and whatever was noted is counted once: at every commit a counter and the
/// uids beside it make up what was ever noted.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    noted: BTreeMap<Uid, Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    succeeded: BTreeSet<String>,
    failed: BTreeSet<String>,
}

impl Oracle for Accounts {
    fn name(&self) -> &'static str {
        "accounts"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            if let Some((_, Some(job))) = change.of::<Job>() {
                self.exact(&job)?;
            }
            if let Some((Some(before), after)) = change.of::<PodView>()
                && is_held(&before)
                && !after.is_some_and(|after| is_held(&after))
            {
                let owner = before.meta.controller().filter(|owner| &*owner.kind == "Job");
                let key =
                    owner.map(|owner| ObjectKey::new(before.meta.namespace.clone(), owner.name.clone()));
                let job = key.and_then(|key| state.get::<Job>(&key));
                let job = job.filter(|job| Some(job.uid()) == owner.map(|owner| owner.uid.clone()));
                job.map_or(Ok(()), |job| may_go(&before, &job))?;
            }
        }
        Ok(())
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        if let Some(pod) = state.pods().iter().find(|pod| is_held(pod) && !pod.is_active()) {
            return Err(format!("pod {} is not counted", pod.meta.key()));
        }
        state.all::<Job>().iter().filter(|job| is_finished(job).is_some()).try_for_each(|job| complete(job))
    }
}

fn is_held(pod: &Arc<PodView>) -> bool {
    pod.meta.finalizers.iter().any(|finalizer| &**finalizer == TRACKING)
}

fn is_indexed(job: &Job) -> bool {
    job.spec.as_ref().and_then(|spec| spec.completion_mode.as_deref()) == Some("Indexed")
}

/// The uids that are noted and not counted: of pods that succeeded, and of others.
fn uncounted(status: &JobStatus) -> (&[String], &[String]) {
    let all = status.uncounted_terminated_pods.as_ref();
    let succeeded = all.and_then(|all| all.succeeded.as_deref()).unwrap_or_default();
    (succeeded, all.and_then(|all| all.failed.as_deref()).unwrap_or_default())
}

impl Accounts {
    fn exact(&mut self, job: &Job) -> Verdict {
        let Some(status) = &job.status else { return Ok(()) };
        let (succeeded, failed) = uncounted(status);
        let noted = self.noted.entry(job.uid()).or_default();
        noted.succeeded.extend(succeeded.iter().cloned());
        noted.failed.extend(failed.iter().cloned());
        let check = |what, counted: Option<i32>, open: usize, noted: &BTreeSet<String>| {
            let all = usize::try_from(counted.unwrap_or(0)).unwrap_or(0) + open;
            if all == noted.len() {
                return Ok(());
            }
            let noted = noted.len();
            Err(format!(
                "Job {} has counted {all} pods that {what} with those it notes, of {noted}",
                job.key()
            ))
        };
        // Where pods have indexes those that succeeded are noted by theirs.
        if !is_indexed(job) {
            check("succeeded", status.succeeded, succeeded.len(), &noted.succeeded)?;
        }
        check("failed", status.failed, failed.len(), &noted.failed)
    }
}

/// A pod that ended was noted before its finalizer comes off.
fn may_go(pod: &PodView, job: &Job) -> Verdict {
    let status = job.status.clone().unwrap_or_default();
    let (succeeded, failed) = uncounted(&status);
    let is_in = |uids: &[String]| uids.iter().any(|uid| *uid == pod.meta.uid.as_str());
    let noted = match pod.status.phase {
        _ if is_finished(job).is_some() || job.is_terminating() || is_in(failed) => true,
        PodPhase::Succeeded if is_indexed(job) => {
            completion_index(pod).is_some_and(|index| has_index(&status, index))
        }
        PodPhase::Succeeded => is_in(succeeded),
        PodPhase::Failed => false,
        _ => true,
    };
    if noted {
        return Ok(());
    }
    Err(format!("Job {} lets pod {} go, which it has not noted", job.key(), pod.meta.key()))
}

fn has_index(status: &JobStatus, index: i32) -> bool {
    let ranges = status.completed_indexes.as_deref().unwrap_or_default().split(',');
    let mut ranges = ranges.filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.parse::<i32>().ok()?..=last.parse::<i32>().ok()?)
    });
    ranges.any(|range| range.contains(&index))
}

fn complete(job: &Job) -> Verdict {
    let status = job.status.clone().unwrap_or_default();
    let wanted = job.spec.as_ref().and_then(|spec| spec.completions);
    if is_finished(job) == Some("Complete") && status.succeeded != wanted {
        return Err(format!("Job {} is complete with {:?} of {wanted:?}", job.key(), status.succeeded));
    }
    let (succeeded, failed) = uncounted(&status);
    let open = succeeded.len() + failed.len();
    if open > 0 || status.active.unwrap_or(0) > 0 || status.terminating.unwrap_or(0) > 0 {
        return Err(format!("Job {} has ended and tells of {status:?}", job.key()));
    }
    Ok(())
}
