//! The garbage collector: deletes what lost its owners, and carries out foreground and orphaning deletions.
//!
//! # Invariants
//! - An object goes only after every owner that it names was found absent: not seen here, and asked for at the store.
//! - Deletions name the uid and the version that the decision was made on.
//! - An owner in another namespace is no owner: it is looked for in the dependent's namespace. A cluster-scoped object
//!   that names a namespaced owner is left alone.

mod objects;
mod owners;
pub mod plan;
#[cfg(test)]
mod tests;
mod wire;

use crate::runtime::{Context, Controller, Error, Outcome, Reconciler, Request};
use kube_core::error::ApiError;
use kube_core::graph::OwnerGraph;
use kube_core::kinds::core::v1::Namespace;
use kube_core::resource::Uid;
use kube_core::view::RawObject;
use kube_store::client::events::{EventTarget, EventType};
use kube_store::service::{DeleteOptions, Subresource};
use kube_store::storage::ReadAt;
use objects::Item;
use owners::{Judged, judge, references, without};
use plan::{Dependent, Op, View, plan};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use wire::{Everything, Watched};

/// How often new kinds are looked for.
///
/// Source: `k8s.io/kubernetes/cmd/kube-controller-manager` (`startGarbageCollectorController`).
const DISCOVERY: Duration = Duration::from_secs(30);

/// Kinds that are not served may be served later.
const UNKNOWN_OWNER: Duration = Duration::from_secs(30);

/// The garbage collector.
///
/// Source: `k8s.io/kubernetes/pkg/controller/garbagecollector`.
pub fn controller() -> Controller {
    controller_and_graph().0
}

/// The garbage collector, and the ownership graph that it keeps while it runs.
pub fn controller_and_graph() -> (Controller, Ownership) {
    let watched = Watched::new();
    let source = Everything(watched.clone());
    let collector = GarbageCollector { watched: watched.clone() };
    (Controller::over("garbage-collector", 20, collector, Box::new(source)), Ownership(watched))
}

/// Who owns whom, as the garbage collector sees it.
#[derive(Clone)]
pub struct Ownership(Arc<Watched>);

impl Ownership {
    /// The graph as it is now; [`OwnerGraph::to_dot`] draws it.
    pub fn graph(&self) -> OwnerGraph {
        self.0.objects().graph().clone()
    }
}

impl fmt::Debug for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ownership").finish_non_exhaustive()
    }
}

struct GarbageCollector {
    watched: Arc<Watched>,
}

impl Reconciler for GarbageCollector {
    /// Keys are uids, of objects of any kind.
    type Resource = Namespace;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let uid = Uid::new(request.key.name.clone());
        if uid.is_empty() {
            self.watched.discover();
            return Ok(Outcome::RequeueAfter(DISCOVERY));
        }
        let found = {
            let objects = self.watched.objects();
            let item = objects.item(&uid).filter(|item| !objects.is_settled(item)).cloned();
            item.map(|item| (item, objects.dependents(&uid)))
        };
        let Some((item, dependents)) = found else { return Ok(Outcome::Done) };
        // The informers may be behind: what is decided rests on the object as it is.
        let live = match cx.service().get(&item.kind, &item.meta.key(), ReadAt::Latest).await {
            Err(error) if error.is_not_found() => return Ok(Outcome::Done),
            other => other?,
        };
        if live.meta.uid != uid {
            return Ok(Outcome::Done);
        }
        let item = Item { meta: live.meta.clone(), ..item };
        let judged = judge(cx, &self.watched, &item).await?;
        complain(cx, &item, &judged);
        let ops = plan(&View {
            terminating: item.meta.is_terminating(),
            finalizers: &item.meta.finalizers,
            owners: &judged.owners,
            dependents: &dependents,
        });
        let mut target = Target { cx, item, live, dependents };
        for op in &ops {
            target.execute(op, &self.watched).await?;
        }
        Ok(judged.unknown.then_some(UNKNOWN_OWNER).into())
    }
}

fn complain(cx: &Context, item: &Item, judged: &Judged) {
    let target = EventTarget::with_meta(&item.kind, &item.meta);
    for note in &judged.wrong_namespace {
        cx.event_about(&target, EventType::Warning, "OwnerRefInvalidNamespace", note);
    }
}

/// The object in question, as it is in the store.
struct Target<'a> {
    cx: &'a Context,
    item: Item,
    live: RawObject,
    dependents: Vec<Dependent>,
}

impl Target<'_> {
    async fn execute(&mut self, op: &Op, watched: &Watched) -> Result<(), ApiError> {
        match op {
            Op::LookAt(uid) => {
                watched.look_at(uid);
                Ok(())
            }
            Op::GiveUp(index) => match self.dependents.get(*index) {
                Some(dependent) => give_up(self.cx, dependent, &self.item.meta.uid).await,
                None => Ok(()),
            },
            Op::RemoveFinalizer(name) => {
                let kept: Vec<_> = self.item.meta.finalizers.iter().filter(|f| &***f != *name).collect();
                self.patch(json!({ "finalizers": if kept.is_empty() { Value::Null } else { json!(kept) } }))
                    .await
            }
            Op::Strip(uids) => {
                let value = self.live.to_value().map_err(ApiError::internal)?;
                self.patch(json!({ "ownerReferences": without(&value, uids) })).await
            }
            Op::Unblock => {
                let mut owners = references(&self.live.to_value().map_err(ApiError::internal)?);
                for owner in &mut owners {
                    owner["blockOwnerDeletion"] = false.into();
                }
                self.patch(json!({ "ownerReferences": owners })).await
            }
            Op::Delete(propagation) => {
                let mut options =
                    DeleteOptions::default().uid(self.item.meta.uid.clone()).propagation(*propagation);
                options.version = Some(self.live.version);
                ignore_gone(self.cx.delete_object(&self.item.kind, &self.live.key(), &options).await)
            }
        }
    }

    async fn patch(&mut self, mut meta: Value) -> Result<(), ApiError> {
        meta["resourceVersion"] = self.live.version.to_string().into();
        let patch = json!({ "metadata": meta });
        let key = self.live.key();
        let patched = self.cx.patch_value(&self.item.kind, &key, Subresource::Main, patch).await;
        match patched {
            Ok(raw) => {
                self.live = raw;
                Ok(())
            }
            Err(error) => ignore_gone(Err::<(), _>(error)),
        }
    }
}

/// Takes the reference to `owner` out of a dependent, as that is now.
async fn give_up(cx: &Context, dependent: &Dependent, owner: &Uid) -> Result<(), ApiError> {
    let live = match cx.service().get(&dependent.kind, &dependent.key, ReadAt::Latest).await {
        Err(error) if error.is_not_found() => return Ok(()),
        other => other?,
    };
    if live.meta.uid != dependent.uid {
        return Ok(());
    }
    let owners = without(&live.to_value().map_err(ApiError::internal)?, std::slice::from_ref(owner));
    let meta = json!({ "resourceVersion": live.version.to_string(), "ownerReferences": owners });
    let patch = json!({ "metadata": meta });
    ignore_gone(cx.patch_value(&dependent.kind, &dependent.key, Subresource::Main, patch).await)
}

fn ignore_gone<T>(result: Result<T, ApiError>) -> Result<(), ApiError> {
    match result {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}
