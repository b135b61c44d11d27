//! DaemonSets: one pod on every node that is fit for it.

mod backoff;
mod execute;
pub mod nodes;
pub mod plan;
pub mod rolling;
pub mod template;
#[cfg(test)]
mod tests;

pub use backoff::Backoff;

use super::adoption::claim_pods;
use super::deployment::template::pod_template_hash;
use super::history::{self, History, template_patch};
use super::indexes::{by_owner, orphans};
use super::pod_owners::{over_pods, pods_of};
use crate::runtime::{Context, Controller, Error, Listers, Outcome, Reconciler, Request, Source};
use execute::Execution;
use kube_core::kinds::apps::v1::{ControllerRevision, DaemonSet, DaemonSetSpec};
use kube_core::kinds::meta::v1::{LabelSelector, ObjectMeta};
use kube_core::resource::{ObjectKey, Resource, ResourceExt, Uid, owner_reference};
use kube_core::selector::Selector;
use kube_core::view::{NodeView, PodView};
use kube_store::client::events::EventType;
use kube_store::informer::Change;
use nodes::Eligibility;
use plan::{View, plan};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use template::REVISION;

/// The controller of DaemonSets.
///
/// Source: `k8s.io/kubernetes/pkg/controller/daemon`.
pub fn controller() -> Controller {
    let revisions = Source::<ControllerRevision>::owned_by(DaemonSet::kind_info());
    over_pods(Controller::builder(DaemonSets::default()), selector)
        .named("daemonset-controller")
        .watches(revisions.index(by_owner()).index(orphans()))
        .watches(Source::new(of_node))
        .workers(2)
        .build()
}

fn selector(set: &DaemonSet) -> Option<Selector> {
    Selector::from_label_selector(Some(&set.spec.as_ref()?.selector)).ok()
}

/// The DaemonSets that think otherwise of a node after a change: all of them when it comes or goes.
fn of_node(change: &Change<NodeView>, listers: &Listers) -> Vec<ObjectKey> {
    let sets = || listers.list::<DaemonSet>().into_iter();
    let (Some(old), Some(new)) = (&change.old, &change.new) else {
        return sets().map(|set| set.key()).collect();
    };
    // Most changes of nodes are reports of how they are.
    if old.meta.labels == new.meta.labels && old.spec.taints == new.spec.taints {
        return Vec::new();
    }
    let differs = |set: &Arc<DaemonSet>| {
        Eligibility::of(set).is_some_and(|eligibility| eligibility.judge(old) != eligibility.judge(new))
    };
    sets().filter(differs).map(|set| set.key()).collect()
}

/// By DaemonSet, the generation that its status is about, and node: what was changed is tried at once.
type Backoffs = BTreeMap<(Uid, i64, Arc<str>), Backoff>;

#[derive(Default)]
struct DaemonSets {
    /// When failed pods were replaced. Only a wait is lost when this is.
    backoff: Mutex<Backoffs>,
}

impl Reconciler for DaemonSets {
    type Resource = DaemonSet;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(set) = cx.get::<DaemonSet>(&request.key).filter(|set| !set.is_terminating()) else {
            return Ok(Outcome::Done);
        };
        let (Some(spec), Some(selector)) = (&set.spec, selector(&set)) else { return Ok(Outcome::Done) };
        if spec.selector == LabelSelector::default() {
            let note = "This daemon set is selecting all pods. A non-empty selector is required.";
            cx.event(&*set, EventType::Warning, "SelectingAll", note);
            return Ok(Outcome::Done);
        }
        let pods = claim_pods(cx, &*set, &selector, pods_of(cx, &*set), |_| true).await?;
        let revisions = history::claim(cx, &*set, &selector).await?;
        let status = set.status.clone().unwrap_or_default();
        let patch = template_patch(&spec.template);
        let make = |number, collisions| new_revision(&set, spec, &patch, (number, collisions));
        let history = History { cx, patch: &patch, make };
        let (present, collisions) = history.present(&revisions, status.collision_count.unwrap_or(0)).await?;
        let hash = hash_of(&present);
        let nodes = cx.list::<NodeView>();
        let uid = set.uid();
        let seen = status.observed_generation.unwrap_or(0);
        let backoff = |node: &str| self.backoff().get(&(uid.clone(), seen, node.into())).copied();
        let (now, set_ref) = (cx.now(), &*set);
        let plan = plan(&View {
            set: set_ref,
            nodes: &nodes,
            pods: &pods,
            hash,
            collisions,
            backoff: &backoff,
            now,
        });
        self.note_failed((&uid, seen), &plan.failed, now);
        for (kind, reason, note) in &plan.events {
            cx.event(set_ref, *kind, reason, note);
        }
        let failure = Execution::new(cx, set_ref, hash).run(&plan.ops).await.err();
        cx.patch_status(set_ref, |status| *status = plan.status).await?;
        if let Some(failure) = failure {
            return Err(failure.into());
        }
        forget(cx, (&revisions, &present), &pods, spec.revision_history_limit.unwrap_or(10)).await?;
        Ok(plan.requeue.into())
    }
}

impl DaemonSets {
    fn backoff(&self) -> MutexGuard<'_, Backoffs> {
        self.backoff.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_failed(&self, (set, seen): (&Uid, i64), nodes: &[Arc<str>], now: jiff::Timestamp) {
        if nodes.is_empty() {
            return;
        }
        let mut all = self.backoff();
        all.retain(|_, backoff| !backoff.is_over(now));
        for node in nodes {
            let key = (set.clone(), seen, node.clone());
            let next = Backoff::after(all.get(&key), now);
            all.insert(key, next);
        }
    }
}

/// Deletes revisions that no pod has, beyond the limit of history.
async fn forget(
    cx: &Context,
    (revisions, present): (&[Arc<ControllerRevision>], &ControllerRevision),
    pods: &[Arc<PodView>],
    limit: i32,
) -> Result<(), Error> {
    let (live, limit) = forgettable((revisions, present), pods, limit);
    Ok(history::truncate(cx, revisions, &live, limit).await?)
}

/// The names of the revisions that stay whatever the limit, and how many others do: those that pods have count for the
/// limit, the present one does not.
///
/// Source: `cleanupHistory`.
fn forgettable<'a>(
    (revisions, present): (&'a [Arc<ControllerRevision>], &'a ControllerRevision),
    pods: &[Arc<PodView>],
    limit: i32,
) -> (BTreeSet<&'a str>, i32) {
    let hashes: BTreeSet<&str> =
        pods.iter().filter_map(|pod| pod.meta.labels.get(REVISION)).map(AsRef::as_ref).collect();
    let used = revisions.iter().filter(|revision| hashes.contains(hash_of(revision)));
    let mut live: BTreeSet<&str> = used.map(|revision| revision.name()).collect();
    live.remove(present.name());
    let limit = limit.saturating_sub(i32::try_from(live.len()).unwrap_or(i32::MAX)).max(0);
    live.insert(present.name());
    (live, limit)
}

/// The hash that the pods of a revision have; the name of one that does not say it.
fn hash_of(revision: &ControllerRevision) -> &str {
    let labels = revision.metadata.labels.as_ref();
    labels.and_then(|labels| labels.get(REVISION)).map_or_else(|| revision.name(), String::as_str)
}

/// A revision of the present template, as number and number of collisions say.
///
/// Source: `snapshot`.
fn new_revision(
    set: &Arc<DaemonSet>,
    spec: &DaemonSetSpec,
    patch: &Value,
    (number, collisions): (i64, i32),
) -> ControllerRevision {
    let hash = pod_template_hash(&spec.template, (collisions > 0).then_some(collisions));
    let mut labels = spec.template.metadata.as_ref().and_then(|meta| meta.labels.clone()).unwrap_or_default();
    labels.insert(REVISION.to_owned(), hash.clone());
    ControllerRevision {
        metadata: ObjectMeta {
            name: Some(history::name(set.name(), &hash)),
            namespace: set.metadata.namespace.clone(),
            labels: Some(labels),
            annotations: set.metadata.annotations.clone(),
            owner_references: Some(vec![owner_reference(&**set)]),
            ..ObjectMeta::default()
        },
        data: Some(history::data(patch)),
        revision: number,
    }
}
