//! A claim that names no class gets the default one.
//!
//! Source: `k8s.io/kubernetes/plugin/pkg/admission/storage/storageclass/setdefault`, `pkg/volume/util` (`GetDefaultClass`).

use super::Admission;
use crate::objects::{Candidate, Contribution, Operation, Stored};
use crate::service::Subresource;
use async_trait::async_trait;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::PersistentVolumeClaim;
use kube_core::kinds::storage::v1::StorageClass;
use kube_core::resource::ResourceExt;
use std::cmp::Reverse;

/// The plugin.
#[derive(Clone, Copy, Debug, Default)]
pub struct DefaultStorageClass;

const DEFAULT: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

#[async_trait]
impl Admission for DefaultStorageClass {
    fn name(&self) -> &'static str {
        "DefaultStorageClass"
    }

    fn leaves_nothing_out(&self) -> bool {
        true
    }

    fn handles(&self, cx: &Contribution<'_>) -> bool {
        cx.is("", "PersistentVolumeClaim", Subresource::Main) && cx.operation() == Operation::Create
    }

    async fn mutate(
        &self,
        cx: &Contribution<'_>,
        _old: Option<&Stored>,
        object: &mut Candidate,
    ) -> Result<(), ApiError> {
        let Some(claim) = object.typed_mut::<PersistentVolumeClaim>() else { return Ok(()) };
        let by_annotation = claim.metadata.annotations.as_ref().is_some_and(|a| a.contains_key(BETA_CLASS));
        if by_annotation || claim.spec.as_ref().is_some_and(|spec| spec.storage_class_name.is_some()) {
            return Ok(());
        }
        let classes = cx.all_cached::<StorageClass>("").await?;
        // The newest of several; the first by name among those of one second.
        let default = classes.iter().filter(|class| is_default(class)).min_by_key(|class| {
            (Reverse(class.metadata.creation_timestamp.as_ref().map(|time| time.0)), class.name())
        });
        if let Some(class) = default {
            claim.spec.get_or_insert_default().storage_class_name = Some(class.name().to_owned());
        }
        Ok(())
    }
}

fn is_default(class: &StorageClass) -> bool {
    let annotations = class.metadata.annotations.as_ref();
    annotations.is_some_and(|a| DEFAULT.iter().any(|name| a.get(*name).is_some_and(|value| value == "true")))
}
