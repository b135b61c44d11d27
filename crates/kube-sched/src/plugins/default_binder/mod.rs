//! `DefaultBinder`: binds through the pod's `binding` subresource.
//!
//! Source: `pkg/scheduler/framework/plugins/defaultbinder`.

#[cfg(test)]
mod tests;

use crate::framework::{Bind, BindContext, Bound, Plugin, PodInfo, Points, Reads};
use crate::guard::Basis;
use async_trait::async_trait;
use kube_core::error::ApiError;
use kube_core::view::{KindView, PodView};
use kube_store::service::{Subresource, Write, WriteOptions};
use serde_json::{Value, json};
use std::sync::Arc;

/// Creates the pod's `Binding`.
#[derive(Clone, Copy, Debug, Default)]
pub struct DefaultBinder;

impl Plugin for DefaultBinder {
    fn name(&self) -> &'static str {
        "DefaultBinder"
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.bind(self);
    }
}

#[async_trait]
impl Bind for DefaultBinder {
    async fn bind(&self, cx: &BindContext, pod: &PodInfo, node: &str) -> Result<Bound, ApiError> {
        let body = binding(cx.basis.as_ref(), pod, node);
        let options = WriteOptions::default();
        cx.service.create_on(PodView::kind(), pod.key(), Subresource::Binding, body, &options).await?;
        Ok(Bound::Done)
    }

    fn write(&self, cx: &BindContext, pod: &PodInfo, node: &str) -> Option<Write> {
        let (kind, key) = (Arc::new(PodView::kind().clone()), pod.key().clone());
        Some(Write::Bind { kind, key, binding: binding(cx.basis.as_ref(), pod, node) })
    }
}

/// The `Binding` of `pod` to `node`; it names the pod's uid, so that a new pod of that name is not bound.
fn binding(basis: Option<&Basis>, pod: &PodInfo, node: &str) -> Value {
    let mut metadata = json!({ "name": pod.key().name, "namespace": pod.key().namespace });
    if !pod.uid().is_empty() {
        metadata["uid"] = pod.uid().as_str().into();
    }
    let mut binding = json!({
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": metadata,
        "target": { "apiVersion": "v1", "kind": "Node", "name": node },
    });
    if let Some(basis) = basis {
        basis.write(&mut binding);
    }
    binding
}
