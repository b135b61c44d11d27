//! Which pods are a Job's: it adopts those that it selects, and lets those go that it does not select any more. What is
//! nobody's is not counted, and must not be held.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/job` (`getPodsForJob`, `syncOrphanPod`).

use super::execute::release;
use super::pods::{TRACKING, is_tracked};
use crate::builtin::adoption::{may_adopt, member};
use crate::builtin::claim::{Claim, Claimant};
use crate::runtime::{Context, Listers};
use kube_core::error::ApiError;
use kube_core::kinds::batch::v1::Job;
use kube_core::kinds::core::v1::Pod;
use kube_core::kinds::meta::v1::OwnerReference;
use kube_core::resource::{ObjectKey, Resource, ResourceExt, owner_reference};
use kube_core::selector::Selector;
use kube_core::view::{PodView, View};
use kube_store::informer::{Change, Index};
use kube_store::service::Subresource;
use serde_json::{Value, json};
use std::sync::Arc;

/// What `job` selects; `None` where it does not say.
pub(super) fn selector(job: &Job) -> Option<Selector> {
    let selector = job.spec.as_ref()?.selector.as_ref()?;
    Selector::from_label_selector(Some(selector)).ok()
}

/// What `pod`, that some Job or nobody manages, is to `job`.
pub fn judge(job: &Job, selector: &Selector, pod: &PodView) -> Claim {
    let uid = job.uid();
    let claimant = Claimant { uid: &uid, selector, terminating: job.is_terminating() };
    claimant.judge(&pod.meta.labels, pod.meta.controller().map(|owner| &owner.uid), pod.is_terminating())
}

/// Adopts and lets go, and gives those of `pods` that are the Job's then.
pub(super) async fn claim(
    cx: &Context,
    job: &Job,
    pods: Vec<Arc<PodView>>,
) -> Result<Vec<Arc<PodView>>, ApiError> {
    let Some(selector) = selector(job) else {
        let uid = job.uid();
        let is_ours = |pod: &Arc<PodView>| pod.meta.controller().is_some_and(|owner| owner.uid == uid);
        return Ok(pods.into_iter().filter(is_ours).collect());
    };
    let mut ours = Vec::with_capacity(pods.len());
    for pod in pods {
        match judge(job, &selector, &pod) {
            Claim::Ours => ours.push(pod),
            Claim::Orphan => ours.extend(adopt(cx, job, &pod).await?),
            Claim::Stray => let_go(cx, job, &pod).await?,
            Claim::Foreign => {}
        }
    }
    Ok(ours)
}

/// The pod as it is then: it is held until it is counted. `None` where it is gone.
async fn adopt(cx: &Context, job: &Job, pod: &PodView) -> Result<Option<Arc<PodView>>, ApiError> {
    may_adopt(cx, job).await?;
    let mut owners = member(pod).owners;
    owners.push(owner_reference(job));
    let mut finalizers: Vec<&str> = pod.meta.finalizers.iter().map(|finalizer| &**finalizer).collect();
    if !is_tracked(pod) {
        finalizers.push(TRACKING);
    }
    write(cx, pod, &owners, &finalizers).await
}

async fn let_go(cx: &Context, job: &Job, pod: &PodView) -> Result<(), ApiError> {
    let mut owners = member(pod).owners;
    owners.retain(|owner| owner.uid != job.uid().as_str());
    let finalizers = pod.meta.finalizers.iter().map(|finalizer| &**finalizer);
    let finalizers: Vec<&str> = finalizers.filter(|finalizer| *finalizer != TRACKING).collect();
    write(cx, pod, &owners, &finalizers).await.map(drop)
}

async fn write(
    cx: &Context,
    pod: &PodView,
    owners: &[OwnerReference],
    finalizers: &[&str],
) -> Result<Option<Arc<PodView>>, ApiError> {
    let list = |list: Value| if list == json!([]) { Value::Null } else { list };
    let meta = json!({
        "resourceVersion": pod.version.to_string(),
        "ownerReferences": list(json!(owners)),
        "finalizers": list(json!(finalizers)),
    });
    let patch = json!({ "metadata": meta });
    match cx.patch_value(Pod::kind_info(), &pod.meta.key(), Subresource::Main, patch).await {
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
        Ok(raw) => PodView::decode(&raw).map(|pod| Some(Arc::new(pod))).map_err(ApiError::internal),
    }
}

/// Uncounted pods by [`job_of`].
const OF_JOB: &str = "uncounted-of-job";

pub(super) fn by_job() -> Index<PodView> {
    Index::new(OF_JOB, |pod: &PodView| {
        job_of(pod).map(|key| Arc::from(key.to_string())).into_iter().collect()
    })
}

/// The Job that an uncounted pod holds up, or is held up for: the one that manages it, or for a pod without a manager the
/// one that made it, as its labels tell. `None` for a pod that is counted, or another kind's.
pub fn job_of(pod: &PodView) -> Option<ObjectKey> {
    let name = match pod.meta.controller() {
        _ if !is_tracked(pod) => return None,
        Some(owner) if *owner.kind == *Job::kind_info().kind => owner.name.clone(),
        Some(_) => return None,
        None => {
            let labels = ["batch.kubernetes.io/job-name", "job-name"];
            let name = labels.iter().find_map(|label| pod.meta.labels.get(label));
            name.cloned().unwrap_or_else(|| pod.meta.name.clone())
        }
    };
    Some(ObjectKey::new(pod.meta.namespace.clone(), name))
}

/// The Job that made a pod which nobody manages any more, and which is held.
pub(super) fn of_orphan(change: &Change<PodView>, _: &Listers) -> Vec<ObjectKey> {
    let orphan = change.new.as_ref().filter(|pod| pod.meta.controller().is_none());
    orphan.and_then(|pod| job_of(pod)).into_iter().collect()
}

/// Frees the pods of Jobs of this name that are gone, and those that `job` does not manage any more, unless it is about
/// to adopt them.
pub(super) async fn free_strangers(cx: &Context, key: &ObjectKey, job: Option<&Job>) -> Result<(), ApiError> {
    for pod in cx.by_index::<PodView>(OF_JOB, &key.to_string()) {
        if !is_wanted(job, &pod) {
            release(cx, &pod).await?;
        }
    }
    Ok(())
}

/// Whether an uncounted pod is held for `job`, or is about to be.
pub fn is_wanted(job: Option<&Job>, pod: &PodView) -> bool {
    let Some(job) = job else { return false };
    if let Some(owner) = pod.meta.controller() {
        return owner.uid == job.uid();
    }
    let adopts = |selector: Selector| judge(job, &selector, pod) == Claim::Orphan;
    super::is_finished(job).is_none() && super::is_managed_here(job) && selector(job).is_some_and(adopts)
}
