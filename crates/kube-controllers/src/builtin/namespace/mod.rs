//! Namespaces that are deleted: their content goes first, pods before everything else.

pub mod plan;
#[cfg(test)]
mod tests;

use crate::runtime::queue::RetryLimits;
use crate::runtime::{Context, Controller, Error, Outcome, Reconciler, Request};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Namespace;
use kube_core::resource::{KindInfo, Resource, ResourceExt};
use kube_store::mutant::{self, Mutant};
use kube_store::service::{DeleteOptions, ListQuery, Propagation, Subresource};
use plan::{Content, Remaining, conditions, next};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The finalizer in the spec of every namespace.
const FINALIZER: &str = "kubernetes";

/// The controller of namespaces.
///
/// Kubernetes waits 5 s before it looks for content, since other API servers may still create some. Here one store
/// decides.
///
/// Source: `k8s.io/kubernetes/pkg/controller/namespace`.
pub fn controller() -> Controller {
    Controller::builder(Namespaces)
        .named("namespace-controller")
        .retry(RetryLimits::new(Duration::from_millis(5), Duration::from_mins(1)))
        .workers(10)
        .build()
}

struct Namespaces;

impl Reconciler for Namespaces {
    type Resource = Namespace;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(namespace) = cx.get::<Namespace>(&request.key) else { return Ok(Outcome::Done) };
        let finalizers =
            namespace.spec.as_ref().and_then(|spec| spec.finalizers.as_deref()).unwrap_or_default();
        if !namespace.is_terminating() || !finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
            return Ok(Outcome::Done);
        }
        let kinds = kinds(cx);
        let (content, failures) = empty(cx, &request.key.name, &kinds).await?;
        let remaining = Remaining::of(&content);
        let now = cx.now();
        cx.patch_status(&*namespace, |status| conditions(status, &remaining, &failures, now)).await?;
        if let Some(error) = failures.into_iter().next() {
            return Err(error.into());
        }
        if remaining.is_empty() {
            finalize(cx, &request.key.name).await?;
            return Ok(Outcome::Done);
        }
        Ok(Outcome::RequeueAfter(next(&content, now)))
    }
}

/// The namespaced kinds that are served, one version of each.
fn kinds(cx: &Context) -> Vec<Arc<KindInfo>> {
    let mut seen = BTreeSet::new();
    let mut kinds = cx.service().kinds();
    kinds.retain(|kind| {
        kind.is_namespaced() && seen.insert((kind.group.to_string(), kind.plural.to_string()))
    });
    kinds
}

/// Deletes what is there: pods alone while there are any. Gives what is left, and what could not be deleted.
async fn empty(
    cx: &Context,
    namespace: &str,
    kinds: &[Arc<KindInfo>],
) -> Result<(Vec<Content>, Vec<ApiError>), ApiError> {
    let query = ListQuery::namespaced(namespace);
    let pods: Vec<_> =
        kinds.iter().filter(|kind| kind.group.is_empty() && kind.kind == "Pod").cloned().collect();
    let mut failures = Vec::new();
    for group in [pods.as_slice(), kinds] {
        let mut left = Vec::new();
        for kind in group {
            if !cx.service().list(kind, &query).await?.items.is_empty() {
                let options = DeleteOptions::default().propagation(Propagation::Background);
                failures.extend(cx.service().delete_collection(kind, &query, &options).await.err());
            }
            let items = cx.service().list(kind, &query).await?.items;
            left.extend(Content::of(kind, &items).filter(|_| !mutant::is(Mutant::FinalisesTooSoon)));
        }
        if !left.is_empty() || !failures.is_empty() {
            return Ok((left, failures));
        }
    }
    Ok((Vec::new(), failures))
}

/// Takes the finalizer off: the namespace goes with that.
async fn finalize(cx: &Context, name: &str) -> Result<(), ApiError> {
    let namespaces = cx.api::<Namespace>();
    let Some(live) = namespaces.find(name).await? else { return Ok(()) };
    let mut left = live.spec.clone().and_then(|spec| spec.finalizers).unwrap_or_default();
    left.retain(|finalizer| finalizer != FINALIZER);
    let patch = json!({
        "metadata": { "resourceVersion": live.metadata.resource_version }, "spec": { "finalizers": left },
    });
    let kind = Namespace::kind_info();
    match cx.patch_value(kind, &live.key(), Subresource::Finalize, patch).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}
