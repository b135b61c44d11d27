//! Counting pods exactly once.
//!
//! A pod that ended carries a finalizer until it is counted. Its uid goes into the status first, then the finalizer comes
//! off, then the counter is raised and the uid taken out: whatever is cut short is taken up again where it stopped.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/job` (`trackJobStatusAndRemoveFinalizers`, `enactJobFinished`).

use super::end::{self, End, SUSPENDED};
use super::failure_policy::judge;
use super::plan::{Facts, Op, View, number, started};
use super::pods::{Wanted, is_tracked};
use jiff::Timestamp;
use kube_core::condition::{FALSE, TRUE};
use kube_core::kinds::batch::v1::{JobStatus, UncountedTerminatedPods};
use kube_core::kinds::meta::v1::Time;
use kube_core::resource::{ResourceExt, Uid};
use kube_core::view::{PodPhase, PodView};
use kube_store::mutant::{self, Mutant};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Uids in the status at a time: they must not make the Job too large.
const MAX_UNCOUNTED: usize = 500;

/// What is counted, and how the Job ends.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The status to write before finalizers come off, but for the numbers of pods.
    status: JobStatus,
    /// Pods whose finalizer comes off then.
    pub release: Vec<Arc<PodView>>,
    /// Every pod with a finalizer.
    tracked: BTreeSet<Uid>,
    end: Option<End>,
    /// Active, of these ready, and terminating before the writes.
    numbers: (i32, i32, i32),
    ready: BTreeSet<Uid>,
    /// Whether some pods have to wait for the next time.
    full: bool,
    /// What to tell people: reason and message.
    pub events: Vec<(&'static str, String)>,
}

/// What came of the writes of a plan.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// Pods created.
    pub created: usize,
    /// Pods deleted.
    pub deleted: Vec<Uid>,
}

impl Done {
    /// Notes that `op` was carried out.
    pub fn note(&mut self, op: &Op) {
        match op.deleted() {
            None => self.created += 1,
            Some(uid) => self.deleted.push(uid.clone()),
        }
    }
}

impl Account {
    pub(super) fn new(
        view: &View<'_>,
        wanted: Wanted<'_>,
        facts: &Facts<'_>,
        end: Option<End>,
        managed: bool,
    ) -> Self {
        let mut account = Self {
            status: view.job.status.clone().unwrap_or_default(),
            tracked: view.pods.iter().filter(|pod| is_tracked(pod)).map(|pod| pod.meta.uid.clone()).collect(),
            numbers: (number(facts.active.len()), facts.ready, facts.terminating),
            ready: facts.active.iter().filter(|pod| pod.is_ready()).map(|pod| pod.meta.uid.clone()).collect(),
            end,
            ..Self::default()
        };
        if !started(&account.status) && !wanted.is_suspended() {
            account.status.start_time = Some(Time(view.now));
        }
        if mutant::is(Mutant::LosesJobCounts) {
            account.status.uncounted_terminated_pods = None;
        }
        account.take_in_gone();
        if managed && account.end.is_none() {
            account.report_suspension(wanted, view.now);
        }
        account.count(view, wanted, facts);
        if let Some(end) = &account.end {
            let aim = end.condition(end.aim(), view.now);
            let conditions = account.status.conditions.get_or_insert_default();
            if conditions.iter().all(|present| present.type_ != aim.type_) {
                conditions.push(aim);
            }
        }
        account
    }

    /// Pods that were counted in the status and have lost their finalizer since: now their number counts.
    fn take_in_gone(&mut self) {
        let (tracked, status) = (&self.tracked, &mut self.status);
        let uncounted = status.uncounted_terminated_pods.get_or_insert_default();
        let settle = |uids: &mut Option<Vec<String>>, total: &mut Option<i32>| {
            let before = uids.as_ref().map_or(0, Vec::len);
            if let Some(uids) = uids {
                uids.retain(|uid| tracked.contains(&Uid::new(uid.as_str())));
            }
            let gone = before - uids.as_ref().map_or(0, Vec::len);
            if gone > 0 {
                *total = Some(total.unwrap_or(0).saturating_add(number(gone)));
            }
            *uids = uids.take().filter(|uids| !uids.is_empty());
        };
        settle(&mut uncounted.succeeded, &mut status.succeeded);
        settle(&mut uncounted.failed, &mut status.failed);
    }

    fn count(&mut self, view: &View<'_>, wanted: Wanted<'_>, facts: &Facts<'_>) {
        let mut pods: Vec<&Arc<PodView>> = view.pods.iter().filter(|pod| is_tracked(pod)).collect();
        if wanted.indexed {
            // Without an index last.
            pods.sort_by_key(|pod| wanted.index_of(pod).map_or(i32::MAX, |index| index));
        }
        let mut new_indexes = Vec::new();
        for pod in pods {
            let failed = wanted.is_failed(pod);
            let succeeded = pod.status.phase == PodPhase::Succeeded;
            let over = view.job.is_terminating() || self.end.is_some();
            // A failed pod is needed until its successor is there, for what its index has failed before.
            let needed = facts.delayed.values().any(|other| other.meta.uid == pod.meta.uid);
            if !(over || succeeded || (failed && !needed)) {
                continue;
            }
            self.release.push(pod.clone());
            if succeeded && !self.holds(pod, false) {
                self.count_success(pod, wanted, facts, &mut new_indexes);
            } else if !succeeded && (failed || self.end.as_ref().is_some_and(|end| end.fails)) {
                self.count_failure(pod, wanted);
            }
            if new_indexes.len() + self.uncounted() >= MAX_UNCOUNTED {
                self.full = true;
                break;
            }
        }
        if wanted.indexed {
            let succeeded = facts.succeeded_indexes.0.with(new_indexes);
            self.status.succeeded = Some(succeeded.total()).filter(|total| *total > 0);
            self.status.completed_indexes = Some(succeeded.to_string()).filter(|text| !text.is_empty());
            if let Some(failed) = &facts.failed_indexes {
                self.status.failed_indexes = Some(failed.to_string());
            }
        }
    }

    fn count_success(
        &mut self,
        pod: &PodView,
        wanted: Wanted<'_>,
        facts: &Facts<'_>,
        new_indexes: &mut Vec<i32>,
    ) {
        if !wanted.indexed {
            self.hold(pod, true);
        } else if let Some(index) = wanted.index_of(pod) {
            // The index itself says that it was counted.
            if !facts.succeeded_indexes.0.has(index) {
                new_indexes.push(index);
            }
        }
    }

    fn count_failure(&mut self, pod: &PodView, wanted: Wanted<'_>) {
        let known = !wanted.indexed || wanted.index_of(pod).is_some();
        if known && judge(wanted.spec.pod_failure_policy.as_ref(), pod).counts {
            self.hold(pod, false);
        }
    }

    fn uids(&mut self, succeeded: bool) -> &mut Vec<String> {
        let uncounted = self.status.uncounted_terminated_pods.get_or_insert_default();
        let list = if succeeded { &mut uncounted.succeeded } else { &mut uncounted.failed };
        list.get_or_insert_default()
    }

    fn hold(&mut self, pod: &PodView, succeeded: bool) {
        let uid = pod.meta.uid.as_str().to_owned();
        let uids = self.uids(succeeded);
        if !uids.contains(&uid) {
            uids.push(uid);
        }
    }

    fn holds(&self, pod: &PodView, succeeded: bool) -> bool {
        let uncounted = self.status.uncounted_terminated_pods.as_ref();
        let uids =
            uncounted.and_then(|all| if succeeded { all.succeeded.as_ref() } else { all.failed.as_ref() });
        uids.is_some_and(|uids| uids.iter().any(|uid| *uid == pod.meta.uid.as_str()))
    }

    fn uncounted(&self) -> usize {
        let count = |uids: &Option<Vec<String>>| uids.as_ref().map_or(0, Vec::len);
        let all = self.status.uncounted_terminated_pods.as_ref();
        all.map_or(0, |all| count(&all.succeeded) + count(&all.failed))
    }

    fn report_suspension(&mut self, wanted: Wanted<'_>, now: Timestamp) {
        let conditions = self.status.conditions.get_or_insert_default();
        let present = conditions.iter_mut().find(|condition| condition.type_ == SUSPENDED);
        let is = present.as_ref().is_some_and(|condition| condition.status == TRUE);
        let wants = wanted.is_suspended();
        if is == wants {
            if conditions.is_empty() {
                self.status.conditions = None;
            }
            return;
        }
        let (status, reason, message, event) = if wants {
            (TRUE, "JobSuspended", "Job suspended", "Suspended")
        } else {
            (FALSE, "JobResumed", "Job resumed", "Resumed")
        };
        let new = end::condition(SUSPENDED, status, reason, message, now);
        match present {
            Some(condition) => *condition = new,
            None => conditions.push(new),
        }
        self.events.push((event, message.to_owned()));
        // The deadline counts from when the Job goes on.
        self.status.start_time = (!wants).then_some(Time(now));
    }

    /// The status to write before finalizers come off.
    pub fn before(&self, done: &Done) -> JobStatus {
        let (active, ready, terminating) = self.numbers;
        let deleted = number(done.deleted.len());
        let ready_deleted = number(done.deleted.iter().filter(|uid| self.ready.contains(*uid)).count());
        let mut status = self.status.clone();
        status.active = Some(active - deleted + number(done.created)).filter(|active| *active > 0);
        status.ready = Some(ready - ready_deleted);
        status.terminating = Some(terminating + deleted);
        tidy(&mut status);
        status
    }

    /// The status to write once the finalizers of `released` are off, after that of [`Account::before`]. The Job ends with
    /// it when no pod is left.
    pub fn after(&self, before: &JobStatus, released: &[Uid], now: Timestamp) -> JobStatus {
        let mut next = Self {
            status: before.clone(),
            tracked: self.tracked.iter().filter(|uid| !released.contains(uid)).cloned().collect(),
            ..Self::default()
        };
        next.take_in_gone();
        let left = next.uncounted();
        let mut status = next.status;
        let pods = status.active.unwrap_or(0) + status.terminating.unwrap_or(0);
        if let Some(end) = self.end.as_ref().filter(|_| !self.full && left == 0 && pods == 0) {
            let over = end.condition(end.over(), now);
            if !end.fails {
                status.completion_time = Some(Time(now));
            }
            status.conditions.get_or_insert_default().push(over);
        }
        tidy(&mut status);
        status
    }

    /// How the Job is going to end.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }
}

/// Lists that are empty are left out.
fn tidy(status: &mut JobStatus) {
    let UncountedTerminatedPods { succeeded, failed } =
        status.uncounted_terminated_pods.get_or_insert_default();
    for uids in [succeeded, failed] {
        *uids = uids.take().filter(|uids| !uids.is_empty());
    }
    status.conditions = status.conditions.take().filter(|conditions| !conditions.is_empty());
}
