//! Deletes Jobs some time after they ended.

pub mod plan;
#[cfg(test)]
mod tests;

use crate::runtime::{Context, Controller, Error, Outcome, Reconciler, Request};
use kube_core::kinds::batch::v1::Job;
use kube_core::resource::{Resource, ResourceExt};
use kube_store::service::{DeleteOptions, Propagation};
use plan::{Plan, plan};

/// The controller that deletes Jobs after `ttlSecondsAfterFinished`.
///
/// Source: `k8s.io/kubernetes/pkg/controller/ttlafterfinished`.
pub fn controller() -> Controller {
    Controller::builder(TtlAfterFinished).named("ttl-after-finished-controller").workers(5).build()
}

struct TtlAfterFinished;

impl Reconciler for TtlAfterFinished {
    type Resource = Job;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(job) = cx.get::<Job>(&request.key) else { return Ok(Outcome::Done) };
        match plan(&job, cx.now()) {
            Plan::Keep => return Ok(Outcome::Done),
            Plan::LookAgain(wait) => return Ok(Outcome::RequeueAfter(wait)),
            Plan::Delete => {}
        }
        // The time to live may have been changed since the Job was seen: what is deleted is what was looked at.
        let jobs = cx.api::<Job>().in_namespace(job.namespace());
        let Some(live) = jobs.find(job.name()).await?.filter(|live| live.uid() == job.uid()) else {
            return Ok(Outcome::Done);
        };
        match plan(&live, cx.now()) {
            Plan::Keep => Ok(Outcome::Done),
            Plan::LookAgain(wait) => Ok(Outcome::RequeueAfter(wait)),
            Plan::Delete => {
                let mut options =
                    DeleteOptions::default().uid(live.uid()).propagation(Propagation::Foreground);
                options.version = live.resource_version();
                match cx.delete_object(Job::kind_info(), &request.key, &options).await {
                    Err(error) if !error.is_not_found() => Err(error.into()),
                    _ => Ok(Outcome::Done),
                }
            }
        }
    }
}
