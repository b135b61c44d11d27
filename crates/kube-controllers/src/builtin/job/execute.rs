//! Carrying out a plan: pods first, then the count, the finalizers, and the count again.

use super::account::{Account, Done};
use super::plan::{BURST, Op, Plan};
use super::pods::{TRACKING, is_tracked};
use super::template::pod_of;
use crate::builtin::pod_writes::{delete_pod, tell_creation};
use crate::builtin::presence::is_there;
use crate::builtin::refusal::is_namespace_terminating;
use crate::runtime::{Context, Error};
use futures::future::join_all;
use kube_core::error::ApiError;
use kube_core::kinds::batch::v1::{Job, JobStatus};
use kube_core::kinds::core::v1::Pod;
use kube_core::resource::{Part, Resource, ResourceExt, Uid};
use kube_core::view::PodView;
use kube_store::client::events::EventType;
use kube_store::mutant::{self, Mutant};
use kube_store::service::Subresource;
use serde_json::{Value, json};
use std::sync::Arc;

/// Most writes under way at a time.
const IN_FLIGHT: usize = 64;

pub(super) struct Execution<'a> {
    cx: &'a Context,
    job: &'a Job,
}

impl<'a> Execution<'a> {
    pub(super) fn new(cx: &'a Context, job: &'a Job) -> Self {
        Self { cx, job }
    }

    /// Does all of `plan`. Pods are counted also when some could not be created or deleted. `counted` is called as soon
    /// as what is new has been written.
    pub(super) async fn run(&self, plan: &Plan, counted: impl FnOnce()) -> Result<(), Error> {
        let (done, failure) = self.pods(&plan.ops).await;
        for (reason, note) in &plan.account.events {
            self.cx.event(self.job, EventType::Normal, reason, note);
        }
        if mutant::is(Mutant::ReleasesBeforeCounting) {
            self.release(&plan.account.release).await;
        }
        let before = plan.account.before(&done);
        let version = self.report(self.job.status.as_ref(), &before, self.version()).await?;
        counted();
        let (released, stuck) = self.release(&plan.account.release).await;
        let after = plan.account.after(&before, &released, self.cx.now());
        self.report(Some(&before), &after, version).await?;
        if after.conditions != before.conditions {
            self.tell_end(&plan.account, &after);
        }
        match failure.or(stuck) {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Batches begin with one write and double, so that what is refused for all pods is refused once.
    async fn pods(&self, ops: &[Op]) -> (Done, Option<ApiError>) {
        let mut done = Done::default();
        if ops.iter().any(|op| matches!(op, Op::Create(_))) {
            match is_there(self.cx, self.job).await {
                Ok(true) => {}
                Ok(false) => return (done, None),
                Err(error) => return (done, Some(error)),
            }
        }
        let mut rest = ops.get(..BURST.min(ops.len())).unwrap_or(ops);
        let mut size = if matches!(ops.first(), Some(Op::Create(_))) { 1 } else { IN_FLIGHT };
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(size.min(rest.len()));
            let results = join_all(batch.iter().map(|op| self.execute(op))).await;
            let (mut failure, mut refused) = (None, false);
            for (op, result) in batch.iter().zip(results) {
                match result {
                    Ok(()) => done.note(op),
                    // Nothing can be created there any more, and nothing has to be.
                    Err(error) if is_namespace_terminating(&error) => refused = true,
                    Err(error) => failure = failure.or(Some(error)),
                }
            }
            if failure.is_some() || refused {
                return (done, failure);
            }
            rest = later;
            size = (size * 2).min(IN_FLIGHT);
        }
        (done, None)
    }

    async fn execute(&self, op: &Op) -> Result<(), ApiError> {
        match op {
            Op::Create(new) => {
                let created = self.cx.create(&pod_of(self.job, *new)).await;
                tell_creation(self.cx, self.job, created.map(|pod| pod.name().to_owned()))
            }
            Op::Delete(key, uid) => delete_pod(self.cx, self.job, key, uid).await,
            Op::Withdraw(pod) => {
                if is_tracked(pod) {
                    release(self.cx, pod).await?;
                }
                delete_pod(self.cx, self.job, &pod.meta.key(), &pod.meta.uid).await
            }
        }
    }

    /// Takes the finalizer off. Gives the pods that are without it now, and what went wrong with another.
    async fn release(&self, pods: &[Arc<PodView>]) -> (Vec<Uid>, Option<ApiError>) {
        let mut released = Vec::new();
        let mut failure = None;
        for batch in pods.chunks(IN_FLIGHT) {
            let results = join_all(batch.iter().map(|pod| release(self.cx, pod))).await;
            for (pod, result) in batch.iter().zip(results) {
                match result {
                    Ok(()) => released.push(pod.meta.uid.clone()),
                    Err(error) => failure = failure.or(Some(error)),
                }
            }
        }
        (released, failure)
    }

    fn version(&self) -> Option<String> {
        self.job.metadata.resource_version.clone()
    }

    /// Gives the version that the Job has then.
    async fn report(
        &self,
        old: Option<&JobStatus>,
        new: &JobStatus,
        version: Option<String>,
    ) -> Result<Option<String>, ApiError> {
        let old = old.map_or_else(|| Ok(json!({})), Part::to_json_value).map_err(ApiError::internal)?;
        let new = new.to_json_value().map_err(ApiError::internal)?;
        let Some(diff) = crate::runtime::merge_diff(&old, &new) else { return Ok(version) };
        let patch = json!({ "metadata": { "resourceVersion": version }, "status": diff });
        let kind = Job::kind_info();
        let raw = self.cx.patch_value(kind, &self.job.key(), Subresource::Status, patch).await?;
        Ok(Some(raw.version.to_string()))
    }

    fn tell_end(&self, account: &Account, status: &JobStatus) {
        let Some(end) = account.end() else { return };
        if end.fails {
            return self.say(EventType::Warning, &end.reason, &end.message);
        }
        let wanted = self.job.spec.as_ref().and_then(|spec| spec.completions);
        if wanted.is_some_and(|wanted| status.succeeded.unwrap_or(0) > wanted) {
            let note = "Too many succeeded pods running after completion count reached";
            self.say(EventType::Warning, "TooManySucceededPods", note);
        }
        self.say(EventType::Normal, "Completed", "Job completed");
    }

    fn say(&self, kind: EventType, reason: &str, note: &str) {
        self.cx.event(self.job, kind, reason, note);
    }
}

/// Takes the tracking finalizer off `pod`; one that is gone has none.
pub(super) async fn release(cx: &Context, pod: &PodView) -> Result<(), ApiError> {
    let kept: Vec<&str> = pod.meta.finalizers.iter().map(|f| &**f).filter(|f| *f != TRACKING).collect();
    let kept = if kept.is_empty() { Value::Null } else { json!(kept) };
    let patch = json!({ "metadata": { "resourceVersion": pod.version.to_string(), "finalizers": kept } });
    match cx.patch_value(Pod::kind_info(), &pod.meta.key(), Subresource::Main, patch).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}
