//! What a CronJob needs next. Pure.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/cronjob` (`syncCronJob`, `cleanupFinishedJobs`, `utils.go`).

use super::missed::{Missed, next_delay, unmet};
use super::schedule::{Schedule, ScheduleError};
use crate::builtin::job::is_finished;
use jiff::{SignedDuration, Timestamp};
use kube_core::cron::time_zone;
use kube_core::kinds::batch::v1::{CronJob, CronJobStatus, Job};
use kube_core::kinds::core::v1::ObjectReference;
use kube_core::kinds::meta::v1::{ObjectMeta, Time};
use kube_core::resource::{ResourceExt, Uid, owner_reference};
use kube_store::client::events::EventType;
use kube_store::mutant::{self, Mutant};
use std::sync::Arc;
use std::time::Duration;

/// Annotation of a Job: the time that it was due.
pub const SCHEDULED_TIMESTAMP: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// What there is.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The CronJob.
    pub cron_job: &'a CronJob,
    /// The Jobs that it controls.
    pub jobs: &'a [Arc<Job>],
    /// Names of Jobs in `status.active` that are not there any more, as the store says.
    pub missing: &'a [String],
    /// The time.
    pub now: Timestamp,
}

/// What to do, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Jobs to delete, their pods with them.
    pub delete: Vec<Deletion>,
    /// The Job to create then.
    pub create: Option<Box<Job>>,
    /// The status, without the Job that is to be created.
    pub status: CronJobStatus,
    /// What to tell people.
    pub events: Vec<Event>,
    /// When to look again.
    pub requeue: Option<Duration>,
}

/// A Job to delete.
#[derive(Clone, Debug, PartialEq)]
pub struct Deletion {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: Uid,
    /// What the status said of it: it is active still if it cannot be deleted.
    pub active: Option<ObjectReference>,
    /// Whether the Job to create takes its place, and must wait for that.
    pub replaced: bool,
}

/// Something to tell people.
pub type Event = (EventType, &'static str, String);

impl Plan {
    /// Notes that a Job could not be deleted: what was active is so still.
    pub fn not_deleted(&mut self, job: Deletion) {
        if let Some(active) = job.active {
            self.status.active.get_or_insert_default().push(active);
        }
    }
}

/// Plans the next step.
pub fn plan(view: &View<'_>) -> Plan {
    let mut draft = Draft {
        view: *view,
        plan: Plan { status: view.cron_job.status.clone().unwrap_or_default(), ..Plan::default() },
    };
    draft.forget_old_jobs();
    draft.look_at_jobs();
    if !view.cron_job.is_terminating() {
        draft.schedule();
    }
    let active = &mut draft.plan.status.active;
    *active = active.take().filter(|active| !active.is_empty());
    draft.plan
}

struct Draft<'a> {
    view: View<'a>,
    plan: Plan,
}

impl Draft<'_> {
    /// Deletes finished Jobs beyond the limits of history, oldest first.
    fn forget_old_jobs(&mut self) {
        let spec = &self.view.cron_job.spec;
        let limits =
            [("Failed", spec.failed_jobs_history_limit), ("Complete", spec.successful_jobs_history_limit)];
        for (end, limit) in limits {
            let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) else { continue };
            let mut ended: Vec<&Arc<Job>> =
                self.view.jobs.iter().filter(|job| is_finished(job) == Some(end)).collect();
            // Without a start last; of one start by name.
            ended.sort_by_key(|job| (started(job).is_none(), started(job), job.name().to_owned()));
            let surplus = ended.len().saturating_sub(limit);
            let old: Vec<Arc<Job>> = ended.into_iter().take(surplus).cloned().collect();
            for job in &old {
                self.delete(job, false);
            }
        }
    }

    /// Brings the list of active Jobs up to date.
    fn look_at_jobs(&mut self) {
        for job in self.view.jobs {
            let (active, end) = (self.is_active(&job.uid()), is_finished(job));
            if let (true, Some(condition)) = (active, end) {
                self.drop_active(&job.uid());
                let note = format!("Saw completed job: {}, condition: {condition}", job.name());
                self.tell(EventType::Normal, "SawCompletedJob", note);
            } else if !active && end.is_none() {
                let note = format!("Saw a job that the controller did not create or forgot: {}", job.name());
                self.tell(EventType::Warning, "UnexpectedJob", note);
            }
            if end == Some("Complete") {
                let completed = job.status.as_ref().and_then(|status| status.completion_time.clone());
                let last = &mut self.plan.status.last_successful_time;
                if completed.as_ref().map(|time| time.0) > last.as_ref().map(|time| time.0) {
                    *last = completed;
                }
            }
        }
        for name in self.view.missing {
            let gone = |reference: &ObjectReference| reference.name.as_deref() == Some(name);
            if let Some(active) = &mut self.plan.status.active {
                active.retain(|reference| !gone(reference));
            }
            self.tell(EventType::Normal, "MissingJob", format!("Active job went missing: {name}"));
        }
    }

    fn schedule(&mut self) {
        let cron_job = self.view.cron_job;
        let spec = &cron_job.spec;
        if let Some(zone) = &spec.time_zone
            && let Err(error) = time_zone(zone)
        {
            return self.tell(
                EventType::Warning,
                "UnknownTimeZone",
                format!("invalid timeZone: {zone:?}: {error}"),
            );
        }
        if spec.suspend.unwrap_or(false) {
            return;
        }
        if spec.schedule.contains("TZ") {
            let note = format!(
                "CRON_TZ or TZ used in schedule {:?} is not officially supported, see \
                 https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details",
                spec.schedule
            );
            self.tell(EventType::Warning, "UnsupportedSchedule", note);
        }
        let schedule = match schedule_of(cron_job) {
            Ok(schedule) => schedule,
            Err(error) => {
                let note = format!("unparseable schedule: {:?} : {error}", spec.schedule);
                return self.tell(EventType::Warning, "UnparseableSchedule", note);
            }
        };
        match unmet(cron_job, &schedule, self.view.now) {
            Err(error) => {
                let note = format!("invalid schedule: {} : {error}", spec.schedule);
                return self.tell(EventType::Warning, "InvalidSchedule", note);
            }
            Ok(due) => {
                if due.missed == Missed::Many {
                    self.tell(EventType::Warning, "TooManyMissedTimes", TOO_MANY.to_owned());
                }
                if let Some(at) = due.most_recent {
                    self.start(&schedule, at);
                }
            }
        }
        self.plan.requeue = next_delay(cron_job, &schedule, self.view.now);
    }

    /// Starts the Job that is due since `at`, unless something is against it.
    fn start(&mut self, schedule: &Schedule, at: Timestamp) {
        let cron_job = self.view.cron_job;
        let spec = &cron_job.spec;
        if is_too_late(cron_job, at, self.view.now) {
            let time = at.strftime("%a, %d %b %Y %H:%M:%S +0000");
            let note = format!("Missed scheduled time to start a job: {time}");
            return self.tell(EventType::Warning, "MissSchedule", note);
        }
        let name = job_name(cron_job, at);
        let last = self.plan.status.last_schedule_time.as_ref().map(|time| time.0);
        let active = self.plan.status.active.as_deref().unwrap_or_default();
        if last == Some(at) || active.iter().any(|job| job.name.as_ref() == Some(&name)) {
            return;
        }
        // Kubernetes runs a CronJob by the day once more when clocks go back (kubernetes#121594).
        let repeated = last.is_some_and(|last| schedule.repeats(last, at));
        if repeated && !mutant::is(Mutant::RunsAgainWhenClocksGoBack) {
            return;
        }
        match spec.concurrency_policy.as_deref() {
            Some("Forbid") if !active.is_empty() => {
                let note =
                    "Not starting job because prior execution is running and concurrency policy is Forbid";
                return self.tell(EventType::Normal, "JobAlreadyActive", note.to_owned());
            }
            Some("Replace") => {
                let running = self.view.jobs.iter().filter(|job| self.is_active(&job.uid()));
                let running: Vec<Arc<Job>> = running.cloned().collect();
                for job in &running {
                    self.delete(job, true);
                }
            }
            _ => {}
        }
        self.plan.create = Some(Box::new(job_at(cron_job, name, at)));
    }

    fn is_active(&self, uid: &Uid) -> bool {
        let active = self.plan.status.active.as_deref().unwrap_or_default();
        active.iter().any(|job| job.uid.as_deref() == Some(uid.as_str()))
    }

    /// Gives what the status said of it.
    fn drop_active(&mut self, uid: &Uid) -> Option<ObjectReference> {
        let active = self.plan.status.active.as_mut()?;
        active.extract_if(.., |job| job.uid.as_deref() == Some(uid.as_str())).next()
    }

    fn delete(&mut self, job: &Job, replaced: bool) {
        let active = self.drop_active(&job.uid());
        self.plan.delete.push(Deletion { name: job.name().to_owned(), uid: job.uid(), active, replaced });
    }

    fn tell(&mut self, kind: EventType, reason: &'static str, note: String) {
        self.plan.events.push((kind, reason, note));
    }
}

/// What is told when more than 100 times were missed.
pub const TOO_MANY: &str =
    "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";

/// The schedule of a CronJob, in its time zone.
///
/// # Errors
/// It cannot be read.
pub fn schedule_of(cron_job: &CronJob) -> Result<Schedule, ScheduleError> {
    let zone = cron_job.spec.time_zone.as_deref().filter(|zone| time_zone(zone).is_ok());
    Schedule::parse(&cron_job.spec.schedule, zone)
}

/// Whether a Job due since `at` may not be started any more.
pub fn is_too_late(cron_job: &CronJob, at: Timestamp, now: Timestamp) -> bool {
    cron_job.spec.starting_deadline_seconds.is_some_and(|seconds| {
        at.saturating_add(SignedDuration::from_secs(seconds)).is_ok_and(|end| end < now)
    })
}

/// The name of the Job due at `at`: the same whoever computes it, so that no run happens twice.
pub fn job_name(cron_job: &CronJob, at: Timestamp) -> String {
    format!("{}-{}", cron_job.name(), at.as_second().div_euclid(60))
}

/// What [`SCHEDULED_TIMESTAMP`] says for `at`: the time in the CronJob's zone.
pub fn scheduled_timestamp(cron_job: &CronJob, at: Timestamp) -> String {
    let zone = cron_job.spec.time_zone.as_deref().unwrap_or_default();
    let offset = time_zone(zone).map_or(jiff::tz::Offset::UTC, |zone| zone.to_offset(at));
    if offset == jiff::tz::Offset::UTC {
        return at.to_string();
    }
    let wall = offset.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{wall}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

fn job_at(cron_job: &CronJob, name: String, at: Timestamp) -> Job {
    let template = cron_job.spec.job_template.clone();
    let meta = template.metadata.unwrap_or_default();
    let mut annotations = meta.annotations.unwrap_or_default();
    annotations.insert(SCHEDULED_TIMESTAMP.to_owned(), scheduled_timestamp(cron_job, at));
    Job {
        metadata: ObjectMeta {
            name: Some(name),
            namespace: cron_job.metadata.namespace.clone(),
            labels: meta.labels,
            annotations: Some(annotations),
            owner_references: Some(vec![owner_reference(cron_job)]),
            ..ObjectMeta::default()
        },
        spec: template.spec,
        status: None,
    }
}

fn started(job: &Job) -> Option<Timestamp> {
    job.status.as_ref()?.start_time.as_ref().map(|Time(time)| *time)
}
