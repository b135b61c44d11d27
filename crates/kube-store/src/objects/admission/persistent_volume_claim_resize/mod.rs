//! Claims grow only where they are bound and their class lets them.
//!
//! Source: `k8s.io/kubernetes/plugin/pkg/admission/storage/persistentvolume/resize`.

use super::Admission;
use crate::objects::{Candidate, Contribution, Operation, Stored};
use crate::service::Subresource;
use async_trait::async_trait;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::PersistentVolumeClaim;
use kube_core::kinds::storage::v1::StorageClass;
use kube_core::quantity::Quantity;
use kube_core::resource::ObjectKey;

/// The plugin.
#[derive(Clone, Copy, Debug, Default)]
pub struct PersistentVolumeClaimResize;

#[async_trait]
impl Admission for PersistentVolumeClaimResize {
    fn name(&self) -> &'static str {
        "PersistentVolumeClaimResize"
    }

    fn leaves_nothing_out(&self) -> bool {
        true
    }

    fn handles(&self, cx: &Contribution<'_>) -> bool {
        cx.is("", "PersistentVolumeClaim", Subresource::Main) && cx.operation() == Operation::Update
    }

    async fn validate(
        &self,
        cx: &Contribution<'_>,
        old: Option<&Stored>,
        object: Option<&Candidate>,
    ) -> Result<(), ApiError> {
        let (Some(old), Some(new)) = (old, object.and_then(|o| o.typed::<PersistentVolumeClaim>())) else {
            return Ok(());
        };
        let Some(old) = old.typed::<PersistentVolumeClaim>()? else { return Ok(()) };
        if size(new) <= size(old) {
            return Ok(());
        }
        if old.status.as_ref().and_then(|status| status.phase.as_deref()) != Some("Bound") {
            return Err(cx.forbidden("Only bound persistent volume claims can be expanded"));
        }
        let name = class(new);
        let grows = !name.is_empty() && name == class(old) && {
            let class = cx.cached::<StorageClass>(&ObjectKey::cluster(name)).await?;
            class.is_some_and(|class| class.allow_volume_expansion == Some(true))
        };
        if grows {
            return Ok(());
        }
        Err(cx.forbidden(
            "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
        ))
    }
}

fn size(claim: &PersistentVolumeClaim) -> Quantity {
    let requests = claim.spec.as_ref().and_then(|spec| spec.resources.as_ref()?.requests.as_ref());
    let storage = requests.and_then(|requests| requests.get("storage"));
    storage.and_then(|text| text.0.parse().ok()).unwrap_or(Quantity::ZERO)
}

fn class(claim: &PersistentVolumeClaim) -> &str {
    let annotated = claim.metadata.annotations.as_ref();
    let annotated = annotated.and_then(|a| a.get("volume.beta.kubernetes.io/storage-class"));
    let named = claim.spec.as_ref().and_then(|spec| spec.storage_class_name.as_ref());
    annotated.or(named).map(String::as_str).unwrap_or_default()
}
