//! Nothing is created in a namespace that is not there or is going, and some namespaces stay.
//!
//! Source: `k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle`.

use super::Admission;
use crate::objects::{Candidate, Contribution, Operation, Stored};
use async_trait::async_trait;
use kube_core::error::{ApiError, Cause};
use kube_core::kinds::core::v1::Namespace;
use kube_core::resource::ObjectKey;

/// The plugin.
#[derive(Clone, Copy, Debug, Default)]
pub struct NamespaceLifecycle;

/// The plugin's name.
const NAME: &str = "NamespaceLifecycle";

/// The namespaces that cannot be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-public", "kube-system"];

#[async_trait]
impl Admission for NamespaceLifecycle {
    fn name(&self) -> &'static str {
        NAME
    }

    fn leaves_nothing_out(&self) -> bool {
        true
    }

    fn handles(&self, cx: &Contribution<'_>) -> bool {
        match cx.operation() {
            Operation::Create => cx.kind().is_namespaced(),
            Operation::Delete => cx.kind().kind == "Namespace" && cx.kind().group.is_empty(),
            Operation::Update => false,
        }
    }

    async fn mutate(
        &self,
        cx: &Contribution<'_>,
        _old: Option<&Stored>,
        _object: &mut Candidate,
    ) -> Result<(), ApiError> {
        if cx.operation() != Operation::Create {
            return Ok(());
        }
        let name = &cx.key().namespace;
        let key = ObjectKey::cluster(name.clone());
        let Some(namespace) = cx.current::<Namespace>(&key).await? else {
            return Err(ApiError::not_found("", "namespaces", name));
        };
        let phase = namespace.status.as_ref().and_then(|status| status.phase.as_deref());
        if namespace.metadata.deletion_timestamp.is_none() && phase != Some("Terminating") {
            return Ok(());
        }
        let text = format!("unable to create new content in namespace {name} because it is being terminated");
        let (kind, object) = (cx.kind(), &cx.key().name);
        Err(ApiError::forbidden(&kind.group, &kind.plural, object, &text).with_cause(Cause {
            reason: "NamespaceTerminating".to_owned(),
            message: format!("namespace {name} is being terminated"),
            field: "metadata.namespace".to_owned(),
        }))
    }

    async fn validate(
        &self,
        cx: &Contribution<'_>,
        _old: Option<&Stored>,
        _object: Option<&Candidate>,
    ) -> Result<(), ApiError> {
        let name = &*cx.key().name;
        if cx.operation() == Operation::Delete && IMMORTAL.contains(&name) {
            return Err(ApiError::forbidden("", "namespaces", name, "this namespace may not be deleted"));
        }
        Ok(())
    }
}
