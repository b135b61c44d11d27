//! Pods that nobody else takes away: on nodes that are gone or out of service, never bound, ended and too many.

pub mod plan;
#[cfg(test)]
mod tests;

use super::indexes::NAMESPACE;
use crate::runtime::{Context, Controller, Error, Listers, Outcome, Reconciler, Request, Source};
use jiff::{SignedDuration, Timestamp};
use kube_core::condition;
use kube_core::kinds::core::v1::{Namespace, Node, Pod};
use kube_core::kinds::meta::v1::Time;
use kube_core::resource::{ObjectKey, Resource, ResourceExt};
use kube_core::view::{NodeView, PodView};
use kube_store::informer::{Change, Index};
use kube_store::service::DeleteOptions;
use plan::{Why, surplus, verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Ended pods that are kept.
pub const THRESHOLD: usize = 12_500;

/// How long a node has to be absent before its pods go: caches of nodes and of pods are not of the same age.
const QUARANTINE: SignedDuration = SignedDuration::from_secs(40);

/// Time between two looks at how many pods have ended.
const PASS: SignedDuration = SignedDuration::from_secs(20);

/// Pods by node.
const NODE: &str = "node";

/// Pods that ended, all under one value.
const ENDED: &str = "ended";

/// The controller that takes such pods away, namespace by namespace.
///
/// Source: `k8s.io/kubernetes/pkg/controller/podgc`.
pub fn controller() -> Controller {
    keeping(THRESHOLD)
}

/// The same, keeping so many pods that ended; none of them goes with 0.
pub fn keeping(threshold: usize) -> Controller {
    let ended = Index::new(
        ENDED,
        |pod: &PodView| {
            if pod.is_terminal() { vec![Arc::from(ENDED)] } else { Vec::new() }
        },
    );
    let pods = Source::new(of_pod).index(Index::by_namespace()).index(Index::by_node()).index(ended);
    Controller::builder(PodGc { threshold, state: Mutex::default() })
        .named("pod-garbage-collector-controller")
        .watches(pods)
        .watches(Source::new(of_node))
        .build()
}

fn node_of(listers: &Listers, pod: &PodView) -> Option<Arc<NodeView>> {
    listers.get::<NodeView>(&ObjectKey::cluster(pod.node_name()?.clone()))
}

/// The key of the pods that ended, which belong to no namespace alone.
fn ended_key() -> ObjectKey {
    ObjectKey::cluster("")
}

fn of_pod(change: &Change<PodView>, listers: &Listers) -> Vec<ObjectKey> {
    let Some(pod) = &change.new else { return Vec::new() };
    let ended = pod.is_terminal().then(ended_key);
    let concerned = verdict(pod, node_of(listers, pod).as_deref()).is_some();
    let namespace = concerned.then(|| ObjectKey::cluster(pod.meta.namespace.clone()));
    ended.into_iter().chain(namespace).collect()
}

fn of_node(change: &Change<NodeView>, listers: &Listers) -> Vec<ObjectKey> {
    if change.new.as_ref().is_some_and(|node| !plan::is_out_of_service(node)) {
        return Vec::new();
    }
    let pods = listers.by_index::<PodView>(NODE, &change.key.name);
    let namespaces: BTreeSet<_> = pods.iter().map(|pod| pod.meta.namespace.clone()).collect();
    namespaces.into_iter().map(ObjectKey::cluster).collect()
}

struct PodGc {
    threshold: usize,
    state: Mutex<State>,
}

/// Only waits are lost when this is.
#[derive(Default)]
struct State {
    /// Since when nodes that pods are bound to are absent.
    missing: BTreeMap<Arc<str>, Timestamp>,
    /// When ended pods were looked at last.
    pass: Option<Timestamp>,
}

impl Reconciler for PodGc {
    type Resource = Namespace;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        if request.key == ended_key() {
            return self.remove_surplus(cx).await;
        }
        let mut absent: BTreeMap<Arc<str>, Option<Duration>> = BTreeMap::new();
        for pod in cx.by_index::<PodView>(NAMESPACE, &request.key.name) {
            let node = node_of(cx.listers(), &pod);
            let Some(why) = verdict(&pod, node.as_deref()) else { continue };
            if let (Why::Orphaned, Some(name)) = (why, pod.node_name()) {
                if !absent.contains_key(name) {
                    absent.insert(name.clone(), self.wait_for(cx, name).await?);
                }
                if absent[name].is_some() {
                    continue;
                }
            }
            remove(cx, &pod, why).await?;
        }
        self.state().missing.retain(|name, _| {
            let gone = cx.get::<NodeView>(&ObjectKey::cluster(name.clone())).is_none();
            gone && !cx.by_index::<PodView>(NODE, name).is_empty()
        });
        let waits = absent.into_values().flatten();
        Ok(waits.filter(|wait| *wait < Duration::MAX).min().into())
    }
}

impl PodGc {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long to wait before the node counts as gone; for ever if it is there after all.
    async fn wait_for(&self, cx: &Context, node: &Arc<str>) -> Result<Option<Duration>, Error> {
        let now = cx.now();
        let since = *self.state().missing.entry(node.clone()).or_insert(now);
        let left = QUARANTINE - now.duration_since(since);
        if let Some(left) = Duration::try_from(left).ok().filter(|left| !left.is_zero()) {
            return Ok(Some(left));
        }
        Ok(cx.api::<Node>().find(node).await?.map(|_| Duration::MAX))
    }

    async fn remove_surplus(&self, cx: &Context) -> Result<Outcome, Error> {
        let now = cx.now();
        let last = self.state().pass.filter(|_| self.threshold > 0);
        let left =
            last.map(|last| PASS - now.duration_since(last)).and_then(|left| Duration::try_from(left).ok());
        if let Some(left) = left.filter(|left| !left.is_zero()) {
            return Ok(Outcome::RequeueAfter(left));
        }
        self.state().pass = Some(now);
        for pod in surplus(cx.by_index::<PodView>(ENDED, ENDED), self.threshold) {
            remove(cx, &pod, Why::Surplus).await?;
        }
        Ok(Outcome::Done)
    }
}

/// Notes that the pod has failed, unless it has ended, and deletes it at once.
async fn remove(cx: &Context, pod: &PodView, why: Why) -> Result<(), Error> {
    if !pod.is_terminal() {
        let live = cx.api::<Pod>().in_namespace(&pod.meta.namespace).find(&pod.meta.name).await?;
        let Some(live) = live.filter(|live| live.uid() == pod.meta.uid) else { return Ok(()) };
        let now = Time(cx.now());
        cx.patch_status(&live, |status| {
            status.phase = Some("Failed".to_owned());
            if let Some(target) = why.condition(live.metadata.generation) {
                condition::set(status.conditions.get_or_insert_default(), target, &now);
            }
        })
        .await?;
    }
    let options = DeleteOptions::now().uid(pod.meta.uid.clone());
    match cx.delete_object(Pod::kind_info(), &pod.meta.key(), &options).await {
        Err(error) if !error.is_not_found() => Err(error.into()),
        _ => Ok(()),
    }
}
