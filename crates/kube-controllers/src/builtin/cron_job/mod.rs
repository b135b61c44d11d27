//! CronJobs: Jobs by the calendar.

pub mod missed;
pub mod plan;
pub mod schedule;
#[cfg(test)]
mod tests;

use super::indexes::{OWNER, by_owner};
use super::refusal::is_namespace_terminating;
use crate::runtime::{Context, Controller, Error, Outcome, Reconciler, Request};
use kube_core::error::ApiError;
use kube_core::kinds::batch::v1::{CronJob, Job};
use kube_core::kinds::core::v1::ObjectReference;
use kube_core::kinds::meta::v1::Time;
use kube_core::resource::{ObjectKey, Resource, ResourceExt};
use kube_store::client::events::EventType;
use kube_store::service::{DeleteOptions, Propagation};
use plan::{Deletion, Plan, SCHEDULED_TIMESTAMP, View, plan};
use std::sync::Arc;

/// The controller of CronJobs.
///
/// Source: `k8s.io/kubernetes/pkg/controller/cronjob`.
pub fn controller() -> Controller {
    Controller::builder(CronJobs)
        .named("cronjob-controller")
        .watches(crate::runtime::Source::<Job>::owned_by(CronJob::kind_info()).index(by_owner()))
        .workers(5)
        .build()
}

struct CronJobs;

impl Reconciler for CronJobs {
    type Resource = CronJob;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(cron_job) = cx.get::<CronJob>(&request.key) else { return Ok(Outcome::Done) };
        let jobs = cx.by_index::<Job>(OWNER, cron_job.uid().as_str());
        let missing = missing(cx, &cron_job, &jobs).await?;
        let mut plan = plan(&View { cron_job: &cron_job, jobs: &jobs, missing: &missing, now: cx.now() });
        for (kind, reason, note) in &plan.events {
            cx.event(&*cron_job, *kind, reason, note);
        }
        let done = execute(cx, &cron_job, &mut plan).await;
        // What was done is reported whatever came of the rest.
        let status = std::mem::take(&mut plan.status);
        cx.patch_status(&*cron_job, |present| *present = status).await?;
        done?;
        Ok(plan.requeue.into())
    }
}

/// The active Jobs that are not there any more: not among those seen, and asked for at the store.
async fn missing(cx: &Context, cron_job: &CronJob, jobs: &[Arc<Job>]) -> Result<Vec<String>, ApiError> {
    let active = cron_job.status.iter().flat_map(|status| status.active.iter().flatten());
    let api = cx.api::<Job>().in_namespace(cron_job.namespace());
    let mut missing = Vec::new();
    for reference in active {
        let (uid, name) = (reference.uid.as_deref(), reference.name.as_deref().unwrap_or_default());
        if jobs.iter().any(|job| Some(job.uid().as_str()) == uid) {
            continue;
        }
        if api.find(name).await?.is_none_or(|job| Some(job.uid().as_str()) != uid) {
            missing.push(name.to_owned());
        }
    }
    Ok(missing)
}

/// A run does not wait for history that cannot be deleted: that is tried again.
async fn execute(cx: &Context, cron_job: &CronJob, plan: &mut Plan) -> Result<(), ApiError> {
    let mut failure = None;
    for job in std::mem::take(&mut plan.delete) {
        if let Err(error) = delete(cx, cron_job, &job).await {
            let replaced = job.replaced;
            plan.not_deleted(job);
            if replaced {
                return Err(error);
            }
            failure = failure.or(Some(error));
        }
    }
    if let Some(wanted) = plan.create.take() {
        create(cx, cron_job, plan, &wanted).await?;
    }
    failure.map_or(Ok(()), Err)
}

async fn create(cx: &Context, cron_job: &CronJob, plan: &mut Plan, wanted: &Job) -> Result<(), ApiError> {
    let created = match cx.create(wanted).await {
        Ok(job) => {
            cx.event(cron_job, EventType::Normal, "SuccessfulCreate", &format!("Created job {}", job.name()));
            job
        }
        // The Job of this time is there: from before a crash, if it is ours.
        Err(error) if error.is_already_exists() => {
            let present = cx.api::<Job>().in_namespace(cron_job.namespace()).get(wanted.name()).await?;
            if super::indexes::manager_uid(&present) != Some(cron_job.uid().as_str()) {
                return Ok(());
            }
            present
        }
        // Nothing can be created there any more, and nothing has to be.
        Err(error) if is_namespace_terminating(&error) => return Ok(()),
        Err(error) => {
            cx.event(cron_job, EventType::Warning, "FailedCreate", &format!("Error creating job: {error}"));
            return Err(error);
        }
    };
    note_started(cron_job, plan, &created, wanted);
    Ok(())
}

/// Puts the Job into the status.
fn note_started(cron_job: &CronJob, plan: &mut Plan, created: &Job, wanted: &Job) {
    if super::job::is_finished(created).is_none() {
        plan.status.active.get_or_insert_default().push(ObjectReference {
            api_version: Some(Job::kind_info().api_version()),
            kind: Some("Job".to_owned()),
            namespace: cron_job.metadata.namespace.clone(),
            name: created.metadata.name.clone(),
            uid: created.metadata.uid.clone(),
            resource_version: created.metadata.resource_version.clone(),
            ..ObjectReference::default()
        });
    }
    let due = wanted.metadata.annotations.as_ref().and_then(|all| all.get(SCHEDULED_TIMESTAMP));
    plan.status.last_schedule_time = due.and_then(|text| text.parse().ok()).map(Time);
}

async fn delete(cx: &Context, cron_job: &CronJob, job: &Deletion) -> Result<(), ApiError> {
    let key = ObjectKey::new(cron_job.namespace(), job.name.as_str());
    let options = DeleteOptions::default().uid(job.uid.clone()).propagation(Propagation::Background);
    match cx.delete_object(Job::kind_info(), &key, &options).await {
        Err(error) if !error.is_not_found() => {
            cx.event(cron_job, EventType::Warning, "FailedDelete", &format!("Deleted job: {error}"));
            Err(error)
        }
        _ => {
            cx.event(cron_job, EventType::Normal, "SuccessfulDelete", &format!("Deleted job {}", job.name));
            Ok(())
        }
    }
}
