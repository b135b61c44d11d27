//! Claims of volumes.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1` (`SetDefaults_PersistentVolumeClaim`), `pkg/apis/core/validation`
//! (`ValidatePersistentVolumeClaim`, `ValidatePersistentVolumeClaimUpdate`).

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeClaimStatus};
use crate::names::{is_qualified_name, name_is_dns_subdomain};
use crate::quantity::Quantity;
use crate::validate::Kind;
use crate::validate::fields::{Items, Text, given, invalid, name, supported};
use crate::validate::label_selector::validate_label_selector;
use crate::validate::meta::FIELD_IMMUTABLE;
use crate::validate::resources::{
    ApiQuantity, ResourceList, canonicalize, parse, validate_amount, validate_positive,
};
use crate::validate::warn;

impl Kind for PersistentVolumeClaim {
    const AS_IT_IS: bool = true;

    fn drop_status(&mut self) {
        self.status = None;
    }

    fn status_alone(&self) -> Option<Self> {
        Some(Self { status: self.status.clone(), ..Self::default() })
    }

    fn set_defaults(&mut self) {
        set_claim_defaults(self);
    }

    const JUDGES_STATUS: bool = true;

    fn validate_status_update(&self, _old: &Self) -> Vec<FieldError> {
        self.status.as_ref().map(validate_status).unwrap_or_default()
    }

    fn warnings(&self, _old: Option<&Self>) -> Vec<String> {
        warn::of_claim(self)
    }

    fn validate(&self) -> Vec<FieldError> {
        given(self.spec.as_ref(), |spec| validate_claim_spec(spec, &FieldPath::new("spec")))
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = self.validate();
        errors.extend(validate_change(self, old));
        errors
    }
}

/// Fills a claim, also one in a template of claims.
pub(in super::super) fn set_claim_defaults(claim: &mut PersistentVolumeClaim) {
    let status = claim.status.get_or_insert_default();
    status.phase.fill("Pending");
    canonicalize(&mut status.capacity);
    canonicalize(&mut status.allocated_resources);
    if let Some(spec) = &mut claim.spec {
        set_claim_spec_defaults(spec);
    }
}

/// Fills the spec of a claim.
///
/// Source: `SetDefaults_PersistentVolumeClaimSpec`.
pub(super) fn set_claim_spec_defaults(spec: &mut PersistentVolumeClaimSpec) {
    spec.volume_mode.get_or_insert_with(|| "Filesystem".to_owned());
    if let Some(resources) = &mut spec.resources {
        canonicalize(&mut resources.limits);
        canonicalize(&mut resources.requests);
    }
}

/// What is wrong with the spec of a claim.
///
/// Source: `ValidatePersistentVolumeClaimSpec`.
pub(in super::super) fn validate_claim_spec(
    spec: &PersistentVolumeClaimSpec,
    path: &FieldPath,
) -> Vec<FieldError> {
    let here = path.child("accessModes");
    let modes = spec.access_modes.items();
    let mut errors = Vec::new();
    if modes.is_empty() {
        errors.push(FieldError::required(&here, "at least 1 access mode is required"));
    }
    errors.extend(validate_label_selector(spec.selector.as_ref(), &path.child("selector")));
    errors.extend(validate_access_modes(modes, &here));
    let here = path.child("resources").key(STORAGE);
    match requests(spec).and_then(|requests| requests.get(STORAGE)) {
        None => errors.push(FieldError::required(&here, "")),
        Some(amount) => match validate_positive(amount, &here) {
            Some(error) => errors.push(error),
            None => errors.extend(validate_amount(STORAGE, amount, &here)),
        },
    }
    let class = spec.storage_class_name.text();
    if !class.is_empty() {
        errors.extend(name(class, name_is_dns_subdomain, &path.child("storageClassName")));
    }
    if let Some(mode) = spec.volume_mode.as_deref() {
        errors.extend(supported(mode, VOLUME_MODES, &path.child("volumeMode")));
    }
    let class = spec.volume_attributes_class_name.text();
    if !class.is_empty() {
        errors.extend(name(class, name_is_dns_subdomain, &path.child("volumeAttributesClassName")));
    }
    errors
}

/// What is wrong with how a volume is to be mounted.
pub(super) fn validate_access_modes(modes: &[String], path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> =
        modes.iter().filter_map(|mode| supported(mode, ACCESS_MODES, path)).collect();
    let known = modes.iter().filter(|mode| ACCESS_MODES.contains(&mode.as_str()));
    let (single, others): (Vec<&String>, Vec<&String>) = known.partition(|mode| *mode == SINGLE_POD);
    if !single.is_empty() && !others.is_empty() {
        let detail = "may not use ReadWriteOncePod with other access modes";
        errors.push(FieldError::forbidden(path, detail));
    }
    errors
}

/// Only the volume's name may be filled in, and what is bound may grow.
fn validate_change(new: &PersistentVolumeClaim, old: &PersistentVolumeClaim) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let mut errors = Vec::new();
    let (spec, before) = (new.spec.clone().unwrap_or_default(), old.spec.clone().unwrap_or_default());
    let (mut munged, mut kept) = (spec.clone(), before.clone());
    if before.volume_name.text().is_empty() {
        kept.volume_name.clone_from(&munged.volume_name);
    }
    if before.storage_class_name.is_none() && spec.storage_class_name.is_some() {
        munged.storage_class_name = None;
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

fn requests(spec: &PersistentVolumeClaimSpec) -> Option<&ResourceList> {
    spec.resources.as_ref()?.requests.as_ref()
}

fn size_in(list: Option<&ResourceList>) -> Quantity {
    let size = list.and_then(|list| list.get(STORAGE)).and_then(|amount| Quantity::parse(&amount.0).ok());
    size.unwrap_or(Quantity::ZERO)
}

const STORAGE: &str = "storage";
const SINGLE_POD: &str = "ReadWriteOncePod";
const ACCESS_MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", SINGLE_POD];

/// How a volume is handed to containers.
pub(super) const VOLUME_MODES: &[&str] = &["Block", "Filesystem"];

/// Source: `ValidatePersistentVolumeClaimStatusUpdate`.
fn validate_status(status: &PersistentVolumeClaimStatus) -> Vec<FieldError> {
    let path = FieldPath::new("status");
    let mut errors = Vec::new();
    let capacity = path.child("capacity");
    for (name, amount) in status.capacity.iter().flatten() {
        errors.extend(validate_not_negative(amount, &capacity.key(name)));
    }
    let resizes = path.child("allocatedResourceStatuses");
    for (name, state) in status.allocated_resource_statuses.iter().flatten() {
        errors.extend(validate_resource_key(name, &resizes));
        if !RESIZE_STATES.contains(&state.as_str()) {
            errors.push(FieldError::not_supported(&resizes, name, &RESIZE_STATES));
        }
    }
    let allocated = path.child("allocatedResources");
    for (name, amount) in status.allocated_resources.iter().flatten() {
        errors.extend(validate_resource_key(name, &allocated));
        let path = allocated.key(name);
        match validate_not_negative(amount, &path) {
            Some(error) => errors.push(error),
            None => errors.extend(validate_amount("storage", amount, &path)),
        }
    }
    errors
}

/// Source: `validateBasicResource`.
fn validate_not_negative(amount: &ApiQuantity, path: &FieldPath) -> Option<FieldError> {
    match parse(amount, path) {
        Ok(amount) if amount.sign() < 0 => {
            Some(FieldError::invalid(path, amount.value(), "must be a valid resource quantity"))
        }
        Ok(_) => None,
        Err(error) => Some(error),
    }
}

/// Source: `validatePersistentVolumeClaimResourceKey`.
fn validate_resource_key(name: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = invalid(path, name, is_qualified_name(name)).collect();
    if errors.is_empty() && name != "storage" && (!name.contains('/') || name.contains("kubernetes.io/")) {
        errors.push(FieldError::not_supported(path, name, &["storage"]));
    }
    errors
}

const RESIZE_STATES: [&str; 5] = [
    "ControllerResizeInProgress",
    "ControllerResizeInfeasible",
    "NodeResizeInProgress",
    "NodeResizeInfeasible",
    "NodeResizePending",
];
