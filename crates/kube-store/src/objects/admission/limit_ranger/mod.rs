//! Containers, pods and claims keep within the limits of their namespace, and get its defaults.
//!
//! Source: `k8s.io/kubernetes/plugin/pkg/admission/limitranger`.

mod constraints;
mod defaults;

use super::Admission;
use crate::objects::{Candidate, Contribution, Operation, Stored};
use crate::service::Subresource;
use async_trait::async_trait;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{LimitRange, PersistentVolumeClaim, Pod};

/// The plugin.
#[derive(Clone, Copy, Debug, Default)]
pub struct LimitRanger;

#[async_trait]
impl Admission for LimitRanger {
    fn name(&self) -> &'static str {
        "LimitRanger"
    }

    fn leaves_nothing_out(&self) -> bool {
        true
    }

    fn handles(&self, cx: &Contribution<'_>) -> bool {
        match cx.operation() {
            Operation::Create => {
                cx.is("", "Pod", Subresource::Main) || cx.is("", "PersistentVolumeClaim", Subresource::Main)
            }
            Operation::Update => {
                cx.is("", "Pod", Subresource::Resize) || cx.is("", "PersistentVolumeClaim", Subresource::Main)
            }
            Operation::Delete => false,
        }
    }

    async fn mutate(
        &self,
        cx: &Contribution<'_>,
        _old: Option<&Stored>,
        object: &mut Candidate,
    ) -> Result<(), ApiError> {
        if cx.operation() != Operation::Create {
            return Ok(());
        }
        let Some(pod) = object.typed_mut::<Pod>() else { return Ok(()) };
        for range in cx.all_cached::<LimitRange>(&cx.key().namespace).await? {
            defaults::fill(pod, &range);
        }
        Ok(())
    }

    async fn validate(
        &self,
        cx: &Contribution<'_>,
        _old: Option<&Stored>,
        object: Option<&Candidate>,
    ) -> Result<(), ApiError> {
        let Some(object) = object else { return Ok(()) };
        for range in cx.all_cached::<LimitRange>(&cx.key().namespace).await? {
            let errors = if let Some(pod) = object.typed::<Pod>() {
                constraints::check_pod(pod, &range)
            } else if let Some(claim) = object.typed::<PersistentVolumeClaim>() {
                constraints::check_claim(claim, &range)
            } else {
                Vec::new()
            };
            match errors.as_slice() {
                [] => {}
                [one] => return Err(cx.forbidden(one)),
                many => return Err(cx.forbidden(&format!("[{}]", many.join(", ")))),
            }
        }
        Ok(())
    }
}
