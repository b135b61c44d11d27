//! Jobs: pods that run to their end.

mod account;
pub mod backoff;
#[cfg(test)]
mod claim_tests;
pub mod claims;
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
use super::pod_owners::{over_pods, pods_of};
use crate::runtime::queue::RetryLimits;
use crate::runtime::{Context, Controller, Error, Outcome, Reconciler, Request, Source};
use backoff::Backoff;
use claims::{by_job, claim, free_strangers, of_orphan, selector};
use execute::Execution;
use kube_core::kinds::batch::v1::Job;
use kube_core::resource::{ResourceExt, Uid};
use kube_core::view::PodView;
use plan::{View, plan};
use pods::is_tracked;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The name of this controller in `spec.managedBy`.
const MANAGED_BY: &str = "kubernetes.io/job-controller";

/// The controller of Jobs.
///
/// Source: `k8s.io/kubernetes/pkg/controller/job`.
pub fn controller() -> Controller {
    over_pods(Controller::builder(Jobs::default()), selector)
        .named("job-controller")
        .watches(Source::new(of_orphan).index(by_job()))
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
        free_strangers(cx, &request.key, job.as_deref()).await?;
        let Some(job) = job.filter(|job| is_managed_here(job)) else { return Ok(Outcome::Done) };
        let uid = job.uid();
        if is_finished(&job).is_some() {
            self.backoff().remove(&uid);
            // What appeared after the end is counted nowhere, and must not be held.
            let pods = cx.by_index::<PodView>(OWNER, uid.as_str());
            for pod in pods.iter().filter(|pod| is_tracked(pod)) {
                execute::release(cx, pod).await?;
            }
            return Ok(Outcome::Done);
        }
        let pods = claim(cx, &job, pods_of(cx, &*job)).await?;
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

/// Whether `job` is this controller's, and not left to another.
fn is_managed_here(job: &Job) -> bool {
    let managed_by = job.spec.as_ref().and_then(|spec| spec.managed_by.as_deref());
    managed_by.is_none_or(|name| name == MANAGED_BY)
}

impl Jobs {
    fn backoff(&self) -> MutexGuard<'_, BTreeMap<Uid, Backoff>> {
        self.backoff.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
