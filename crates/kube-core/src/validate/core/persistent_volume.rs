//! Volumes of the cluster.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1` (`SetDefaults_PersistentVolume`), `pkg/apis/core/validation`
//! (`ValidatePersistentVolume`, `ValidatePersistentVolumeUpdate`).

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::core::v1::{PersistentVolume, PersistentVolumeSpec};
use crate::names::name_is_dns_subdomain;
use crate::validate::Kind;
use crate::validate::fields::{Items, Text, given, name, required, supported};
use crate::validate::meta::FIELD_IMMUTABLE;
use crate::validate::resources::{canonicalize, validate_amount, validate_positive, validate_resource_name};
use crate::validate::warn;

use super::container::validate_no_backsteps;
use super::persistent_volume_claim::{VOLUME_MODES, validate_access_modes};
use super::pod::validate_node_selector;

impl Kind for PersistentVolume {
    fn set_defaults(&mut self) {
        self.status.get_or_insert_default().phase.fill("Pending");
        let spec = self.spec.get_or_insert_default();
        spec.persistent_volume_reclaim_policy.fill("Retain");
        spec.volume_mode.get_or_insert_with(|| "Filesystem".to_owned());
        canonicalize(&mut spec.capacity);
        if let Some(host) = &mut spec.host_path {
            host.type_.get_or_insert_default();
        }
    }

    fn warnings(&self, _old: Option<&Self>) -> Vec<String> {
        warn::of_volume(self)
    }

    fn validate(&self) -> Vec<FieldError> {
        given(self.spec.as_ref(), |spec| validate_volume_spec(spec, &FieldPath::new("spec")))
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = self.validate();
        errors.extend(given(self.spec.as_ref(), |new| given(old.spec.as_ref(), |old| changed(new, old))));
        errors
    }
}

fn changed(new: &PersistentVolumeSpec, old: &PersistentVolumeSpec) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if source_of(new) != source_of(old) {
        let path = FieldPath::new("spec").child("persistentvolumesource");
        let detail = "spec.persistentvolumesource is immutable after creation";
        errors.push(FieldError::forbidden(&path, detail));
    }
    if new.volume_mode != old.volume_mode {
        let path = FieldPath::new("volumeMode");
        errors.push(FieldError::invalid(&path, new.volume_mode.text(), FIELD_IMMUTABLE));
    }
    if old.node_affinity.is_some() && new.node_affinity != old.node_affinity {
        let path = FieldPath::new("nodeAffinity");
        errors.push(FieldError::invalid(&path, ShownAsJson(&new.node_affinity), FIELD_IMMUTABLE));
    }
    errors
}

fn validate_volume_spec(spec: &PersistentVolumeSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let here = path.child("accessModes");
    if spec.access_modes.items().is_empty() {
        errors.push(FieldError::required(&here, ""));
    }
    errors.extend(validate_access_modes(spec.access_modes.items(), &here));
    let here = path.child("capacity");
    let capacity = spec.capacity.clone().unwrap_or_default();
    if capacity.is_empty() {
        errors.push(FieldError::required(&here, ""));
    }
    if !capacity.contains_key("storage") || capacity.len() > 1 {
        errors.push(FieldError::not_supported(&here, ShownAsJson(&capacity), &["storage"]));
    }
    for (resource, amount) in &capacity {
        errors.extend(validate_resource_name(resource, &here.key(resource)));
        errors.extend(validate_positive(amount, &here.key(resource)));
        errors.extend(validate_amount(resource, amount, &here.key(resource)));
    }
    let policy = spec.persistent_volume_reclaim_policy.text();
    let here = path.child("persistentVolumeReclaimPolicy");
    if !policy.is_empty() {
        errors.extend(supported(policy, &["Delete", "Recycle", "Retain"], &here));
    }
    errors.extend(validate_source(spec, path));
    if let Some(affinity) = &spec.node_affinity {
        let path = path.child("nodeAffinity").child("required");
        match &affinity.required {
            Some(selector) => errors.extend(validate_node_selector(selector, &path)),
            None => errors.push(FieldError::required(&path, "must specify required node constraints")),
        }
    }
    let class = spec.storage_class_name.text();
    if !class.is_empty() {
        errors.extend(name(class, name_is_dns_subdomain, &path.child("storageClassName")));
    }
    if let Some(mode) = spec.volume_mode.as_deref() {
        errors.extend(supported(mode, VOLUME_MODES, &path.child("volumeMode")));
    }
    errors
}

fn validate_source(spec: &PersistentVolumeSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let sources = source_of(spec);
    let fields = sources.as_object().map(|fields| fields.keys()).into_iter().flatten();
    let fields: Vec<&String> = fields.collect();
    if fields.is_empty() {
        errors.push(FieldError::required(path, "must specify a volume type"));
    }
    for field in fields.into_iter().skip(1) {
        errors.push(FieldError::forbidden(&path.child(field), "may not specify more than 1 volume type"));
    }
    if let Some(host) = &spec.host_path {
        let path = path.child("hostPath");
        errors.extend(required(&host.path, &path, "path"));
        errors.extend(validate_no_backsteps(&host.path, &path.child("path")));
        if host.path == "/" && spec.persistent_volume_reclaim_policy.text() == "Recycle" {
            let detail = "may not be 'recycle' for a hostPath mount of '/'";
            errors.push(FieldError::forbidden(&path.child("persistentVolumeReclaimPolicy"), detail));
        }
    }
    if let Some(local) = &spec.local {
        let path = path.child("local");
        errors.extend(required(&local.path, &path, "path"));
        errors.extend(validate_no_backsteps(&local.path, &path.child("path")));
        if spec.node_affinity.is_none() {
            let detail = "Local volume requires node affinity";
            errors.push(FieldError::required(&path.child("nodeAffinity"), detail));
        }
    }
    errors
}

/// What the volume is made of: every field that is not about the volume as such.
fn source_of(spec: &PersistentVolumeSpec) -> serde_json::Value {
    let bare = PersistentVolumeSpec {
        access_modes: None,
        capacity: None,
        claim_ref: None,
        mount_options: None,
        node_affinity: None,
        persistent_volume_reclaim_policy: None,
        storage_class_name: None,
        volume_attributes_class_name: None,
        volume_mode: None,
        ..spec.clone()
    };
    serde_json::to_value(bare).unwrap_or_default()
}
