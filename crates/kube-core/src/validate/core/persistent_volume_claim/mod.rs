//! Claims of volumes.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1` (`SetDefaults_PersistentVolumeClaim`), `pkg/apis/core/validation`
//! (`ValidatePersistentVolumeClaim`, `ValidatePersistentVolumeClaimUpdate`), `pkg/registry/core/persistentvolumeclaim`.

mod data_source;
#[cfg(test)]
mod tests;
mod update;

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{
    PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeClaimStatus,
    PersistentVolumeClaimTemplate,
};
use crate::kinds::meta::v1::ObjectMeta;
use crate::names::{is_qualified_name, name_is_dns_subdomain};
use crate::validate::Kind;
use crate::validate::fields::{Items, Text, given, invalid, name, supported};
use crate::validate::label_selector::validate_label_selector;
use crate::validate::meta::{validate_annotations, validate_labels};
use crate::validate::resources::{
    ResourceList, canonicalize, validate_amount, validate_basic, validate_positive,
};
use crate::validate::warn;

impl Kind for PersistentVolumeClaim {
    const AS_IT_IS: bool = true;

    fn drop_status(&mut self) {
        self.status = None;
    }

    fn append_status(&self, json: &mut Vec<u8>) -> Result<bool, serde_json::Error> {
        serde_json::to_writer(json, &self.status).map(|()| true)
    }

    fn set_defaults(&mut self) {
        set_claim_defaults(self);
    }

    /// Source: `persistentvolumeclaimStrategy.PrepareForCreate`.
    fn prepare_create(&mut self) {
        if let Some(spec) = &mut self.spec {
            data_source::prepare(spec, None);
        }
    }

    fn prepare_update(&mut self, old: &Self) {
        if let Some(spec) = &mut self.spec {
            data_source::prepare(spec, old.spec.as_ref());
        }
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
        let kept = old.spec.as_ref().is_some_and(data_source::has_group);
        let mut errors =
            given(self.spec.as_ref(), |spec| judge_claim_spec(spec, kept, &FieldPath::new("spec")));
        errors.extend(update::validate_change(self, old));
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

/// What is wrong with a template of claims: of metadata there are labels and annotations.
///
/// Source: `ValidatePersistentVolumeClaimTemplate`.
pub(super) fn validate_claim_template(
    template: &PersistentVolumeClaimTemplate,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(meta) = &template.metadata {
        errors.extend(validate_template_metadata(meta, &path.child("metadata")));
    }
    errors.extend(validate_claim_spec(&template.spec, &path.child("spec")));
    errors
}

/// Source: `ValidateTemplateObjectMeta`.
fn validate_template_metadata(meta: &ObjectMeta, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(annotations) = &meta.annotations {
        errors.extend(validate_annotations(annotations, &path.child("annotations")));
    }
    if let Some(labels) = &meta.labels {
        errors.extend(validate_labels(labels, &path.child("labels")));
    }
    let fields = [
        ("name", !meta.name.text().is_empty()),
        ("generateName", !meta.generate_name.text().is_empty()),
        ("namespace", !meta.namespace.text().is_empty()),
        ("selfLink", !meta.self_link.text().is_empty()),
        ("uID", !meta.uid.text().is_empty()),
        ("resourceVersion", !meta.resource_version.text().is_empty()),
        ("generation", meta.generation.unwrap_or_default() != 0),
        ("creationTimestamp", meta.creation_timestamp.is_some()),
        ("deletionTimestamp", meta.deletion_timestamp.is_some()),
        ("deletionGracePeriodSeconds", meta.deletion_grace_period_seconds.is_some()),
        ("ownerReferences", meta.owner_references.is_some()),
        ("finalizers", meta.finalizers.is_some()),
        ("managedFields", meta.managed_fields.is_some()),
    ];
    let set = fields.into_iter().filter(|(_, set)| *set);
    errors.extend(set.map(|(field, _)| FieldError::forbidden(&path.child(field), "cannot be set")));
    errors
}

/// What is wrong with the spec of a claim.
///
/// Source: `ValidatePersistentVolumeClaimSpec`.
pub(in super::super) fn validate_claim_spec(
    spec: &PersistentVolumeClaimSpec,
    path: &FieldPath,
) -> Vec<FieldError> {
    judge_claim_spec(spec, false, path)
}

/// As [`validate_claim_spec`]; `kept` lets pass the groups of sources, because the stored claim names one.
fn judge_claim_spec(spec: &PersistentVolumeClaimSpec, kept: bool, path: &FieldPath) -> Vec<FieldError> {
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
    errors.extend(data_source::validate(spec, kept, path));
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

fn requests(spec: &PersistentVolumeClaimSpec) -> Option<&ResourceList> {
    spec.resources.as_ref()?.requests.as_ref()
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
        errors.extend(validate_basic(amount, &capacity.key(name)));
    }
    // The missing letters are Kubernetes'.
    let resizes = path.child("allocatedResourceStatus");
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
        match validate_basic(amount, &path) {
            Some(error) => errors.push(error),
            None => errors.extend(validate_amount("storage", amount, &path)),
        }
    }
    errors
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
