//! What may change in a claim.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`ValidatePersistentVolumeClaimUpdate`).

use super::{STORAGE, requests};
use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimSpec};
use crate::quantity::Quantity;
use crate::validate::fields::Text;
use crate::validate::meta::FIELD_IMMUTABLE;
use crate::validate::resources::ResourceList;

/// Only the volume's name may be filled in, and what is bound may grow.
pub(super) fn validate_change(new: &PersistentVolumeClaim, old: &PersistentVolumeClaim) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let mut errors = Vec::new();
    let (spec, before) = (new.spec.clone().unwrap_or_default(), old.spec.clone().unwrap_or_default());
    let (mut munged, mut kept) = (spec.clone(), before.clone());
    if before.volume_name.text().is_empty() {
        kept.volume_name.clone_from(&munged.volume_name);
    }
    let (class, had) = (class_in(new), class_in(old));
    let named_before = had.is_some_and(|had| spec.storage_class_name.as_deref() == Some(had));
    let unnamed = before.storage_class_name.is_none() && spec.storage_class_name.is_some();
    if unnamed && named_before && class.is_none_or(|class| Some(class) == had) {
        munged.storage_class_name = None;
    } else {
        if class.unwrap_or_default() != had.unwrap_or_default() {
            let path = FieldPath::new("metadata").child("annotations").child(CLASS_ANNOTATION);
            errors.push(FieldError::invalid(&path, class.unwrap_or_default(), FIELD_IMMUTABLE));
        }
        if unnamed && (had.is_none() || named_before) {
            munged.storage_class_name = None;
        }
    }
    if new.status.as_ref().is_some_and(|status| status.phase.text() == "Bound") {
        let size = requests(&before).and_then(|requests| requests.get(STORAGE)).cloned();
        let list = munged.resources.as_mut().and_then(|resources| resources.requests.as_mut());
        if let (Some(size), Some(list)) = (size, list) {
            list.insert(STORAGE.to_owned(), size);
        }
        if munged.volume_attributes_class_name.is_some() {
            munged.volume_attributes_class_name.clone_from(&kept.volume_attributes_class_name);
        }
    }
    if munged != kept {
        let detail = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        errors.push(FieldError::forbidden(&path, detail));
    }
    let (size, had) = (size_in(requests(&spec)), size_in(requests(&before)));
    let capacity = size_in(old.status.as_ref().and_then(|status| status.capacity.as_ref()));
    if size < had && size <= capacity {
        let path = path.child("resources").child("requests").child(STORAGE);
        errors.push(FieldError::forbidden(&path, "field can not be less than status.capacity"));
    }
    if spec.volume_mode != before.volume_mode {
        let path = FieldPath::new("volumeMode");
        errors.push(FieldError::invalid(&path, spec.volume_mode.text(), FIELD_IMMUTABLE));
    }
    errors.extend(lost_class(&spec, &before, &path.child("volumeAttributesClassName")));
    errors
}

fn lost_class(
    new: &PersistentVolumeClaimSpec,
    old: &PersistentVolumeClaimSpec,
    path: &FieldPath,
) -> Option<FieldError> {
    old.volume_attributes_class_name.as_ref()?;
    let detail = match new.volume_attributes_class_name.as_deref() {
        None => "update from non-nil value to nil is forbidden",
        Some("") if !old.volume_attributes_class_name.text().is_empty() => {
            "update from non-nil value to an empty string is forbidden"
        }
        Some(_) => return None,
    };
    Some(FieldError::forbidden(path, detail))
}

fn size_in(list: Option<&ResourceList>) -> Quantity {
    let size = list.and_then(|list| list.get(STORAGE)).and_then(|amount| Quantity::parse(&amount.0).ok());
    size.unwrap_or(Quantity::ZERO)
}

/// The class in the annotation that was there before the field.
fn class_in(claim: &PersistentVolumeClaim) -> Option<&str> {
    claim.metadata.annotations.as_ref()?.get(CLASS_ANNOTATION).map(String::as_str)
}

const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";
