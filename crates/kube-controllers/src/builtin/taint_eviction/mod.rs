//! Taking pods off nodes with `NoExecute` taints that they do not bear, or no longer.

pub mod plan;
#[cfg(test)]
mod tests;

use crate::runtime::{Context, Controller, Error, Listers, Outcome, Reconciler, Request, Source};
use kube_core::condition;
use kube_core::env::Mono;
use kube_core::kinds::core::v1::Pod;
use kube_core::kinds::meta::v1::Time;
use kube_core::resource::{ObjectKey, Resource, ResourceExt, Uid};
use kube_core::taint::{Effect, Taint};
use kube_core::view::{NodeView, PodView};
use kube_store::client::events::{EventTarget, EventType};
use kube_store::informer::{Change, Index};
use kube_store::service::DeleteOptions;
use plan::{Stay, disruption, stay};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Pods by node.
const NODE: &str = "node";

/// The controller that takes such pods away.
///
/// Source: `k8s.io/kubernetes/pkg/controller/tainteviction`.
pub fn controller() -> Controller {
    Controller::builder(Evictions::default())
        .named("taint-eviction-controller")
        .index(Index::by_node())
        .predicate(concerns)
        .watches(Source::new(of_node))
        .workers(8)
        .build()
}

/// Whether a change of a pod can matter: when it comes, goes, is bound, or bears other taints.
fn concerns(change: &Change<PodView>) -> bool {
    let (Some(old), Some(new)) = (&change.old, &change.new) else { return true };
    old.meta.uid != new.meta.uid
        || old.node_name() != new.node_name()
        || old.spec.tolerations != new.spec.tolerations
        || old.is_terminating() != new.is_terminating()
}

/// The pods of a node whose `NoExecute` taints change.
fn of_node(change: &Change<NodeView>, listers: &Listers) -> Vec<ObjectKey> {
    let taints = |node: Option<&NodeView>| -> Vec<Taint> {
        let all = node.into_iter().flat_map(|node| &node.spec.taints);
        all.filter(|taint| taint.effect == Effect::NoExecute).cloned().collect()
    };
    if taints(change.old.as_deref()) == taints(change.new.as_deref()) {
        return Vec::new();
    }
    listers.by_index::<PodView>(NODE, &change.key.name).iter().map(|pod| pod.meta.key()).collect()
}

/// A pod that has to go in a while.
struct Scheduled {
    uid: Uid,
    /// When it was seen that it has to.
    since: Mono,
}

#[derive(Default)]
struct Evictions {
    /// Only waits are lost when this is: they begin anew.
    scheduled: Mutex<BTreeMap<ObjectKey, Scheduled>>,
}

impl Reconciler for Evictions {
    type Resource = PodView;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let pod = cx.get::<PodView>(&request.key).filter(|pod| !pod.is_terminating());
        let Some(pod) = pod else {
            self.scheduled().remove(&request.key);
            return Ok(Outcome::Done);
        };
        let node = pod.node_name().and_then(|name| cx.get::<NodeView>(&ObjectKey::cluster(name.clone())));
        let taints = node.as_ref().map(|node| node.spec.taints.as_slice()).unwrap_or_default();
        let Stay::For(time) = stay(taints, &pod.spec.tolerations) else {
            if self.scheduled().remove(&request.key).is_some_and(|scheduled| scheduled.uid == pod.meta.uid) {
                tell(cx, &pod, "Cancelling deletion of");
            }
            return Ok(Outcome::Done);
        };
        let left = self.left(&pod, time, cx.env().now());
        if !left.is_zero() {
            return Ok(Outcome::RequeueAfter(left));
        }
        tell(cx, &pod, "Marking for deletion");
        evict(cx, &pod).await?;
        self.scheduled().remove(&request.key);
        Ok(Outcome::Done)
    }
}

impl Evictions {
    fn scheduled(&self) -> MutexGuard<'_, BTreeMap<ObjectKey, Scheduled>> {
        self.scheduled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much of `time` is left to the pod, counted from when it was first seen that it has to go.
    fn left(&self, pod: &PodView, time: Duration, now: Mono) -> Duration {
        if time.is_zero() {
            return time;
        }
        let new = || Scheduled { uid: pod.meta.uid.clone(), since: now };
        let mut all = self.scheduled();
        let scheduled = all.entry(pod.meta.key()).or_insert_with(new);
        if scheduled.uid != pod.meta.uid {
            *scheduled = new();
        }
        time.saturating_sub(now.since(scheduled.since))
    }
}

/// Says that the pod is disrupted, and deletes it with the grace that it asks for.
///
/// Source: `addConditionAndDeletePod`.
async fn evict(cx: &Context, pod: &PodView) -> Result<(), Error> {
    let live = cx.api::<Pod>().in_namespace(&pod.meta.namespace).find(&pod.meta.name).await?;
    let Some(live) = live.filter(|live| live.uid() == pod.meta.uid) else { return Ok(()) };
    let now = Time(cx.now());
    cx.patch_status(&live, |status| {
        let target = disruption(live.metadata.generation);
        condition::set(status.conditions.get_or_insert_default(), target, &now);
    })
    .await?;
    let options = DeleteOptions::default().uid(pod.meta.uid.clone());
    match cx.delete_object(Pod::kind_info(), &pod.meta.key(), &options).await {
        Err(error) if !error.is_not_found() => Err(error.into()),
        _ => Ok(()),
    }
}

fn tell(cx: &Context, pod: &PodView, what: &str) {
    let target = EventTarget::with_meta(Pod::kind_info(), &pod.meta);
    let note = format!("{what} Pod {}", pod.meta.key());
    cx.event_about(&target, EventType::Normal, "TaintManagerEviction", &note);
}
