//! StatefulSets: pods with names that last, each with claims of its own.

#[cfg(test)]
mod claim_tests;
pub mod claims;
mod execute;
pub mod identity;
pub mod plan;
pub mod status;
#[cfg(test)]
mod tests;

use super::adoption::claim_pods;
use super::history::{self, History, revision_hash, template_of, template_patch};
use super::indexes::{NAMESPACE, by_owner, orphans};
use super::pod_owners::{over_pods, pods_of};
use crate::runtime::{Context, Controller, Error, Listers, Outcome, Reconciler, Request, Source};
use claims::is_claim_of;
use execute::Execution;
use identity::{ordinal_of, revision_of};
use kube_core::kinds::apps::v1::{ControllerRevision, StatefulSet, StatefulSetSpec};
use kube_core::kinds::core::v1::PersistentVolumeClaim;
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::resource::{ObjectKey, Resource, ResourceExt, owner_reference};
use kube_core::selector::Selector;
use kube_core::view::PodView;
use kube_store::informer::Change;
use plan::{Revision, View, plan};
use serde_json::Value;
use std::sync::Arc;

/// The controller of StatefulSets.
///
/// Source: `k8s.io/kubernetes/pkg/controller/statefulset`.
pub fn controller() -> Controller {
    let revisions = Source::<ControllerRevision>::owned_by(StatefulSet::kind_info());
    over_pods(Controller::builder(StatefulSets), selector)
        .named("statefulset-controller")
        .watches(revisions.index(by_owner()).index(orphans()))
        .watches(Source::new(waiting_for_claim))
        .workers(5)
        .build()
}

fn selector(set: &StatefulSet) -> Option<Selector> {
    Selector::from_label_selector(Some(&set.spec.as_ref()?.selector)).ok()
}

/// The StatefulSets that may have waited for a claim to be gone.
fn waiting_for_claim(change: &Change<PersistentVolumeClaim>, listers: &Listers) -> Vec<ObjectKey> {
    if !change.is_deletion() {
        return Vec::new();
    }
    let sets = listers.by_index::<StatefulSet>(NAMESPACE, &change.key.namespace);
    sets.iter().filter(|set| is_claim_of(set, &change.key.name)).map(|set| set.key()).collect()
}

struct StatefulSets;

impl Reconciler for StatefulSets {
    type Resource = StatefulSet;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(set) = cx.get::<StatefulSet>(&request.key).filter(|set| !set.is_terminating()) else {
            return Ok(Outcome::Done);
        };
        let (Some(spec), Some(selector)) = (&set.spec, selector(&set)) else { return Ok(Outcome::Done) };
        let is_member = |pod: &PodView| ordinal_of(set.name(), &pod.meta.name).is_some();
        let pods = claim_pods(cx, &*set, &selector, pods_of(cx, &*set), is_member).await?;
        let revisions = history::claim(cx, &*set, &selector).await?;
        let old = set.status.clone().unwrap_or_default();
        let collisions = old.collision_count.unwrap_or(0);
        let patch = template_patch(&spec.template);
        let make = |number, collisions| new_revision(&set, spec, &patch, (number, collisions));
        let history = History { cx, patch: &patch, make };
        let (update, collisions) = history.present(&revisions, collisions).await?;
        let named = |name: &str| revisions.iter().find(|revision| revision.name() == name);
        let current = old.current_revision.as_deref().and_then(named).unwrap_or(&update).clone();
        // What the revision of another version of Kubernetes does not tell is as it is now.
        let before = template_of(&current).unwrap_or_else(|| spec.template.clone());
        let namespace = set.namespace();
        let claim = |name: &str| cx.get::<PersistentVolumeClaim>(&ObjectKey::new(namespace, name));
        let plan = plan(&View {
            set: &set,
            pods: &pods,
            current: Revision { name: current.name(), template: &before },
            update: Revision { name: update.name(), template: &spec.template },
            collisions,
            claim: &claim,
            now: cx.now(),
        });
        for (kind, reason, note) in &plan.events {
            cx.event(&*set, *kind, reason, note);
        }
        let ordered = spec.pod_management_policy.as_deref() != Some("Parallel");
        let failure = Execution { cx, set: &set, ordered }.run(&plan.ops).await.err();
        cx.patch_status(&*set, |status| *status = plan.status).await?;
        if let Some(failure) = failure {
            return Err(failure.into());
        }
        let live = pods.iter().map(|pod| revision_of(pod)).chain([current.name(), update.name()]);
        let limit = spec.revision_history_limit.unwrap_or(10);
        history::truncate(cx, &revisions, &live.collect(), limit).await?;
        Ok(plan.requeue.into())
    }
}

/// A revision of the present template, as number and number of collisions say.
///
/// Source: `newRevision`.
fn new_revision(
    set: &Arc<StatefulSet>,
    spec: &StatefulSetSpec,
    patch: &Value,
    (number, collisions): (i64, i32),
) -> ControllerRevision {
    let hash = revision_hash(patch, collisions);
    let mut labels = spec.template.metadata.as_ref().and_then(|meta| meta.labels.clone()).unwrap_or_default();
    labels.insert(history::HASH.to_owned(), hash.clone());
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
