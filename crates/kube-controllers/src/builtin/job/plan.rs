//! What a Job needs next. Pure.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/job` (`syncJob`, `manageJob`).

use super::account::Account;
use super::backoff::Backoff;
use super::end::{self, End, SUSPENDED};
use super::failure_policy::judge;
use super::indexes::Intervals;
use super::pods::{Wanted, completion_index, failure_count, finished_at, ignored_failure_count, is_tracked};
use crate::builtin::replica_set::youth_order;
use jiff::{SignedDuration, Timestamp};
use kube_core::condition::is_true;
use kube_core::kinds::batch::v1::{Job, JobStatus};
use kube_core::resource::{ObjectKey, ResourceExt, Uid};
use kube_core::view::{PodPhase, PodView};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Most pods created or deleted in one go.
pub const BURST: usize = 500;

/// What there is.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The Job, which has not ended.
    pub job: &'a Job,
    /// The pods that it controls.
    pub pods: &'a [Arc<PodView>],
    /// Failures since the last success, before those that are not counted yet.
    pub backoff: Backoff,
    /// The time.
    pub now: Timestamp,
}

/// What to do.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Pods to create or delete: one kind of the two.
    pub ops: Vec<Op>,
    /// What is counted, and how the Job ends, if it does.
    pub account: Account,
    /// Failures since the last success, those of now included.
    pub backoff: Backoff,
    /// When to look again, if nothing happens.
    pub requeue: Option<Duration>,
}

/// One write.
#[derive(Clone, Debug)]
pub enum Op {
    /// Create a pod.
    Create(NewPod),
    /// Delete a pod: it counts as failed, unless it succeeds.
    Delete(ObjectKey, Uid),
    /// Take a pod back: it is let go first, and counts as nothing.
    Withdraw(Arc<PodView>),
}

impl Op {
    /// The pod that goes.
    pub fn deleted(&self) -> Option<&Uid> {
        match self {
            Self::Create(_) => None,
            Self::Delete(_, uid) => Some(uid),
            Self::Withdraw(pod) => Some(&pod.meta.uid),
        }
    }
}

/// A pod to create.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewPod {
    /// Its index, in an indexed Job.
    pub index: Option<i32>,
    /// How often the index has failed, where that is limited.
    pub failures: Option<i32>,
    /// Failures of the index that did not count.
    pub ignored_failures: i32,
}

/// Plans the next step; `None` for a Job without a spec.
pub fn plan(view: &View<'_>) -> Option<Plan> {
    let wanted = Wanted::of(view.job)?;
    let facts = Facts::of(view, wanted);
    let status = view.job.status.clone().unwrap_or_default();
    let mut plan = Plan { backoff: facts.backoff, ..Plan::default() };
    let mut end = end::already(&status).or_else(|| facts.failure());
    if end.is_none() {
        plan.requeue = facts.until_deadline();
        end = facts.success_by_policy();
    }
    let mut managed = false;
    if end.is_some() {
        plan.ops = facts.active.iter().map(|pod| delete(pod)).collect();
    } else {
        if !view.job.is_terminating() {
            managed = true;
            let (ops, wait) = facts.manage();
            plan.ops = ops;
            plan.requeue = [plan.requeue, wait].into_iter().flatten().min();
        }
        if plan.ops.is_empty() && facts.is_complete() {
            end = Some(End::completions_reached());
        }
    }
    plan.account = Account::new(view, wanted, &facts, end, managed);
    Some(plan)
}

/// What the pods add up to.
pub(super) struct Facts<'a> {
    view: &'a View<'a>,
    wanted: Wanted<'a>,
    pub(super) active: Vec<Arc<PodView>>,
    pub(super) ready: i32,
    pub(super) terminating: i32,
    succeeded: i32,
    failed: i32,
    backoff: Backoff,
    /// Before this step, and with it.
    pub(super) succeeded_indexes: (Intervals, Intervals),
    pub(super) failed_indexes: Option<Intervals>,
    /// The last failed pod of each index that is to be tried again: kept until its successor is there, for its counts.
    pub(super) delayed: BTreeMap<i32, Arc<PodView>>,
}

impl<'a> Facts<'a> {
    fn of(view: &'a View<'a>, wanted: Wanted<'a>) -> Self {
        let status = view.job.status.clone().unwrap_or_default();
        let uncounted = status.uncounted_terminated_pods.clone().unwrap_or_default();
        let (held_succeeded, held_failed) =
            (uncounted.succeeded.unwrap_or_default(), uncounted.failed.unwrap_or_default());
        let fresh = |held: &[String], test: &dyn Fn(&PodView) -> bool| -> Vec<&'a PodView> {
            let mine = view.pods.iter().map(|pod| &**pod);
            let fresh =
                mine.filter(|pod| is_tracked(pod) && !held.iter().any(|uid| *uid == pod.meta.uid.as_str()));
            fresh
                .filter(|pod| !wanted.indexed || wanted.index_of(pod).is_some())
                .filter(|pod| test(pod))
                .collect()
        };
        let new_succeeded = fresh(&held_succeeded, &|pod| pod.status.phase == PodPhase::Succeeded);
        let new_failed = fresh(&held_failed, &|pod| wanted.is_failed(pod));
        let policy = wanted.spec.pod_failure_policy.as_ref();
        let counted = new_failed.iter().filter(|pod| judge(policy, pod).counts).count();
        let active: Vec<Arc<PodView>> = view.pods.iter().filter(|pod| pod.is_active()).cloned().collect();
        let succeeded_indexes = succeeded_indexes(view.job, wanted, view.pods);
        let total = |before: Option<i32>, more: usize| before.unwrap_or(0).saturating_add(number(more));
        let mut facts = Self {
            view,
            wanted,
            ready: number(active.iter().filter(|pod| pod.is_ready()).count()),
            terminating: number(
                view.pods.iter().filter(|pod| pod.is_terminating() && !pod.is_terminal()).count(),
            ),
            active,
            succeeded: if wanted.indexed {
                succeeded_indexes.1.total()
            } else {
                total(status.succeeded, new_succeeded.len() + held_succeeded.len())
            },
            failed: total(status.failed, counted + held_failed.len()),
            backoff: view.backoff.after(new_succeeded, new_failed),
            succeeded_indexes,
            failed_indexes: failed_indexes(view.job, wanted, view.pods),
            delayed: BTreeMap::new(),
        };
        facts.delayed = facts.delayed_per_index();
        facts
    }

    /// Why the Job fails now, if it does.
    fn failure(&self) -> Option<End> {
        let policy = self.wanted.spec.pod_failure_policy.as_ref();
        let mut failed = self.view.pods.iter().filter(|pod| self.wanted.is_failed(pod));
        if let Some(message) = failed.find_map(|pod| judge(policy, pod).message) {
            return Some(End::failure("PodFailurePolicy", message));
        }
        if self.failed > self.wanted.backoff_limit() || self.restarts_exceed() {
            let message = "Job has reached the specified backoff limit".to_owned();
            return Some(End::failure("BackoffLimitExceeded", message));
        }
        if self.deadline().is_some_and(|deadline| deadline <= self.view.now) {
            let message = "Job was active longer than specified deadline".to_owned();
            return Some(End::failure("DeadlineExceeded", message));
        }
        let failed = self.failed_indexes.as_ref()?.total();
        if self.wanted.spec.max_failed_indexes.is_some_and(|max| failed > max) {
            let message = "Job has exceeded the specified maximal number of failed indexes".to_owned();
            return Some(End::failure("MaxFailedIndexesExceeded", message));
        }
        let ended = failed + self.succeeded_indexes.1.total();
        (failed > 0 && ended >= self.wanted.completions.unwrap_or(0))
            .then(|| End::failure("FailedIndexes", "Job has failed indexes".to_owned()))
    }

    /// Whether containers that are started again in their pods were so too often.
    fn restarts_exceed(&self) -> bool {
        let template = self.wanted.spec.template.spec.as_ref();
        if template.and_then(|spec| spec.restart_policy.as_deref()) != Some("OnFailure") {
            return false;
        }
        let live = self.view.pods.iter().map(|pod| &pod.status);
        let live = live.filter(|status| matches!(status.phase, PodPhase::Running | PodPhase::Pending));
        let statuses =
            live.flat_map(|status| status.init_container_statuses.iter().chain(&status.container_statuses));
        let restarts: i32 = statuses.map(|status| status.restart_count).sum();
        let limit = self.wanted.backoff_limit();
        if limit == 0 { restarts > 0 } else { restarts >= limit }
    }

    fn deadline(&self) -> Option<Timestamp> {
        let seconds = self.wanted.spec.active_deadline_seconds.filter(|_| !self.wanted.is_suspended())?;
        let status = self.view.job.status.as_ref()?;
        if is_true(status.conditions.as_deref().unwrap_or_default(), SUSPENDED) {
            // It is about to go on, and its time begins anew.
            return None;
        }
        let start = status.start_time.as_ref()?.0;
        start.saturating_add(SignedDuration::from_secs(seconds)).ok()
    }

    fn until_deadline(&self) -> Option<Duration> {
        let seconds = self.wanted.spec.active_deadline_seconds.filter(|_| !self.wanted.is_suspended())?;
        let now = self.view.now;
        let end = self.deadline().or_else(|| now.saturating_add(SignedDuration::from_secs(seconds)).ok())?;
        Some(Duration::try_from(end.duration_since(now)).unwrap_or_default())
    }

    fn success_by_policy(&self) -> Option<End> {
        let policy = self.wanted.spec.success_policy.as_ref().filter(|_| self.wanted.indexed);
        let completions = self.wanted.completions.unwrap_or(0);
        super::success_policy::met(policy, completions, &self.succeeded_indexes.1).map(End::success_policy)
    }

    fn is_complete(&self) -> bool {
        let enough = match self.wanted.completions {
            None => self.succeeded > 0,
            Some(completions) => self.succeeded >= completions,
        };
        enough && self.active.is_empty()
    }

    /// Pods to delete, or to create; and how long to wait before more can be created.
    fn manage(&self) -> (Vec<Op>, Option<Duration>) {
        if self.wanted.is_suspended() {
            return (self.active.iter().cloned().map(Op::Withdraw).collect(), None);
        }
        let active = number(self.active.len());
        let wanted = match self.wanted.completions {
            None if self.succeeded > 0 => active,
            None => self.wanted.parallelism(),
            Some(completions) => (completions - self.succeeded).min(self.wanted.parallelism()).max(0),
        };
        let surplus = usize::try_from(active - wanted).unwrap_or(0);
        let removed: Vec<Op> = self.surplus(surplus).into_iter().take(BURST).map(Op::Withdraw).collect();
        if !removed.is_empty() {
            return (removed, None);
        }
        let terminating = if self.wanted.replaces_failed_only() { self.terminating } else { 0 };
        match usize::try_from(wanted - terminating - active) {
            Ok(missing) if missing > 0 => self.create(missing.min(BURST)),
            _ => (Vec::new(), None),
        }
    }

    fn create(&self, count: usize) -> (Vec<Op>, Option<Duration>) {
        if self.wanted.per_index().is_none() {
            let wait = self.backoff.remaining(self.view.now);
            if !wait.is_zero() {
                return (Vec::new(), Some(wait));
            }
        }
        if !self.wanted.indexed {
            return (vec![Op::Create(NewPod::default()); count], None);
        }
        let mut waits = Vec::new();
        let mut ops = Vec::new();
        for index in self.pending(count) {
            let before = self.delayed.get(&index);
            match before.map(|pod| self.wait_for_index(pod)).filter(|wait| !wait.is_zero()) {
                Some(wait) => waits.push(wait),
                None => ops.push(Op::Create(self.new_pod(index, before))),
            }
        }
        let wait = waits.into_iter().min().filter(|_| ops.is_empty());
        (ops, wait)
    }

    /// The lowest indexes that have no pod and need one.
    fn pending(&self, count: usize) -> Vec<i32> {
        let index = |pod: &Arc<PodView>| completion_index(pod);
        let mut taken = self.succeeded_indexes.1.with(self.active.iter().filter_map(index));
        if self.wanted.replaces_failed_only() {
            let terminating = self.view.pods.iter().filter(|pod| pod.is_terminating() && !pod.is_terminal());
            taken = taken.with(terminating.filter_map(index));
        }
        if let Some(failed) = &self.failed_indexes {
            taken = taken.with(failed.iter().flat_map(|(first, last)| first..=last));
        }
        taken.absent(count, self.wanted.completions.unwrap_or(0))
    }

    fn wait_for_index(&self, failed: &PodView) -> Duration {
        let failures = failures_of_index(failed).saturating_add(1);
        Backoff { failures, last_failure: Some(finished_at(failed)) }.remaining(self.view.now)
    }

    fn new_pod(&self, index: i32, before: Option<&Arc<PodView>>) -> NewPod {
        let Some(_) = self.wanted.per_index() else {
            return NewPod { index: Some(index), ..NewPod::default() };
        };
        let (mut failures, mut ignored_failures) =
            before.map_or((0, 0), |pod| (failure_count(pod), ignored_failure_count(pod)));
        if let Some(pod) = before {
            let counts = judge(self.wanted.spec.pod_failure_policy.as_ref(), pod).counts;
            let count = if counts { &mut failures } else { &mut ignored_failures };
            *count = count.saturating_add(1);
        }
        NewPod { index: Some(index), failures: Some(failures), ignored_failures }
    }

    /// At least `count` pods to remove: those without a place of their own first.
    fn surplus(&self, count: usize) -> Vec<Arc<PodView>> {
        let order = youth_order(&self.active);
        if !self.wanted.indexed {
            return order.into_iter().take(count).collect();
        }
        // Of several pods of one index the last in the order stays.
        let mut seen = BTreeSet::new();
        let (mut left, mut surplus) = (Vec::new(), Vec::new());
        for pod in order.into_iter().rev() {
            match self.wanted.index_of(&pod) {
                Some(index) if seen.insert(index) => left.push(pod),
                _ => surplus.push(pod),
            }
        }
        left.reverse();
        let more = count.saturating_sub(surplus.len());
        surplus.extend(left.into_iter().take(more));
        surplus
    }

    fn delayed_per_index(&self) -> BTreeMap<i32, Arc<PodView>> {
        let mut last: BTreeMap<i32, Arc<PodView>> = BTreeMap::new();
        let Some(failed_indexes) = &self.failed_indexes else { return last };
        let active: BTreeSet<i32> = self.active.iter().filter_map(|pod| completion_index(pod)).collect();
        let failed = self.view.pods.iter().filter(|pod| is_tracked(pod) && self.wanted.is_failed(pod));
        for pod in failed {
            let Some(index) = self.wanted.index_of(pod) else { continue };
            if self.succeeded_indexes.1.has(index) || failed_indexes.has(index) || active.contains(&index) {
                continue;
            }
            let later = |other: &PodView| {
                failures_of_index(other) <= failures_of_index(pod) && finished_at(other) <= finished_at(pod)
            };
            if last.get(&index).is_none_or(|other| later(other)) {
                last.insert(index, pod.clone());
            }
        }
        last
    }
}

/// The succeeded indexes: those told, and those with the pods that succeeded and are not counted yet.
pub fn succeeded_indexes(job: &Job, wanted: Wanted<'_>, pods: &[Arc<PodView>]) -> (Intervals, Intervals) {
    if !wanted.indexed {
        return Default::default();
    }
    let told = job.status.as_ref().and_then(|status| status.completed_indexes.as_deref()).unwrap_or_default();
    let before = Intervals::parse(told, wanted.completions.unwrap_or(0));
    let new = pods.iter().filter(|pod| pod.status.phase == PodPhase::Succeeded && is_tracked(pod));
    let after = before.with(new.filter_map(|pod| wanted.index_of(pod)));
    (before, after)
}

/// The indexes that have failed for good; `None` where that is not counted.
pub fn failed_indexes(job: &Job, wanted: Wanted<'_>, pods: &[Arc<PodView>]) -> Option<Intervals> {
    let limit = wanted.per_index()?;
    let told = job.status.as_ref().and_then(|status| status.failed_indexes.as_deref()).unwrap_or_default();
    let before = Intervals::parse(told, wanted.completions.unwrap_or(0));
    let policy = wanted.spec.pod_failure_policy.as_ref();
    let failed = pods.iter().filter(|pod| is_tracked(pod) && wanted.is_failed(pod)).filter(|pod| {
        let verdict = judge(policy, pod);
        verdict.action.as_deref() == Some("FailIndex") || (verdict.counts && failure_count(pod) >= limit)
    });
    Some(before.with(failed.filter_map(|pod| wanted.index_of(pod))))
}

/// How often the index of the pod had failed before, whether that counts or not.
fn failures_of_index(pod: &PodView) -> i32 {
    failure_count(pod).saturating_add(ignored_failure_count(pod))
}

fn delete(pod: &PodView) -> Op {
    Op::Delete(pod.meta.key(), pod.meta.uid.clone())
}

pub(super) fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Whether the status says so.
pub(super) fn started(status: &JobStatus) -> bool {
    status.start_time.is_some()
}
