//! Jobs: pods that run to their end.

mod account;
pub mod backoff;
mod end;
mod execute;
pub mod failure_policy;
pub mod indexes;
pub mod plan;
pub mod pods;
#[cfg(test)]
mod policy_tests;
pub mod success_policy;
#[cfg(test)]
mod surplus_tests;
mod template;
#[cfg(test)]
mod tests;

pub use account::{Account, Done};
pub use end::{
    COMPLETE, End, FAILED, FAILURE_TARGET, SUCCESS_CRITERIA_MET, SUSPENDED, finished_at, is_finished,
};
pub use template::pod_of;

use super::indexes::OWNER;
use crate::runtime::queue::RetryLimits;
use crate::runtime::{Context, Controller, Error, Outcome, Reconciler, Request, Source};
use backoff::Backoff;
use execute::Execution;
use kube_core::error::ApiError;
use kube_core::kinds::batch::v1::Job;
use kube_core::resource::{ObjectKey, Resource, ResourceExt, Uid};
use kube_core::view::PodView;
use kube_store::informer::Index;
use plan::{View, plan};
use pods::is_tracked;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The name of this controller in `spec.managedBy`.
const MANAGED_BY: &str = "kubernetes.io/job-controller";

/// The controller of Jobs.
///
/// Source: `k8s.io/kubernetes/pkg/controller/job`.
pub fn controller() -> Controller {
    Controller::builder(Jobs::default())
        .named("job-controller")
        .watches(
            Source::managed_by(Job::kind_info(), |pod: &PodView| &pod.meta)
                .index(Index::by_owner())
                .index(by_job()),
        )
        .retry(RetryLimits::new(Duration::from_secs(1), Duration::from_mins(1)))
        .workers(5)
        .build()
}

#[derive(Default)]
struct Jobs {
    /// Failures since the last success, of Jobs that had some. Only a wait is lost when this is.
    backoff: Mutex<BTreeMap<Uid, Backoff>>,
}

impl Reconciler for Jobs {
    type Resource = Job;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let job = cx.get::<Job>(&request.key);
        let uid = job.as_ref().map(|job| job.uid());
        release_strangers(cx, &request.key, uid.as_ref()).await?;
        let (Some(job), Some(uid)) = (job, uid) else { return Ok(Outcome::Done) };
        let managed_by = job.spec.as_ref().and_then(|spec| spec.managed_by.as_deref());
        if managed_by.is_some_and(|name| name != MANAGED_BY) {
            return Ok(Outcome::Done);
        }
        let pods = cx.by_index::<PodView>(OWNER, uid.as_str());
        if is_finished(&job).is_some() {
            self.backoff().remove(&uid);
            // What appeared after the end is counted nowhere, and must not be held.
            for pod in pods.iter().filter(|pod| is_tracked(pod)) {
                execute::release(cx, pod).await?;
            }
            return Ok(Outcome::Done);
        }
        let backoff = self.backoff().get(&uid).copied().unwrap_or_default();
        let Some(plan) = plan(&View { job: &job, pods: &pods, backoff, now: cx.now() }) else {
            return Ok(Outcome::Done);
        };
        let counted = || {
            let mut all = self.backoff();
            if plan.backoff == Backoff::default() {
                all.remove(&uid)
            } else {
                all.insert(uid.clone(), plan.backoff)
            };
        };
        Execution::new(cx, &job).run(&plan, counted).await?;
        Ok(plan.requeue.into())
    }
}

impl Jobs {
    fn backoff(&self) -> MutexGuard<'_, BTreeMap<Uid, Backoff>> {
        self.backoff.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Uncounted pods by `namespace/name` of the Job that controls them.
const OF_JOB: &str = "uncounted-of-job";

fn by_job() -> Index<PodView> {
    Index::new(OF_JOB, |pod: &PodView| {
        let owner = pod.meta.controller().filter(|owner| *owner.kind == *Job::kind_info().kind);
        let key =
            owner.filter(|_| is_tracked(pod)).map(|owner| format!("{}/{}", pod.meta.namespace, owner.name));
        key.map(Arc::from).into_iter().collect()
    })
}

/// Pods of Jobs of this name that are gone: nobody counts them, so nothing may hold them.
async fn release_strangers(cx: &Context, key: &ObjectKey, job: Option<&Uid>) -> Result<(), ApiError> {
    for pod in cx.by_index::<PodView>(OF_JOB, &key.to_string()) {
        if pod.meta.controller().map(|owner| &owner.uid) != job {
            execute::release(cx, &pod).await?;
        }
    }
    Ok(())
}
